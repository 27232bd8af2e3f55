import type { SessionStore } from 'cdk-sessions-client';
import { FakeClock } from 'cdk-sessions-client/testing';
import type { Scheduler } from 'fast-check';
import type { Pause } from './plan';

/** Time and order: whose turn it is, the scheduler decides; what time it is, the pauses do. */
export class World {
  readonly clock = new FakeClock();
  /** Calls that are inside the store right now. */
  #calls = 0;

  constructor(private readonly scheduler: Scheduler) {}

  /** Waits until it is this one's turn. */
  turn(label: string): Promise<void> {
    return this.scheduler.schedule(Promise.resolve(), label);
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
    for (const { kind, time } of pauses) {
      await this.turn(`${kind} ${time} ms`);
      this.clock.advance(time);
      if (kind === 'pass') {
        jest.advanceTimersByTime(time);
      }
    }
  }

  /** Gives turns, in the scheduler's order, until the work is done and nothing is under way any more. */
  async finish(work: Promise<unknown>): Promise<void> {
    let done = false;
    const finished = work.finally(() => {
      done = true;
    });
    for (;;) {
      await this.#settle();
      if (this.scheduler.count() > 0) {
        await this.scheduler.waitNext(1);
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
    await this.world.turn(`${this.name}: ${label}`);
    if (this.#left <= 0) {
      this.#leave();
      await new Promise(() => undefined);
    }
    this.#left--;
  }
}
