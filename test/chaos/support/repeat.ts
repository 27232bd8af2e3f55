import { setTimeout as pause } from 'node:timers/promises';

/** Does something again and again for a while, with a pause after each time. In milliseconds. Returns how often. */
export async function repeat(every: number, duration: number, act: () => unknown): Promise<number> {
  const end = performance.now() + duration;
  let times = 0;
  while (performance.now() < end) {
    await act();
    times++;
    await pause(every);
  }
  return times;
}
