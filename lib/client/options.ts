import type { PolicyContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import type { DataOptions } from './data-model.js';
import type { SessionHooks } from './hooks.js';
import type { Concurrency } from './session.js';
import type { RedisClient } from './stores/redis-transport.js';
import type { SessionStore } from './stores/store.js';

/** What is the same wherever the store comes from. */
export interface CommonOptions<Data extends object> extends DataOptions<Data> {
  /**
   * What a save does when another request saved the same session since this one read it. `merge`: the changes are made
   * again on top of that save. `optimistic`: the reply is a 503, and nothing is saved; for handlers that must not act on
   * what is outdated, and with `transact` for changes that are tried again. `last-write-wins`: it is overwritten. A
   * session that was ended stays so in any case.
   * @default 'merge'
   */
  readonly concurrency?: Concurrency;
  /**
   * The longest that one call to the store may take, in milliseconds, from 1 to 60000.
   * @default 2000
   */
  readonly callTimeout?: number;
  /**
   * What to call when something happens to a session.
   * @default - failures of the store are written to standard error
   */
  readonly hooks?: SessionHooks;
  /**
   * Tells the time, for tests.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/** Sessions as the deployment configured them. */
export interface DeployedOptions<Data extends object = Record<string, unknown>> extends CommonOptions<Data> {
  /**
   * The environment variable that an attach method wrote.
   * @default 'CDK_SESSIONS'
   */
  readonly env?: string;
  /**
   * A client of `ioredis` or `iovalkey` that the application has anyway, for sessions that are kept in Redis or Valkey. What
   * the deployment says of connections is left to it.
   * @default - connections of the library's own, as the deployment says
   */
  readonly redis?: RedisClient;
  readonly store?: undefined;
  readonly policy?: undefined;
}

/** Sessions with a store of one's own, for tests. The environment is not read. */
export interface ExplicitOptions<Data extends object = Record<string, unknown>> extends CommonOptions<Data> {
  /** The store. With a clock of one's own, give the store the same. */
  readonly store: SessionStore;
  /**
   * What differs from the standard policy. Times are whole seconds.
   * @default - 30 minutes idle, 12 hours in all, touched after a tenth of the idle timeout, in a `__Host-session` cookie
   */
  readonly policy?: Partial<PolicyContract>;
  readonly env?: undefined;
  readonly redis?: undefined;
}

/** Where sessions are kept, and what of the defaults is different. */
export type SessionsOptions<Data extends object = Record<string, unknown>> =
  | DeployedOptions<Data>
  | ExplicitOptions<Data>;
