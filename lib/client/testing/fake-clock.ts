import type { Clock } from '../clock.js';
import type { EpochMilliseconds } from '../stores/store.js';

/** A clock that stands until it is moved. */
export class FakeClock {
  /** Tells the time: what `createSessions` and a store take for their `clock`. */
  readonly read: Clock = () => this.now;

  constructor(
    /**
     * What time it is.
     * @default - 2030-01-01, midnight UTC
     */
    public now: EpochMilliseconds = Date.UTC(2030, 0, 1),
  ) {}

  /** Moves the clock by so many milliseconds; back, if they are negative. */
  advance(milliseconds: number): void {
    this.now += milliseconds;
  }
}
