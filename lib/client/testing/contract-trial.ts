import assert from 'node:assert/strict';
import type { SessionStore, StoredSession } from '../stores/store.js';
import type { FakeClock } from './fake-clock.js';
import { type Random, seededRandom } from './random.js';

/** One run of a case. */
export interface Trial {
  readonly store: SessionStore;
  readonly clock: FakeClock;
  /** The time at which the trial began. */
  readonly start: number;
  /** A key that no other trial has. */
  readonly key: Uint8Array;
  /** How many random sequences of calls are tried. */
  readonly sequences: number;
  /** What makes them. */
  readonly seed: number;
}

export const MINUTE = 60_000;

/** A session that ends a minute from now, but for what is different. */
export function stored(now: number, different: Partial<StoredSession> = {}): StoredSession {
  return {
    value: Uint8Array.of(1, 2, 3),
    version: 'first',
    expiresAt: now + MINUTE,
    deadline: now + 60 * MINUTE,
    ...different,
  };
}

/** Runs as many random sequences as are asked for. Each is told what to call itself when it fails. */
export async function repeat(
  { sequences, seed }: Trial,
  run: (random: Random, origin: string) => Promise<void>,
): Promise<void> {
  const random = seededRandom(seed);
  for (let sequence = 0; sequence < sequences; sequence++) {
    await run(random, `seed ${seed}, sequence ${sequence}`);
  }
}

/** @throws AssertionError if the two differ, of which the message tells more if there is one. */
export function same(actual: unknown, expected: unknown, message?: string): void {
  const [ours, theirs] = [plain(actual), plain(expected)];
  try {
    assert.deepEqual(ours, theirs);
  } catch (error) {
    // The difference is what helps, and a message of one's own would take its place.
    throw message === undefined ? error : new assert.AssertionError({ message: `${message}: ${String(error)}` });
  }
}

/** Makes a Buffer and a Uint8Array of the same bytes equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return [...value];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
  }
  return value;
}
