import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { SessionStore, StoredSession } from '../stores/store.js';
import { FakeClock } from './fake-clock.js';
import { pick, type Random, seededRandom } from './random.js';

/** One requirement on a store. */
export interface ContractCase {
  readonly name: string;
  /** @throws AssertionError if the store does not meet it. */
  run(): Promise<void>;
}

/** How thorough the contract is. */
export interface ContractOptions {
  /**
   * How many random sequences of calls are tried: fewer where a call costs a round trip.
   * @default 200
   */
  readonly sequences?: number;
  /**
   * Makes the random sequences. The message of a failure names it.
   * @default - another one each time
   */
  readonly seed?: number;
}

/**
 * The text of the store port as tests, for any test framework. Every store passes them, on the real system that it is
 * made for.
 *
 * @param subject makes a store that asks `clock` for the time; all stores that it makes share what they keep
 * @example
 * for (const { name, run } of storeContract((clock) => new MyStore({ clock }))) {
 *   test(name, run);
 * }
 */
export function storeContract(
  subject: (clock: Clock) => SessionStore | Promise<SessionStore>,
  options: ContractOptions = {},
): readonly ContractCase[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => {
      const clock = new FakeClock();
      await check({ store: await subject(clock.read), clock, start: clock.now, key: randomBytes(32), options });
    },
  }));
}

interface Trial {
  readonly store: SessionStore;
  readonly clock: FakeClock;
  /** The time at which the trial began. */
  readonly start: number;
  /** A key that no other trial has. */
  readonly key: Uint8Array;
  readonly options: ContractOptions;
}

const MINUTE = 60_000;

const CASES: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  'read of what is absent gives undefined': async ({ store, key }) => {
    assert.equal(await store.read(key), undefined);
  },

  'read gives back what was written, byte by byte': async ({ store, start, key }) => {
    const session = stored(start, { value: Uint8Array.from({ length: 256 }, (_, index) => index) });
    await store.write(key, session, 'absent');
    same(await store.read(key), session);
  },

  'read gives back the owner': async ({ store, start, key }) => {
    const session = stored(start, { owner: randomBytes(32) });
    await store.write(key, session, 'absent');
    same(await store.read(key), session);
  },

  'read gives a session up to its last millisecond and not in the next': async ({ store, clock, start, key }) => {
    const session = stored(start);
    await store.write(key, session, 'absent');
    clock.now = start + MINUTE - 1;
    same(await store.read(key), session);
    clock.now = start + MINUTE;
    assert.equal(await store.read(key), undefined);
  },

  'read is not changed by what the caller does to its buffer': async ({ store, start, key }) => {
    const value = Uint8Array.of(1, 2, 3);
    await store.write(key, stored(start, { value }), 'absent');
    value.fill(9);
    same(await store.read(key), stored(start, { value: Uint8Array.of(1, 2, 3) }));
  },

  'write where nothing is creates': async ({ store, start, key }) => {
    same(await store.write(key, stored(start), 'absent'), { written: true });
  },

  "write is refused if 'absent' is expected and something is there, and answers with that": async ({
    store,
    start,
    key,
  }) => {
    const first = stored(start, { version: 'first' });
    await store.write(key, first, 'absent');
    same(await store.write(key, stored(start, { version: 'second' }), 'absent'), { written: false, current: first });
    same(await store.read(key), first);
  },

  'write replaces the version that is expected': async ({ store, start, key }) => {
    await store.write(key, stored(start, { version: 'first', owner: randomBytes(32) }), 'absent');
    const second = stored(start, { version: 'second', value: Uint8Array.of(2) });
    same(await store.write(key, second, 'first'), { written: true });
    same(await store.read(key), second);
  },

  'write is refused if another version is there, and answers with that': async ({ store, start, key }) => {
    const first = stored(start, { version: 'first' });
    await store.write(key, first, 'absent');
    same(await store.write(key, stored(start, { version: 'third' }), 'second'), { written: false, current: first });
    same(await store.read(key), first);
  },

  'write is refused if a version is expected and nothing is there: a destroyed session stays destroyed': async ({
    store,
    start,
    key,
  }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    await store.destroy(key);
    same(await store.write(key, stored(start, { version: 'second' }), 'first'), REFUSED_BY_NOTHING);
    assert.equal(await store.read(key), undefined);
  },

  'write is refused if the expected version has expired: an expired session stays expired': async ({
    store,
    clock,
    start,
    key,
  }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    clock.advance(MINUTE);
    same(await store.write(key, stored(clock.now, { version: 'second' }), 'first'), REFUSED_BY_NOTHING);
    assert.equal(await store.read(key), undefined);
  },

  "write takes an expired session for absent if 'absent' is expected": async ({ store, clock, start, key }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    clock.advance(MINUTE);
    const second = stored(clock.now, { version: 'second' });
    same(await store.write(key, second, 'absent'), { written: true });
    same(await store.read(key), second);
  },

  'write by many at once succeeds for exactly one, and each of the others is told of that one': async ({
    store,
    start,
    key,
  }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    const rivals = Array.from({ length: 20 }, (_, index) => stored(start, { version: `rival ${index}` }));
    const results = await Promise.all(rivals.map((rival) => store.write(key, rival, 'first')));
    const winners = rivals.filter((_, index) => results[index]?.written);
    assert.equal(winners.length, 1, `${winners.length} writes that expected one version were accepted`);
    const [winner] = winners;
    same(await store.read(key), winner);
    for (const result of results) {
      same(result, result.written ? { written: true } : { written: false, current: winner });
    }
  },

  'touch moves the expiry forward and changes nothing else': async ({ store, start, key }) => {
    const session = stored(start, { version: 'first', owner: randomBytes(32) });
    await store.write(key, session, 'absent');
    assert.equal(await store.touch(key, start + 2 * MINUTE, 'first'), 'ok');
    same(await store.read(key), { ...session, expiresAt: start + 2 * MINUTE });
  },

  'touch never moves it back': async ({ store, start, key }) => {
    const session = stored(start, { version: 'first', expiresAt: start + 2 * MINUTE });
    await store.write(key, session, 'absent');
    assert.equal(await store.touch(key, start + MINUTE, 'first'), 'ok');
    same(await store.read(key), session);
  },

  "touch of another version changes nothing and says 'changed'": async ({ store, start, key }) => {
    const session = stored(start, { version: 'second' });
    await store.write(key, session, 'absent');
    assert.equal(await store.touch(key, start + 2 * MINUTE, 'first'), 'changed');
    same(await store.read(key), session);
  },

  "touch of what was destroyed makes nothing and says 'gone'": async ({ store, start, key }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    await store.destroy(key);
    assert.equal(await store.touch(key, start + 2 * MINUTE, 'first'), 'gone');
    assert.equal(await store.read(key), undefined);
  },

  "touch of what has expired revives nothing and says 'gone'": async ({ store, clock, start, key }) => {
    await store.write(key, stored(start, { version: 'first' }), 'absent');
    clock.advance(MINUTE);
    assert.equal(await store.touch(key, start + 2 * MINUTE, 'first'), 'gone');
    assert.equal(await store.read(key), undefined);
  },

  'destroy removes the session and answers with it': async ({ store, start, key }) => {
    const session = stored(start);
    await store.write(key, session, 'absent');
    same(await store.destroy(key), session);
    assert.equal(await store.read(key), undefined);
  },

  'destroy of what is absent gives undefined': async ({ store, key }) => {
    assert.equal(await store.destroy(key), undefined);
  },

  'destroy of what has expired gives undefined': async ({ store, clock, start, key }) => {
    await store.write(key, stored(start), 'absent');
    clock.advance(MINUTE);
    assert.equal(await store.destroy(key), undefined);
  },

  'keys that differ in one bit are different sessions': async ({ store, start, key }) => {
    const neighbour = Uint8Array.from(key, (byte, index) => (index === 31 ? byte ^ 1 : byte));
    const session = stored(start);
    await store.write(key, session, 'absent');
    assert.equal(await store.read(neighbour), undefined);
    await store.destroy(neighbour);
    same(await store.read(key), session);
  },

  'any sequence of calls does what the text says': async (trial) => {
    const { sequences = 200, seed = randomBytes(4).readUInt32LE() } = trial.options;
    const random = seededRandom(seed);
    for (let sequence = 0; sequence < sequences; sequence++) {
      await anySequence({ ...trial, key: randomBytes(32) }, random, `seed ${seed}, sequence ${sequence}`);
    }
  },
};

