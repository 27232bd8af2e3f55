import { setTimeout } from 'node:timers/promises';

/** How long is waited for ElastiCache, in milliseconds. */
export interface Patience {
  /** Between two looks. */
  readonly interval: number;
  /** In all, before this wait is given up, and its step: Secrets Manager takes it up again. */
  readonly limit: number;
}

/** Looks until something is so. @throws if it is not within the limit. */
export async function until(
  isSo: () => Promise<boolean>,
  expected: string,
  { interval, limit }: Patience,
): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += interval) {
    if (waited >= limit) {
      throw new Error(`${expected} within ${limit} ms, and did not happen: rotate the secret again`);
    }
    await setTimeout(interval);
  }
}
