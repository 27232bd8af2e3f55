import { configure } from './configuration.js';
import { SessionEngine } from './engine.js';
import { isOutage } from './errors.js';
import { type EventCounts, HookCaller } from './hooks.js';
import type { SessionGate } from './hosts/host.js';
import type { SessionsOptions } from './options.js';
import type { DestroyByOwnerOptions, SignedInSession } from './owned-sessions.js';
import type { Session } from './session.js';
import type { SessionDraft } from './session-draft.js';
import { type Transaction, type TransactOptions, transact } from './transaction.js';

/** Opens the engine at the first request, and reports the store's failures. */
export class LazyGate<Data extends object> implements SessionGate<SessionDraft<Data>> {
  readonly #options: SessionsOptions<Data>;
  readonly #hooks: HookCaller;
  #engine: Promise<SessionEngine<Data>> | undefined;

  constructor(options: SessionsOptions<Data>) {
    this.#options = options;
    this.#hooks = new HookCaller(options.hooks);
  }

  load(...request: Parameters<SessionEngine<Data>['load']>): ReturnType<SessionEngine<Data>['load']> {
    return this.#reporting(async () => (await this.#open()).load(...request));
  }

  commit(...request: Parameters<SessionEngine<Data>['commit']>): ReturnType<SessionEngine<Data>['commit']> {
    return this.#reporting(async () => (await this.#open()).commit(...request));
  }

  transact<Result>(
    cookieHeaders: readonly string[],
    fn: (session: Session<Data>) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Transaction<Result>> {
    return this.#reporting(async () => transact(await this.#open(), cookieHeaders, fn, options));
  }

  /** How often each hook had something to be told. */
  get counts(): EventCounts {
    return this.#hooks.counts;
  }

  listByOwner(userId: string): Promise<readonly SignedInSession[]> {
    return this.#reporting(async () => (await this.#open()).listByOwner(userId));
  }

  destroyByOwner(userId: string, options?: DestroyByOwnerOptions): Promise<number> {
    return this.#reporting(async () => (await this.#open()).destroyByOwner(userId, options));
  }

  revokeBefore(userId: string, time?: Date): Promise<void> {
    return this.#reporting(async () => (await this.#open()).revokeBefore(userId, time));
  }

  async #open(): Promise<SessionEngine<Data>> {
    this.#engine ??= configure(this.#options).then(
      (configuration) => new SessionEngine({ ...configuration, hooks: this.#hooks }),
    );
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
      if (isOutage(error)) {
        this.#hooks.call('storeError', error);
      }
      throw error;
    }
  }
}