const REFUSED_BY_NOTHING = { written: false, current: undefined };

const VERSIONS = ['a', 'b', 'c'] as const;

/** Up to twelve random calls, each compared with what a single variable would do. */
async function anySequence({ store, clock, key }: Trial, random: Random, origin: string): Promise<void> {
  let kept: StoredSession | undefined;
  const story: string[] = [];
  const alive = () => (kept !== undefined && kept.expiresAt > clock.now ? kept : undefined);
  const tell = (step: string) => story.push(step);
  const agree = (actual: unknown, expected: unknown) => same(actual, expected, `${origin}: ${story.join(', ')}`);

  for (let length = Math.floor(random() * 13); length > 0; length--) {
    const version = pick(random, VERSIONS);
    const time = 1 + Math.floor(random() * 2 * MINUTE);
    const expiresAt = clock.now + time;
    const current = alive();
    switch (pick(random, ['wait', 'write', 'touch', 'destroy'])) {
      case 'wait':
        tell(`wait ${time} ms`);
        clock.advance(time);
        break;
      case 'write': {
        const expected = pick(random, [...VERSIONS, 'absent']);
        const accepted = (current?.version ?? 'absent') === expected;
        const next = stored(clock.now, { version, expiresAt });
        tell(`write ${version} in place of ${expected} for ${time} ms`);
        agree(await store.write(key, next, expected), accepted ? { written: true } : { written: false, current });
        kept = accepted ? next : kept;
        break;
      }
      case 'touch': {
        tell(`touch ${version} for ${time} ms`);
        const matches = current?.version === version;
        agree(await store.touch(key, expiresAt, version), current === undefined ? 'gone' : matches ? 'ok' : 'changed');
        kept = current && matches ? { ...current, expiresAt: Math.max(current.expiresAt, expiresAt) } : kept;
        break;
      }
      case 'destroy':
        tell('destroy');
        agree(await store.destroy(key), current);
        kept = undefined;
        break;
    }
    agree(await store.read(key), alive());
  }
}

/** A session that ends a minute from now, but for what is different. */
function stored(now: number, different: Partial<StoredSession> = {}): StoredSession {
  return {
    value: Uint8Array.of(1, 2, 3),
    version: 'first',
    expiresAt: now + MINUTE,
    deadline: now + 60 * MINUTE,
    ...different,
  };
}

function same(actual: unknown, expected: unknown, message?: string): void {
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
