import { StandstillWatch } from '../../../lib/client/redis/standstill';

const SECOND = 1000;

let watch: StandstillWatch;

beforeEach(() => {
  jest.useFakeTimers();
  watch = new StandstillWatch();
});

afterEach(() => {
  jest.useRealTimers();
});

/** What a freeze does: the clock has moved, and no timer has run. */
function standStill(milliseconds: number): void {
  jest.setSystemTime(Date.now() + milliseconds);
}

test('a process whose timers run does not stand still, however seldom it is asked', () => {
  jest.advanceTimersByTime(3600 * SECOND);
  expect(watch.count).toBe(0);
});

test('one that is busy for a second and a half does not', () => {
  standStill(1.5 * SECOND);
  expect(watch.count).toBe(0);
});

test('one whose clock moved on without its timers did', () => {
  standStill(2.1 * SECOND);
  expect(watch.count).toBe(1);
});

test('it is noticed by whoever asks first, before any timer has run, and counted once', () => {
  jest.advanceTimersByTime(10 * SECOND);
  standStill(900 * SECOND);
  expect([watch.count, watch.count]).toEqual([1, 1]);
  jest.advanceTimersByTime(10 * SECOND);
  expect(watch.count).toBe(1);
});

test('it is noticed by the timer too, if nobody asks', () => {
  standStill(900 * SECOND);
  jest.advanceTimersByTime(10 * SECOND);
  expect(watch.count).toBe(1);
});

test('a clock that is set back may hide one, and counts as one', () => {
  standStill(-60 * SECOND);
  expect(watch.count).toBe(1);
});

test('each one counts', () => {
  standStill(5 * SECOND);
  const first = watch.count;
  standStill(5 * SECOND);
  expect([first, watch.count]).toEqual([1, 2]);
});
