import { setTimeout as delay } from 'node:timers/promises';

/** How long the second attempt waits, and the longest that any does, in milliseconds. */
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 1000;

/**
 * How long an attempt keeps its distance from the one that failed before: longer with each failure, and not as long as others
 * do, since all clients lose their connections at the same time. A success makes up for failures once it has lasted.
 */
export class Backoff {
  #failures = 0;
  #failedAt = 0;
  #succeededAt = Number.POSITIVE_INFINITY;

  failed(): void {
    this.#forget();
    this.#failures++;
    this.#failedAt = performance.now();
    this.#succeededAt = Number.POSITIVE_INFINITY;
  }

  succeeded(): void {
    this.#succeededAt = performance.now();
  }

  /** Waits until the next attempt may be made. */
  async wait(): Promise<void> {
    this.#forget();
    if (this.#failures > 0) {
      const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
      const since = performance.now() - this.#failedAt;
      await delay(Math.max(0, longest * (0.5 + Math.random() / 2) - since), undefined, { ref: false });
    }
  }

  #forget(): void {
    if (performance.now() - this.#succeededAt > LONGEST_PAUSE) {
      this.#failures = 0;
    }
  }
}
