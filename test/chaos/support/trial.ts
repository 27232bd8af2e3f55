import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { SessionError } from 'cdk-sessions-client';
import type { RedisTransport } from 'cdk-sessions-client/redis';
import { CALL_TIMEOUT, Crowd, type Request, VISITORS } from './crowd';

/** The longest that a commit may take with all its calls, as the engine has it, in milliseconds. */
const COMMIT_TIMEOUT = 10_000;

/** How long all goes well before a fault and after it, in milliseconds. */
const CALM = 1000;

/** How long it may take until all are served again, in milliseconds: far more than it should, and less than for ever. */
const RECOVERY = 30_000;

/** What a busy machine may add to a time, in milliseconds, besides what it was seen to add. */
const ROOM = 500;

/** What becomes of a request while a store is out. */
const OUTAGES = new Set(['ERR_SESSION_STORE_UNAVAILABLE', 'ERR_SESSION_STORE_TIMEOUT']);

/** What a fault did to visitors. Times are in milliseconds. */
export interface Outcome {
  readonly fault: string;
  readonly requests: readonly Request[];
  readonly failed: readonly Request[];
  /** Those whose visitors were told that they are saved, and that are not there. */
  readonly lost: readonly Request[];
  /** From when on recovery counts. */
  readonly since: number;
  /** Until the first request that was served after the last one that failed. */
  readonly recovery: number;
}

/**
 * Lets a fault come over 200 visitors, and expects what holds of any fault: each request ends within its deadlines, those
 * that fail do so for the reasons that a host knows what to do about, none is saved twice or to somebody else's session,
 * and everybody is served again.
 *
 * That nothing throws where nobody catches it needs no expectation: Jest fails a test during which that happens.
 *
 * @param inject brings the fault about and ends it, and answers from when on recovery counts
 */
export async function endure(
  fault: string,
  transport: RedisTransport,
  inject: () => Promise<number>,
): Promise<Outcome> {
  const crowd = new Crowd(transport);
  await crowd.begin();
  const lateness = monitorEventLoopDelay({ resolution: 10 });
  lateness.enable();
  let since: number;
  try {
    await pause(CALM);
    since = await inject();
    await crowd.servedSince(performance.now(), RECOVERY);
    await pause(CALM);
  } finally {
    await crowd.end();
    lateness.disable();
  }
  const { requests } = crowd;
  const room = ROOM + 2 * (lateness.max / 1e6);
  expect(longest(requests, ({ begunAt, loadedAt }) => loadedAt - begunAt)).toBeLessThan(CALL_TIMEOUT + room);
  expect(longest(requests, ({ loadedAt, endedAt }) => endedAt - loadedAt)).toBeLessThan(COMMIT_TIMEOUT + room);

  const failed = requests.filter(({ failure }) => failure !== undefined);
  const reasons = failed.map(({ failure }) => failure);
  expect(reasons.filter((reason) => !(reason instanceof SessionError && OUTAGES.has(reason.code)))).toEqual([]);
  // All that were active were there for it, and for more than one request.
  expect(requests.length).toBeGreaterThan(3 * VISITORS);

  const kept = await crowd.kept();
  expect(kept.flatMap((list) => list.filter((number, index) => list.indexOf(number) !== index))).toEqual([]);
  const visitorOf = new Map(requests.map(({ visitor, number }) => [number, visitor]));
  expect(kept.flatMap((list, visitor) => list.filter((number) => visitorOf.get(number) !== visitor))).toEqual([]);
  const there = new Set(kept.flat());
  const lost = requests.filter(({ number, failure }) => failure === undefined && !there.has(number));
  return { fault, requests, failed, lost, since, recovery: recoveryOf(requests, since) };
}

/** The longest from beginning to end. */
export function longestRequest({ requests }: Outcome): number {
  return longest(requests, ({ begunAt, endedAt }) => endedAt - begunAt);
}

function longest(requests: readonly Request[], time: (request: Request) => number): number {
  return requests.reduce((most, request) => Math.max(most, time(request)), 0);
}

function recoveryOf(requests: readonly Request[], since: number): number {
  const ends = (failed: boolean) =>
    requests.filter(({ failure }) => (failure !== undefined) === failed).map(({ endedAt }) => endedAt);
  const lastFailure = Math.max(...ends(true));
  if (lastFailure < since) {
    return 0;
  }
  return Math.min(...ends(false).filter((end) => end > lastFailure)) - since;
}
