import { RedisFailure } from '../stores/redis-transport.js';

/** Waits for so many milliseconds, and no longer. @throws RedisFailure `unsent` then */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new RedisFailure('unsent', `no connection within ${Math.round(milliseconds)} ms`));
      }, milliseconds);
      promise.then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
