import { createHash } from 'node:crypto';
import type { SessionStore } from 'cdk-sessions-client';
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
  /** Calls that are inside the store right now. */
  #calls = 0;
  readonly #waiting: Turn[] = [];

  constructor(private readonly seed: number) {}

  /** Waits until it is this step's turn. No two steps have one label. */
  turn(label: string): Promise<void> {
    const rank = createHash('sha256').update(`${this.seed} ${label}`).digest().readUInt32LE();
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

/**
 * A process and its way to the store: each call takes a turn to arrive, and another to be answered. A process may be
 * gone after some of them; its calls then end nowhere.
 */
export class Process implements SessionStore {
  readonly gone: Promise<'gone'>;
  #leave: () => void = () => undefined;
  #left: number;
  #steps = 0;

  constructor(
    private readonly world: World,
    private readonly store: SessionStore,
    private readonly name: string,
    steps = Number.POSITIVE_INFINITY,
  ) {
    this.#left = steps;
    this.gone = new Promise((resolve) => {
      this.#leave = () => resolve('gone');
    });
  }

  read: SessionStore['read'] = (...args) => this.#travel('read', () => this.store.read(...args));
  write: SessionStore['write'] = (...args) => this.#travel('write', () => this.store.write(...args));
  touch: SessionStore['touch'] = (...args) => this.#travel('touch', () => this.store.touch(...args));
  destroy: SessionStore['destroy'] = (...args) => this.#travel('destroy', () => this.store.destroy(...args));

  async #travel<T>(call: string, run: () => Promise<T>): Promise<T> {
    await this.#step(`${call} arrives`);
    const answer = await this.world.perform(run);
    await this.#step(`${call} is answered`);
    return answer;
  }

  async #step(label: string): Promise<void> {
    await this.world.turn(`${this.name}: step ${++this.#steps}, ${label}`);
    if (this.#left <= 0) {
      this.#leave();
      await new Promise(() => undefined);
    }
    this.#left--;
  }
}
