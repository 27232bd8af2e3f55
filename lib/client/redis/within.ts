import { RedisFailure } from '../stores/redis-transport.js';
import { whenOverdue } from './overdue.js';

/**
 * Waits for so many milliseconds, and no longer.
 *
 * @param reason tells then what it is known to fail for
 * @throws RedisFailure then: the reason, or `unsent`
 */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  reason?: () => RedisFailure | undefined,
): Promise<T> {
  let takeBack: (() => void) | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      takeBack = whenOverdue(milliseconds, () => {
        reject(reason?.() ?? new RedisFailure('unsent', `no connection within ${Math.round(milliseconds)} ms`));
      });
      promise.then(resolve, reject);
    });
  } finally {
    takeBack?.();
  }
}
