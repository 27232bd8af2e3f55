import { type PolicyContract, SESSIONS_VARIABLE, type SessionContract } from '../contract/environment.js';
import { ContractError, parseContract, parsePolicy } from '../contract/parse.js';
import { STANDARD_POLICY } from '../contract/policy.js';
import { type Clock, systemClock } from './clock.js';
import { type EngineOptions, SessionEngine } from './engine.js';
import { SessionError } from './errors.js';
import type { SessionGate } from './hosts/host.js';
import { type LambdaHandler, lambdaHost } from './hosts/lambda.js';
import type { LambdaContext, LambdaHttpEvent } from './hosts/lambda-event.js';
import { openStore } from './open-store.js';
import type { Session } from './session.js';
import type { SessionDraft } from './session-draft.js';
import type { SessionStore } from './stores/store.js';

/** What is the same wherever the store comes from. */
export interface CommonOptions {
  /**
   * The longest that one call to the store may take, in milliseconds.
   * @default 2000
   */
  readonly callTimeout?: number;
  /**
   * Is told of each failure of the store, beside the 503 that the visitor gets. It cannot break the request.
   * @default - a line with the error's code and message on standard error
   */
  readonly onStoreError?: (error: SessionError) => void;
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

/** An application's sessions: one way in for each kind of host. */
export interface Sessions<Data extends object> {
  /**
   * Makes a Lambda handler out of one that is given the visitor's session, for every event that a function gets over
   * HTTP: function URL, HTTP API, REST API, and Application Load Balancer with and without multi-value headers.
   * `event` and `context` are Lambda's own. The reply leaves when the session is saved; a handler that throws saves
   * nothing. While the store does not answer, visitors get a 503 with `Retry-After` and keep their cookie.
   *
   * The handler made throws SessionError: ERR_SESSION_CONFIG without a usable configuration, ERR_SESSION_EVENT for an
   * event that is not an HTTP request, and what the session's methods throw.
   */
  lambda<
    Event extends LambdaHttpEvent = LambdaHttpEvent,
    Context extends LambdaContext = LambdaContext,
    Result = unknown,
  >(
    handler: (event: Event, session: Session<Data>, context: Context) => Result | Promise<Result>,
  ): LambdaHandler<Event, Context, Result>;
}

/**
 * An application's sessions, as the stack that it is deployed with configured them.
 *
 * Call it once, at module scope: it never throws there and connects to nothing. The environment is read and the store
 * opened at the first request, so tests may import a handler without either.
 *
 * @example
 * const sessions = createSessions<{ cart: Record<string, number> }>();
 */
export function createSessions<Data extends object = Record<string, unknown>>(
  options: SessionsOptions = {},
): Sessions<Data> {
  const gate = new LazyGate<Data>(options);
  return {
    lambda: (handler) => lambdaHost(gate, handler),
  };
}

const CALL_TIMEOUT = 2000;

/** Opens the engine at the first request, and reports the store's failures. */
class LazyGate<Data extends object> implements SessionGate<SessionDraft<Data>> {
  readonly #options: SessionsOptions;
  #engine: Promise<SessionEngine<Data>> | undefined;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  load(...args: Parameters<SessionGate<SessionDraft<Data>>['load']>): ReturnType<SessionEngine<Data>['load']> {
    return this.#reporting(async () => (await this.#open()).load(...args));
  }

  commit(...args: Parameters<SessionGate<SessionDraft<Data>>['commit']>): ReturnType<SessionEngine<Data>['commit']> {
    return this.#reporting(async () => (await this.#open()).commit(...args));
  }

  async #open(): Promise<SessionEngine<Data>> {
    this.#engine ??= engineOptions(this.#options).then((options) => new SessionEngine(options));
    try {
      return await this.#engine;
    } catch (error) {
      // Nothing is remembered of a failure: a test may set the environment and try again.
      this.#engine = undefined;
      throw error;
    }
  }

  async #reporting<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof SessionError && STORE_FAILURES.includes(error.code)) {
        report(error, this.#options.onStoreError ?? logStoreError);
      }
      throw error;
    }
  }
}

const STORE_FAILURES = ['ERR_SESSION_STORE_UNAVAILABLE', 'ERR_SESSION_STORE_TIMEOUT'];

async function engineOptions(options: SessionsOptions): Promise<EngineOptions> {
  const { clock = systemClock, callTimeout = CALL_TIMEOUT } = options;
  if (options.store !== undefined) {
    return { store: options.store, policy: explicitPolicy(options.policy), clock, callTimeout };
  }
  const { stores, policy } = readEnvironment(options.env ?? SESSIONS_VARIABLE);
  return { store: await openStore(stores.primary, clock), policy, clock, callTimeout };
}

function readEnvironment(variable: string): SessionContract {
  const text = process.env[variable];
  if (text === undefined || text === '') {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      `the environment variable ${variable} is missing: attach the function to a store in its stack, ` +
        'as in sessions.attachFunction(fn), or give createSessions a store',
    );
  }
  return asConfigError(`the environment variable ${variable} cannot be used`, () => parseContract(text));
}

function explicitPolicy(given: Partial<PolicyContract> = {}): PolicyContract {
  const { idleTimeout } = { ...STANDARD_POLICY, ...given };
  const policy = { ...STANDARD_POLICY, touchAfter: Math.floor(idleTimeout / 10), ...given };
  return asConfigError('the policy that createSessions was given cannot be used', () => parsePolicy(policy));
}

function asConfigError<T>(what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof ContractError ? new SessionError('ERR_SESSION_CONFIG', `${what}: ${error.message}`) : error;
  }
}

function report(error: SessionError, onStoreError: (error: SessionError) => void): void {
  try {
    onStoreError(error);
  } catch (fault) {
    console.error('cdk-sessions: onStoreError threw', fault);
  }
}

function logStoreError(error: SessionError): void {
  console.error(`cdk-sessions: ${error.code}: ${error.message}`);
}
