import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../clock.js';
import { RedisFailure } from '../stores/redis-transport.js';
import type { Credentials, CredentialsSource } from './credentials.js';
import { RedisLink, type RedisServer } from './link.js';
import type { StandstillWatch } from './standstill.js';

/** What the nodes of a store have in common. */
export interface RedisNodeContext {
  readonly credentials: CredentialsSource;
  readonly watch: StandstillWatch;
  readonly clock: Clock;
}

/** A connection, and what must be true of it for a command to be sent. */
interface Held {
  readonly link: RedisLink;
  /** How often the process had stood still when it was last seen alive. */
  readonly standstills: number;
  /** When it is to be authenticated again. */
  readonly authenticateAt: number;
  /** When the server ends it if it is not. */
  readonly validUntil: number;
}

/** The part of the time for which a connection is authenticated after which it is so again: 11 of 12 hours. */
const RENEW_AFTER = 11 / 12;

/** How long it goes on as it is when there are no credentials to authenticate it with, in milliseconds. */
const RENEWAL_PAUSE = 60_000;

/** How long the second attempt to connect waits, and the longest that any does, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/** A server, and the way to it: one connection, made when it is needed and as often as it ends. */
export class RedisNode {
  #held: Held | undefined;
  #making: Promise<RedisLink> | undefined;
  #failures = 0;
  #failedAt = 0;
  #failure: RedisFailure | undefined;

  constructor(
    readonly server: RedisServer,
    private readonly context: RedisNodeContext,
  ) {}

  /** The connection, if a command can be sent at once. */
  get link(): RedisLink | undefined {
    const { watch, clock } = this.context;
    const held = this.#held;
    return held?.link.open && held.standstills === watch.count && clock() < held.authenticateAt ? held.link : undefined;
  }

  /** Why there is none, if the last attempt to connect failed. */
  get failure(): RedisFailure | undefined {
    return this.#failure;
  }

  /** The connection: one that is there is first seen to be alive, another is made if it is not. All who wait, wait for the same. */
  connect(): Promise<RedisLink> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  /** Lets a connection go that the server's answer shows to lead to the wrong place, or to count for nothing. */
  discard(): void {
    this.#held?.link.retire();
    this.#held = undefined;
  }

  async #make(): Promise<RedisLink> {
    this.#held = this.#held && (await this.#revived(this.#held));
    if (this.#held === undefined) {
      await this.#pause();
      try {
        this.#held = await this.#open();
        this.#failures = 0;
        this.#failure = undefined;
      } catch (error) {
        this.#failures++;
        this.#failedAt = performance.now();
        this.#failure = error instanceof RedisFailure ? error : undefined;
        throw error;
      }
    }
    return this.#held.link;
  }

  /** The same connection, if it is of use again. */
  async #revived(held: Held): Promise<Held | undefined> {
    const { watch, clock } = this.context;
    const standstills = watch.count;
    if (!held.link.open) {
      return undefined;
    }
    if (clock() >= held.authenticateAt) {
      return this.#renewed(held, standstills);
    }
    return (await held.link.isAlive()) ? { ...held, standstills } : undefined;
  }

  async #renewed(held: Held, standstills: number): Promise<Held | undefined> {
    const { credentials, clock } = this.context;
    const { link, validUntil } = held;
    try {
      const current = await credentials.current();
      if (current !== undefined && (await link.authenticate(current))) {
        return this.#hold(link, standstills, current);
      }
      link.destroy();
      return undefined;
    } catch (error) {
      // There are none to be had. The server bears with the connection for a while yet.
      if (clock() + RENEWAL_PAUSE > validUntil) {
        throw error;
      }
      const authenticateAt = clock() + RENEWAL_PAUSE;
      return (await link.isAlive()) ? { link, standstills, authenticateAt, validUntil } : undefined;
    }
  }

  async #open(): Promise<Held> {
    const { credentials, watch } = this.context;
    const standstills = watch.count;
    const current = await credentials.current();
    try {
      return this.#hold(await RedisLink.open(this.server, current), standstills, current);
    } catch (error) {
      const refused = error instanceof RedisFailure && error.outcome === 'refused';
      if (!refused || !(await credentials.refused(current))) {
        throw error;
      }
    }
    const others = await credentials.current();
    return this.#hold(await RedisLink.open(this.server, others), standstills, others);
  }

  #hold(link: RedisLink, standstills: number, credentials: Credentials | undefined): Held {
    const now = this.context.clock();
    const validFor = credentials?.validFor ?? Number.POSITIVE_INFINITY;
    return { link, standstills, authenticateAt: now + validFor * RENEW_AFTER, validUntil: now + validFor };
  }

  /** Waits longer with each failure, and not as long as others do: all clients lose their connections at the same time. */
  async #pause(): Promise<void> {
    if (this.#failures > 0) {
      const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
      const since = performance.now() - this.#failedAt;
      await delay(Math.max(0, longest * (0.5 + Math.random() / 2) - since), undefined, { ref: false });
    }
  }
}
