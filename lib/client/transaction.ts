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

/** How long a transaction is begun again and again, in milliseconds. */
const TRANSACTION_TIMEOUT = 10_000;

/** Runs a function on a session until its changes are saved on exactly what it read. */
export async function transact<Data extends object, Result>(
  engine: SessionEngine<Data>,
  cookieHeaders: readonly string[],
  fn: (session: Session<Data>) => Result | Promise<Result>,
): Promise<Transaction<Result>> {
  const end = performance.now() + TRANSACTION_TIMEOUT;
  for (let attempt = 1; ; attempt++) {
    const session = await engine.load(cookieHeaders, {}, 'optimistic');
    const result = await fn(session);
    try {
      return { result, ...(await engine.commit(session)) };
    } catch (error) {
      const pause = pauseBefore(attempt);
      if (!isConflict(error) || performance.now() + pause >= end) {
        throw error;
      }
      await sleep(pause);
    }
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_CONFLICT';
}
