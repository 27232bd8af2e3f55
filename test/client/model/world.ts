import { createHash } from 'node:crypto';
import { FakeClock } from 'cdk-sessions-client/testing';
import type { Pause } from './plan';

/** A step that waits for its turn: of all that wait, the one of the lowest rank goes first. */
interface Turn {
  readonly label: string;
  readonly rank: number;
  readonly go: () => void;
}

/**
 * Time and order: whose turn it is follows from a seed, what time it is from the pauses.
 *
 * Each step has its rank by its own name, so that the others keep their order when a failing plan is made smaller.
 * (fast-check's scheduler goes on with its random numbers in each smaller plan, so that most of them do not fail.)
 */
export class World {
  readonly clock = new FakeClock();
  /** All steps so far, in their order. */
  readonly story: string[] = [];
  readonly #began = Date.now();
  #beat = 0;
  /** Calls that are inside the store right now. */
  #calls = 0;
  readonly #waiting: Turn[] = [];

  constructor(private readonly seed: number) {}

  /** How long timers have run, in milliseconds. */
  get elapsed(): number {
    return Date.now() - this.#began;
  }

  /** Between two beats happens what follows from one step, or from time's going by. */
  get beat(): number {
    return this.#beat;
  }

  /** Waits until it is this step's turn: with `last`, after all steps without it. No two steps have one label. */
  turn(label: string, last = false): Promise<void> {
    const hash = createHash('sha256').update(`${this.seed} ${label}`).digest().readUInt32LE();
    const rank = last ? hash + 2 ** 32 : hash;
    return new Promise((go) => this.#waiting.push({ label, rank, go }));
  }

  /** Lets a store do its work, and nobody else theirs meanwhile. */
  async perform<T>(run: () => Promise<T>): Promise<T> {
    this.#calls++;
    try {
      return await run();
    } finally {
      this.#calls--;
    }
  }

  async pass(pauses: readonly Pause[]): Promise<void> {
    for (const [index, { kind, time }] of pauses.entries()) {
      await this.turn(`pause ${index}: ${kind} ${time} ms`);
      this.clock.advance(time);
      if (kind === 'pass') {
        this.#beat++;
        jest.advanceTimersByTime(time);
      }
    }
  }

  /** Gives turns until the work is done and nothing is under way any more. */
  async finish(work: Promise<unknown>): Promise<void> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    for (;;) {
      await this.#settle();
      if (this.#waiting.length > 0) {
        this.#next();
      } else if (jest.getTimerCount() > 0) {
        // Nobody can go on but those who wait for time to pass.
        this.#beat++;
        const before = Date.now();
        jest.advanceTimersToNextTimer();
        this.clock.advance(Date.now() - before);
      } else if (done) {
        return void (await finished);
      } else {
        throw new Error('somebody waits for what never comes');
      }
    }
  }

  #next(): void {
    const [first] = this.#waiting.sort((one, other) => one.rank - other.rank).splice(0, 1);
    this.#beat++;
    this.story.push(first?.label ?? '');
    first?.go();
  }

  /** Until everybody waits for a turn or for a timer. */
  async #settle(): Promise<void> {
    do {
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.#calls > 0);
  }
}
