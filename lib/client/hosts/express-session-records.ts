import { CallBudget } from '../call-budget.js';
import type { Clock } from '../clock.js';
import type { EngineOptions } from '../engine.js';
import { SessionError } from '../errors.js';
import { HookCaller } from '../hooks.js';
import { KeyCache } from '../keys/key-cache.js';
import { RecordVault } from '../keys/record-vault.js';
import type { CallOptions, EpochMilliseconds, SessionKey, SessionStore, Version } from '../stores/store.js';
import { nextVersion } from '../version.js';
import {
  cookieText,
  decodeSession,
  encodeSession,
  type StoredCookie,
  type StoredExpressSession,
} from './express-session-value.js';

/** What is known of a session that was read or saved: what a later save builds on. */
export interface KnownSession {
  readonly version: Version;
  readonly expiresAt: EpochMilliseconds;
  /** Its cookie, but for when that expires. */
  readonly cookie: string;
}

/** A session that was read. */
export interface FoundSession extends KnownSession {
  readonly session: StoredExpressSession;
}

/** How often a save is tried when others save the same session at the same time. */
const MOST_ATTEMPTS = 20;

const CHANGED = 'changed';

/** The longest that one call of express-session may take, in milliseconds, however often it asks the store. */
const TOTAL_TIMEOUT = 10_000;

/** These sessions have no end but the one that their cookie says: the last moment that every store can keep. */
const NO_DEADLINE = 2 ** 48 - 1;

/** Keeps sessions of express-session behind the port of stores: what it says last stands, and an end stands for good. */
export class ExpressSessionRecords {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #callTimeout: number;
  readonly #vault: RecordVault | undefined;

  constructor(
    { store, clock, callTimeout, keys }: Omit<EngineOptions<object>, 'hooks'>,
    private readonly ttl: number,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#callTimeout = callTimeout;
    this.#vault =
      keys &&
      new RecordVault(new KeyCache(keys.read, clock, new HookCaller()), clock, {
        encrypts: keys.encryptsData,
        acceptsUnprotected: keys.acceptsUnprotected,
      });
  }

  async find(key: SessionKey, budget = this.#budget()): Promise<FoundSession | undefined> {
    const stored = await budget.call('read', (options) => this.#store.read(key, options));
    if (stored === undefined) {
      return undefined;
    }
    const { value, version, expiresAt } = stored;
    const session = decodeSession(this.#vault === undefined ? value : await this.#vault.open(value, key, budget));
    const { cookie } = session;
    if (cookie.expires) {
      // A touch moved the end, and left what is stored of the cookie as it was.
      session.cookie = { ...cookie, expires: new Date(expiresAt).toISOString() };
    }
    return { session, version, expiresAt, cookie: cookieText(cookie) };
  }

  /**
   * Saves a session, whatever others saved meanwhile. One that is known is not brought back if it has ended since.
   *
   * @param text the session as JSON
   * @param cookie the cookie in it
   * @returns what is known of it from now on; `undefined` if it has ended
   */
  async save(
    key: SessionKey,
    { text, cookie }: { readonly text: string; readonly cookie: StoredCookie },
    known: KnownSession | undefined,
  ): Promise<KnownSession | undefined> {
    const budget = this.#budget();
    const expiresAt = this.#endOf(cookie);
    if (expiresAt <= this.#clock()) {
      await this.destroy(key, budget);
      return undefined;
    }
    let expected = known?.version;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const outcome = await this.#write(key, text, expected, budget, { expiresAt, cookie: cookieText(cookie) });
      if (typeof outcome === 'object') {
        return outcome;
      }
      if (outcome === undefined && expected !== undefined) {
        return undefined;
      }
      expected = outcome;
    }
    throw contended();
  }

  /**
   * Saves the cookie of a session, and nothing else of it: what another request saved meanwhile stays.
   *
   * @returns what is known of it from now on; `undefined` if it has ended
   */
  async touch(
    key: SessionKey,
    stored: StoredCookie,
    known: KnownSession | undefined,
  ): Promise<KnownSession | undefined> {
    const budget = this.#budget();
    const expiresAt = this.#endOf(stored);
    if (expiresAt <= this.#clock()) {
      await this.destroy(key, budget);
      return undefined;
    }
    const cookie = cookieText(stored);
    const isLater = (at: KnownSession) => at.cookie === cookie && at.expiresAt <= expiresAt;
    const moved = known && isLater(known) ? await this.#move(key, { ...known, expiresAt }, budget) : CHANGED;
    if (moved !== CHANGED) {
      return moved;
    }
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const found = await this.find(key, budget);
      if (found === undefined) {
        return undefined;
      }
      const { session, version } = found;
      const text = JSON.stringify({ ...session, cookie: stored });
      const outcome = isLater(found)
        ? await this.#move(key, { version, expiresAt, cookie }, budget)
        : await this.#write(key, text, version, budget, { expiresAt, cookie });
      if (typeof outcome !== 'string') {
        return outcome;
      }
    }
    throw contended();
  }

