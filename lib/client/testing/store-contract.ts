import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { SessionStore } from '../stores/store.js';
import { BLOCK_CASES } from './block-contract.js';
import { MINUTE, same, stored, type Trial } from './contract-trial.js';
import { FakeClock } from './fake-clock.js';
import { KEYS_CASES } from './keys-contract.js';
import { OWNER_CASES } from './owner-contract.js';
import { anySessionSequence } from './session-sequence.js';

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
 * made for. Whether a store has `owners` shows when it is made: the cases whose names begin with `with owners` then pass
 * for one that has none, and those with `with keys` for one that does not list its sessions.
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
  const { sequences = 200, seed = randomBytes(4).readUInt32LE() } = options;
  const begin = async (): Promise<Trial> => {
    const clock = new FakeClock();
    const store = await subject(clock.read);
    return { store, clock, start: clock.now, key: randomBytes(32), sequences, seed };
  };
  return [
    ...Object.entries(CASES).map(([name, check]) => ({ name, run: async () => check(await begin()) })),
    ...Object.entries({ ...OWNER_CASES, ...BLOCK_CASES }).map(([name, check]) => ({
      name: `with owners: ${name}`,
      run: async () => {
        const trial = await begin();
        const { owners } = trial.store;
        if (owners !== undefined) {
          await check({ ...trial, owners, owner: randomBytes(32) });
        }
      },
    })),
    ...Object.entries(KEYS_CASES).map(([name, check]) => ({
      name: `with keys: ${name}`,
      run: async () => {
        const trial = await begin();
        const keys = trial.store.keys?.bind(trial.store);
        if (keys !== undefined) {
          await check({ ...trial, keys });
        }
      },
    })),
  ];
}

const CASES: Readonly<Record<string, (trial: Trial) => Promise<void>>> = {
  'read of what is absent gives undefined': async ({ store, key }) => {
    assert.equal(await store.read(key), undefined);
  },

  'read gives back what was written, byte by byte': async ({ store, start, key }) => {
    const session = stored(start, { value: Uint8Array.from({ length: 256 }, (_, index) => index) });
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
    await store.write(key, stored(start, { version: 'first' }), 'absent');
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
    const session = stored(start, { version: 'first' });
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

  'any sequence of calls does what the text says': anySessionSequence,
};

const REFUSED_BY_NOTHING = { written: false, current: undefined };
