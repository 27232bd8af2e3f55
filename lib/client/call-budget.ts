import { performance } from 'node:perf_hooks';
import { SessionError } from './errors.js';
import type { CallOptions } from './stores/store.js';

/**
 * The time that one load or one commit may take, and the time that each of its calls to the store may take: none
 * waits for longer, whatever the store does. Measured on the monotonic clock: these are durations, not dates.
 */
export class CallBudget {
  readonly #end: number;

  constructor(
    private readonly callTimeout: number,
    total: number,
  ) {
    this.#end = performance.now() + total;
  }

  /** Milliseconds that are left. */
  get remaining(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /**
   * Makes a call to the store and ends it at its deadline.
   *
   * @throws SessionError ERR_SESSION_STORE_TIMEOUT at the deadline, ERR_SESSION_STORE_UNAVAILABLE if the store fails.
   */
  call<T>(operation: string, run: (options: CallOptions) => Promise<T>): Promise<T> {
    const timeout = Math.floor(Math.min(this.callTimeout, this.remaining));
    return new Promise<T>((resolve, reject) => {
      if (timeout < 1) {
        // Not even begun: a write that is sent and not waited for would leave everybody guessing.
        const message = `no time is left for a ${operation} of the session store`;
        throw new SessionError('ERR_SESSION_STORE_TIMEOUT', message);
      }
      const options = new AbortableCall();
      // The timer, not the signal, is what ends the wait: a store may be slow to notice that it was told to stop. What
      // it still answers then, or fails with, settles nothing any more.
      const timer = setTimeout(() => {
        const message = `the session store did not answer a ${operation} within ${timeout} ms`;
        reject(new SessionError('ERR_SESSION_STORE_TIMEOUT', message));
        options.abort();
      }, timeout);
      const fail = (error: unknown) => {
        clearTimeout(timer);
        reject(asSessionError(error, operation));
      };
      try {
        run(options).then((result) => {
          clearTimeout(timer);
          resolve(result);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Waits for something that is not a call, for as long as there is time. @throws SessionError ERR_SESSION_STORE_TIMEOUT */
  async wait<T>(what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        timer = setTimeout(() => {
          reject(new SessionError('ERR_SESSION_STORE_TIMEOUT', `no time is left to wait for ${what}`));
        }, this.remaining);
        promise.then(resolve, reject);
      });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a store is told of a call. Its signal is made when it is asked for: that costs more than the rest of the call. */
class AbortableCall implements CallOptions {
  /** A property of each object, so that a copy of the options has it, too. */
  static readonly #SIGNAL: PropertyDescriptor = {
    enumerable: true,
    get(this: AbortableCall) {
      return this.#abort.signal;
    },
  };
  declare readonly signal: AbortSignal;
  readonly #abort = new AbortController();

  constructor() {
    Object.defineProperty(this, 'signal', AbortableCall.#SIGNAL);
  }

  abort(): void {
    this.#abort.abort();
  }
}

function asSessionError(error: unknown, operation: string): SessionError {
  if (error instanceof SessionError) {
    return error;
  }
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new SessionError('ERR_SESSION_STORE_UNAVAILABLE', `the session store failed a ${operation}: ${reason}`, {
    cause: error,
  });
}