  async destroy(key: SessionKey, budget = this.#budget()): Promise<void> {
    await budget.call('destroy', (options) => this.#store.destroy(key, options));
  }

  /**
   * The keys that begin with these bytes, as many at a time as the store finds in one step.
   *
   * @throws SessionError ERR_SESSION_CONFIG if the store does not list its sessions
   */
  async *keys(prefix: Uint8Array): AsyncGenerator<readonly SessionKey[]> {
    if (this.#store.keys === undefined) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        'all, length and clear need a store that lists its sessions, received one without: give its class the method keys, or take another store',
      );
    }
    const keys = this.#store.keys(prefix)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await this.#budget().call('listing', () => keys.next());
      if (done) {
        return;
      }
      yield value;
    }
  }

  /** Moves the end of a session on. Gives what is known of it then, that it has changed, or `undefined` if it has ended. */
  async #move(
    key: SessionKey,
    next: KnownSession,
    budget: CallBudget,
  ): Promise<KnownSession | typeof CHANGED | undefined> {
    const { version, expiresAt } = next;
    const result = await budget.call('touch', (options) => this.#store.touch(key, expiresAt, version, options));
    return result === 'ok' ? next : result === CHANGED ? CHANGED : undefined;
  }

  /** Gives what is known of it then, the version that is there instead, or `undefined` if nothing is. */
  async #write(
    key: SessionKey,
    text: string,
    expected: Version | undefined,
    budget: CallBudget,
    said: Omit<KnownSession, 'version'>,
  ): Promise<KnownSession | Version | undefined> {
    const version = nextVersion(expected);
    const value = await this.#encode(key, text, budget);
    const stored = { value, version, expiresAt: said.expiresAt, deadline: NO_DEADLINE };
    const write = (options: CallOptions) => this.#store.write(key, stored, expected ?? 'absent', options);
    const result = await budget.call('write', write);
    // A reply that was lost on the way has the second try find the first one's.
    return result.written || result.current?.version === version ? { version, ...said } : result.current?.version;
  }

  async #encode(key: SessionKey, text: string, budget: CallBudget): Promise<Uint8Array> {
    const { capacity = Number.POSITIVE_INFINITY, compressAbove } = this.#store;
    const plain = encodeSession(text, compressAbove);
    const value = this.#vault === undefined ? plain : await this.#vault.close(plain, key, budget);
    if (value.length > capacity) {
      throw new SessionError(
        'ERR_SESSION_TOO_LARGE',
        `the session takes ${value.length} bytes, and the store keeps up to ${capacity}: keep what is large elsewhere and its key in the session`,
      );
    }
    return value;
  }

  /** When a session ends: with its cookie, or a while after it was last used if that has no end. */
  #endOf({ expires: text }: StoredCookie): EpochMilliseconds {
    // What is no date is for express-session to complain of.
    const expires = text ? new Date(text).getTime() : Number.NaN;
    return Math.min(Number.isNaN(expires) ? this.#clock() + this.ttl : expires, NO_DEADLINE);
  }

  #budget(): CallBudget {
    return new CallBudget(this.#callTimeout, TOTAL_TIMEOUT);
  }
}

function contended(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    `others saved the session first, ${MOST_ATTEMPTS} times in a row: is it the session of many visitors?`,
  );
}
