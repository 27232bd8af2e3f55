/** How often the time is looked at, and how much later than that it may be, in milliseconds. */
const BEAT = 500;
const LATE = 1500;

/**
 * Notices that this process stood still: Lambda freezes it between two requests, for as long as it likes, and what
 * became of its connections meanwhile nobody told it.
 */
export class StandstillWatch {
  #beatAt = Date.now();
  #count = 0;

  constructor() {
    setInterval(() => this.#beat(), BEAT).unref();
  }

  /** How often it did, up to now: also if the timers have yet to run that a freeze kept waiting. */
  get count(): number {
    this.#beat();
    return this.#count;
  }

  #beat(): void {
    const now = Date.now();
    if (Math.abs(now - this.#beatAt) > BEAT + LATE) {
      this.#count++;
    }
    this.#beatAt = now;
  }
}
