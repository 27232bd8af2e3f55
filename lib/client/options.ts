import type { PolicyContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import type { SessionHooks } from './hooks.js';
import type { SessionStore } from './stores/store.js';

/** What is the same wherever the store comes from. */
export interface CommonOptions {
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
export interface DeployedOptions extends CommonOptions {
  /**
   * The environment variable that an attach method wrote.
   * @default 'CDK_SESSIONS'
   */
  readonly env?: string;
  readonly store?: undefined;
  readonly policy?: undefined;
}

/** Sessions with a store of one's own, for tests. The environment is not read. */
export interface ExplicitOptions extends CommonOptions {
  /** The store. With a clock of one's own, give the store the same. */
  readonly store: SessionStore;
  /**
   * What differs from the standard policy. Times are whole seconds.
   * @default - 30 minutes idle, 12 hours in all, touched after a tenth of the idle timeout, in a `__Host-session` cookie
   */
  readonly policy?: Partial<PolicyContract>;
  readonly env?: undefined;
}

/** Where sessions are kept, and what of the defaults is different. */
export type SessionsOptions = DeployedOptions | ExplicitOptions;
