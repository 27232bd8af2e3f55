import { type SessionData, Store } from 'express-session';
import type { Clock } from '../clock.js';
import { configure } from '../configuration.js';
import { SessionError } from '../errors.js';
import type { RedisClient } from '../stores/redis-transport.js';
import type { SessionKey, SessionStore } from '../stores/store.js';
import { ExpressSessionKeys } from './express-session-key.js';
import { ExpressSessionRecords, type FoundSession, type KnownSession } from './express-session-records.js';
import { storedCookieOf } from './express-session-value.js';
import { rethrow } from './rethrow.js';

/** What a store of express-session is made with. */
export interface ExpressStoreOptions {
  /**
   * How long a session is kept whose cookie does not say when it expires, since it was last used, in milliseconds.
   * @default 86400000 - a day
   */
  readonly ttl?: number;
  /**
   * Tells the sessions of several applications in one store apart.
   * @default ''
   */
  readonly namespace?: string;
  /**
   * The longest that one call to the store may take, in milliseconds, from 1 to 60000.
   * @default 2000
   */
  readonly callTimeout?: number;
  /**
   * The environment variable that an attach method wrote, where no store is given.
   * @default 'CDK_SESSIONS'
   */
  readonly env?: string;
  /**
   * A client of `ioredis` or `iovalkey` that the application has anyway, where the environment names a cache.
   * @default - connections of the library's own
   */
  readonly redis?: RedisClient;
  /**
   * Tells the time, for tests.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/** What express-session calls with what came of a call. */
export type ExpressStoreCallback<Result> = (error: unknown, result?: Result) => void;

/** How many sessions are read or ended at the same time when it is about all of them. */
const AT_ONCE = 32;

const A_DAY = 86_400_000;

/**
 * Makes a store for `express-session`: in place of `connect-redis`, `connect-dynamodb` and their like.
 *
 * @param store where sessions are kept; unless given, what the stack configured
 * @throws SessionError ERR_SESSION_CONFIG if an option cannot be used
 * @example
 * app.use(session({ store: expressStore(), secret, resave: false, saveUninitialized: false }));
 */
export function expressStore(store?: SessionStore, options: ExpressStoreOptions = {}): ExpressStore {
  return new ExpressStore(store, options);
}

/**
 * A store of `express-session` on any store of ours. Each method answers by a callback, once and never before it returns,
 * or without one by a promise; nothing is thrown otherwise.
 *
 * What is saved last stands, as express-session has it. But a session that this store gave out, and that was destroyed or has
 * expired since, stays so: a late save or touch of it is no error, and does nothing. Fails with a SessionError, of the codes that
 * `createSessions` has.
 */
export class ExpressStore extends Store {
  readonly #keys: ExpressSessionKeys;
  readonly #open: () => Promise<ExpressSessionRecords>;
  /** What is known of the sessions that were given out and saved. */
  readonly #known = new WeakMap<object, KnownSession>();

  constructor(store: SessionStore | undefined, options: ExpressStoreOptions) {
    super();
    const { ttl = A_DAY, namespace = '', ...others } = options;
    if (!(ttl >= 1 && Number.isFinite(ttl))) {
      throw new SessionError('ERR_SESSION_CONFIG', `ttl must be at least 1 millisecond, received ${ttl}`);
    }
    this.#keys = new ExpressSessionKeys(namespace);
    this.#open = once(async () => new ExpressSessionRecords(await configure(withStore(store, others)), ttl));
  }

