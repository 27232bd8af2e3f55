import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionEngine } from './engine.js';
import { SessionError } from './errors.js';
import { pauseBefore } from './saves.js';
import type { Session } from './session.js';

/** What a transaction came to. */
export interface Transaction<Result> {
  /** What the function returned. */
  readonly result: Result;
  /** The value of the Set-Cookie header that the reply must carry; absent when the visitor's cookie is to stay as it is. */
  readonly setCookie?: string;
}

/** How a transaction is run. */
export interface TransactOptions {
  /**
   * The longest that loading, saving and the pauses between attempts may take, in milliseconds, the function's own time
   * included, from 1 to 900000: in a Lambda function, less than `context.getRemainingTimeInMillis()`.
   * @default 10000
   */
  readonly timeout?: number;
}

const TRANSACTION_TIMEOUT = 10_000;
const LONGEST_TIMEOUT = 900_000;

/** With less time left, in milliseconds, another attempt is not worth beginning. */
const LEAST_TIME = 250;

/** Runs a function on a session until its changes are saved on exactly what it read. */
export async function transact<Data extends object, Result>(
  engine: SessionEngine<Data>,
  cookieHeaders: readonly string[],
  fn: (session: Session<Data>) => Result | Promise<Result>,
  { timeout = TRANSACTION_TIMEOUT }: TransactOptions = {},
): Promise<Transaction<Result>> {
  if (!(timeout >= 1 && timeout <= LONGEST_TIMEOUT)) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      `timeout must be 1 to ${LONGEST_TIMEOUT} milliseconds, received ${timeout}`,
    );
  }
  const end = performance.now() + timeout;
  const timeLeft = () => ({ remainingMs: end - performance.now() });
  for (let attempt = 1; ; attempt++) {
    const session = await engine.load(cookieHeaders, timeLeft(), 'optimistic');
    const result = await fn(session);
    try {
      return { result, ...(await engine.commit(session, timeLeft())) };
    } catch (error) {
      const pause = pauseBefore(attempt);
      // Who was overtaken by a sign-in does not catch up with it by trying again.
      if (!isConflict(error) || session.overtaken || timeLeft().remainingMs < pause + LEAST_TIME) {
        throw error;
      }
      await sleep(pause);
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_CONFLICT';
}
