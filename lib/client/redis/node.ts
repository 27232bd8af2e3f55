import type { Clock } from '../clock.js';
import { RedisFailure } from '../stores/redis-transport.js';
import { Backoff } from './backoff.js';
import type { Credentials, CredentialsSource } from './credentials.js';
import { RedisLink, type RedisServer } from './link.js';
import type { StandstillWatch } from './standstill.js';
import { within } from './within.js';

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

/** The longest that credentials may take, in milliseconds: it is for all that wait for them, none of whom waits as long. */
const CREDENTIALS_TIMEOUT = 10_000;

/** How often a server in use is asked whether it is still the primary, in milliseconds. */
const PROOF_EVERY = 1000;

/** A server, and the way to it: one connection, made when it is needed and as often as it ends. */
export class RedisNode {
  #held: Held | undefined;
  #making: Promise<RedisLink> | undefined;
  readonly #backoff = new Backoff();
  #failure: RedisFailure | undefined;
  #provedAt = 0;
  #left = false;

  constructor(
    readonly server: RedisServer,
    private readonly context: RedisNodeContext,
  ) {}

  /** The connection, if a command can be sent at once. */
  get link(): RedisLink | undefined {
    const { watch, clock } = this.context;
    const held = this.#held;
    if (!held?.link.open || held.standstills !== watch.count || clock() >= held.authenticateAt) {
      return undefined;
    }
    this.#prove(held.link);
    return held.link;
  }

  /** Why there is none, as far as is known. */
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

  /** Lets a connection go that an answer shows to lead to the wrong place, or to count for nothing. */
  discard(link: RedisLink): void {
    if (link === this.#held?.link) {
      this.release();
      this.#backoff.failed();
    }
  }

  /** Lets the connection go, if there is one. */
  release(): void {
    this.#held?.link.retire();
    this.#held = undefined;
  }

  /** Lets the connection go for good, also one that is just being made: nobody will ask this node any more. */
  leave(): void {
    this.#left = true;
    this.release();
  }

  async #make(): Promise<RedisLink> {
    this.#held = this.#held && (await this.#revived(this.#held));
    if (this.#held === undefined) {
      await this.#backoff.wait();
      try {
        this.#held = await this.#open();
        this.#backoff.succeeded();
        this.#failure = undefined;
      } catch (error) {
        this.#backoff.failed();
        this.#failure = error instanceof RedisFailure ? error : undefined;
        throw error;
      }
    }
    this.#provedAt = performance.now();
    if (this.#left) {
      // Those who waited for it send what they have, and nobody comes after them.
      setImmediate(() => this.release());
    }
    return this.#held.link;
  }

  /**
   * Sees to it that a server which is no primary any more is not asked for long: it would go on answering who only reads. The
   * question travels with a command, ahead of it. In a cluster a node says by itself what it does not have.
   */
  #prove(link: RedisLink): void {
    const now = performance.now();
    if (this.server.cluster || now - this.#provedAt < PROOF_EVERY) {
      return;
    }
    this.#provedAt = now;
    link.serves().then((serves) => {
      if (!serves) {
        this.discard(link);
      }
    }, ignore);
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
    const { clock } = this.context;
    const { link, validUntil } = held;
    try {
      const current = await this.#current();
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
    const current = await this.#current();
    try {
      return this.#hold(await RedisLink.open(this.server, current), standstills, current);
    } catch (error) {
      const refused = error instanceof RedisFailure && error.outcome === 'refused';
      if (!refused || !(await credentials.refused(current))) {
        throw error;
      }
    }
    const others = await this.#current();
    return this.#hold(await RedisLink.open(this.server, others), standstills, others);
  }

  #hold(link: RedisLink, standstills: number, credentials: Credentials | undefined): Held {
    const now = this.context.clock();
    const validFor = credentials?.validFor ?? Number.POSITIVE_INFINITY;
    return { link, standstills, authenticateAt: now + validFor * RENEW_AFTER, validUntil: now + validFor };
  }

  async #current(): Promise<Credentials | undefined> {
    const before = this.#failure;
    const reading = new RedisFailure('unsent', 'the credentials for the cache are still being read');
    this.#failure = reading;
    try {
      return await within(CREDENTIALS_TIMEOUT, this.context.credentials.current(), () => reading);
    } finally {
      this.#failure = before;
    }
  }
}

function ignore(): void {}