  /** The session with an id; `null` if there is none. Its `cookie.expires` is text, as express-session expects it. */
  get(sid: string): Promise<SessionData | null>;
  get(sid: string, callback: ExpressStoreCallback<SessionData | null>): void;
  get(sid: string, callback?: ExpressStoreCallback<SessionData | null>): unknown {
    return answered(callback, async () => {
      const found = await (await this.#open()).find(this.#keys.of(sid));
      return found === undefined ? null : this.#remember(asSession(found), found);
    });
  }

  /** Saves a session. One whose cookie has expired is destroyed. */
  set(sid: string, session: SessionData): Promise<void>;
  set(sid: string, session: SessionData, callback?: ExpressStoreCallback<void>): void;
  set(sid: string, session: SessionData, callback?: ExpressStoreCallback<void>): unknown {
    return answered(callback, async () => {
      // As it is now: the application may change it while the store is waited for.
      const now = { text: JSON.stringify(session), cookie: storedCookieOf(session) };
      const records = await this.#open();
      this.#remember(session, await records.save(this.#keys.of(sid), now, this.#known.get(session)));
    });
  }

  /** Saves the cookie of a session: when it expires, and what else of it has changed. Its data stays as it is stored. */
  override touch(sid: string, session: SessionData): Promise<void>;
  override touch(sid: string, session: SessionData, callback?: ExpressStoreCallback<void>): void;
  override touch(sid: string, session: SessionData, callback?: ExpressStoreCallback<void>): unknown {
    return answered(callback, async () => {
      const cookie = storedCookieOf(session);
      const records = await this.#open();
      this.#remember(session, await records.touch(this.#keys.of(sid), cookie, this.#known.get(session)));
    });
  }

  /** Ends a session. That there is none is no error. */
  destroy(sid: string): Promise<void>;
  destroy(sid: string, callback?: ExpressStoreCallback<void>): void;
  destroy(sid: string, callback?: ExpressStoreCallback<void>): unknown {
    return answered(callback, async () => (await this.#open()).destroy(this.#keys.of(sid)));
  }

  /** All sessions, without their ids, which are nowhere at rest. Looks at everything in the store, as the next two do. */
  override all(): Promise<SessionData[]>;
  override all(callback: ExpressStoreCallback<SessionData[]>): void;
  override all(callback?: ExpressStoreCallback<SessionData[]>): unknown {
    return answered(callback, async () => {
      const sessions: SessionData[] = [];
      await this.#each(async (key, records) => {
        const found = await records.find(key);
        sessions.push(...(found === undefined ? [] : [asSession(found)]));
      });
      return sessions;
    });
  }

  /** How many sessions there are. */
  override length(): Promise<number>;
  override length(callback: ExpressStoreCallback<number>): void;
  override length(callback?: ExpressStoreCallback<number>): unknown {
    return answered(callback, async () => {
      let count = 0;
      await this.#each(async () => {
        count++;
      });
      return count;
    });
  }

  /** Ends all sessions, those of this store alone. */
  override clear(): Promise<void>;
  override clear(callback?: ExpressStoreCallback<void>): void;
  override clear(callback?: ExpressStoreCallback<void>): unknown {
    return answered(callback, () => this.#each((key, records) => records.destroy(key)));
  }

  /** What express-session makes of what `get` gave it, and saves later. */
  override createSession(...made: Parameters<Store['createSession']>): ReturnType<Store['createSession']> {
    const [, found] = made;
    return this.#remember(super.createSession(...made), this.#known.get(found));
  }

  /** Nothing new is learned of one that has ended: what was known goes on keeping it so. */
  #remember<S extends object>(session: S, known: KnownSession | undefined): S {
    if (known !== undefined) {
      this.#known.set(session, known);
    }
    return session;
  }

  async #each(act: (key: SessionKey, records: ExpressSessionRecords) => Promise<void>): Promise<void> {
    const records = await this.#open();
    for await (const keys of records.keys(this.#keys.prefix)) {
      for (let first = 0; first < keys.length; first += AT_ONCE) {
        await Promise.all(keys.slice(first, first + AT_ONCE).map((key) => act(key, records)));
      }
    }
  }
}

/** What express-session takes for a session: its cookie is yet to be made one. */
function asSession({ session }: FoundSession): SessionData {
  return session as unknown as SessionData;
}

type ConfigureOptions = Parameters<typeof configure>[0];

function withStore(
  store: SessionStore | undefined,
  { env, redis, ...common }: Omit<ExpressStoreOptions, 'ttl' | 'namespace'>,
): ConfigureOptions {
  return store === undefined
    ? { ...common, ...(env !== undefined && { env }), ...(redis !== undefined && { redis }) }
    : { ...common, store };
}

/** Runs it at the first call, and again after one that failed: a test may set the environment and try again. */
function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return async () => {
    running ??= run();
    try {
      return await running;
    } catch (error) {
      running = undefined;
      throw error;
    }
  };
}

/** By the callback if there is one, and otherwise by the promise. */
function answered<T>(callback: ExpressStoreCallback<T> | undefined, run: () => Promise<T>): Promise<T> | undefined {
  if (callback === undefined) {
    return run();
  }
  run()
    .then(
      (result) => callback(null, result),
      (error: unknown) => callback(error),
    )
    .catch(rethrow);
  return undefined;
}
