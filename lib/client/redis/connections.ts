import { setTimeout as delay } from 'node:timers/promises';
import {
  type RedisCommand,
  type RedisCommander,
  RedisFailure,
  type RedisTransport,
} from '../stores/redis-transport.js';
import type { CallOptions } from '../stores/terms.js';
import type { RedisLink } from './link.js';
import type { RedisNode } from './node.js';
import type { Origin, Topology } from './topology.js';
import { within } from './within.js';

/**
 * For how long a command that was not carried out is tried again, in milliseconds: less than a call may take, so that
 * whoever waits is told why.
 */
const PATIENCE = 1500;

/** The longest pause between two attempts, in milliseconds. */
const LONGEST_PAUSE = 100;

/** How often a command is redirected before there is a pause: nodes may disagree for a while. */
const REDIRECTIONS = 5;

/** The most commands that wait for a connection at the same time. */
const MOST_WAITING = 5000;

/** What a server answers with that will do, or another one will, in a moment. It has done nothing. */
const FOR_NOW: ReadonlySet<string> = new Set([
  'MOVED',
  'ASK',
  'TRYAGAIN',
  'CLUSTERDOWN',
  'MASTERDOWN',
  'LOADING',
  'BUSY',
  'READONLY',
  'NOREPLICAS',
  'NOAUTH',
]);

/** A command that failed on the connection that was there. */
interface Refused extends Origin {
  readonly failure: RedisFailure;
}

/**
 * Sends commands over connections of our own. One that was not carried out, since there was no connection or the server
 * said so, is sent again for a while; one that may have been is not: its caller knows whether that does harm.
 */
export class RedisConnections implements RedisTransport {
  #waiting = 0;

  constructor(private readonly topology: Topology) {}

  send(key: string, command: RedisCommand, options?: CallOptions): Promise<unknown> {
    const node = this.topology.nodeOf(key);
    const link = node?.link;
    return link === undefined
      ? this.#persist(key, command, options)
      : link
          .send(command)
          .catch((failure: RedisFailure) => this.#persist(key, command, options, { failure, node, link }));
  }

  async servers(): Promise<readonly RedisCommander[]> {
    const nodes = await this.topology.findNodes();
    return nodes.map((node) => ({
      send: async (command) =>
        (node.link ?? (await within(PATIENCE, node.connect(), () => node.failure))).send(command),
    }));
  }

  async #persist(
    key: string,
    command: RedisCommand,
    options: CallOptions | undefined,
    first?: Refused,
  ): Promise<unknown> {
    if (this.#waiting >= MOST_WAITING) {
      throw first?.failure ?? new RedisFailure('unsent', `${MOST_WAITING} commands wait for a connection already`);
    }
    this.#waiting++;
    try {
      return await this.#repeat(key, command, options, first);
    } finally {
      this.#waiting--;
    }
  }

  async #repeat(
    key: string,
    command: RedisCommand,
    options: CallOptions | undefined,
    first: Refused | undefined,
  ): Promise<unknown> {
    const end = performance.now() + PATIENCE;
    let instead = first && this.#heed(first.failure, first);
    let last = first?.failure;
    for (let attempt = 1; ; attempt++) {
      let node: RedisNode | undefined;
      let link: RedisLink | undefined;
      try {
        const left = () => Math.max(1, end - performance.now());
        node = instead ?? this.topology.nodeOf(key) ?? (await within(left(), this.topology.findNode(key), () => last));
        link = node.link ?? (await within(left(), node.connect(), () => last ?? node?.failure));
        if (options?.signal?.aborted) {
          throw new RedisFailure('unsent', 'given up by its caller');
        }
        return await (instead === undefined ? link.send(command) : link.sendAsking(command));
      } catch (error) {
        if (!(error instanceof RedisFailure)) {
          // There are no credentials: nothing of the server's.
          throw error;
        }
        last = error;
        instead = this.#heed(error, { node, link });
        if (performance.now() >= end || options?.signal?.aborted) {
          throw error;
        }
        if (attempt > REDIRECTIONS || !(error.word === 'MOVED' || error.word === 'ASK')) {
          await delay(Math.min(LONGEST_PAUSE, 5 * 2 ** attempt) * Math.random(), undefined, { ref: false });
        }
      }
    }
  }

  /** Learns from a failure. @throws RedisFailure the same, if the command may have been carried out or never will be */
  #heed(failure: RedisFailure, origin: Origin): RedisNode | undefined {
    const willDo = failure.outcome === 'unsent' || FOR_NOW.has(failure.word);
    const instead = willDo || failure.outcome === 'lost' ? this.topology.learn(failure, origin) : undefined;
    if (!willDo) {
      throw failure;
    }
    return instead;
  }
}
