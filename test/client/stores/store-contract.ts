import { randomBytes } from 'node:crypto';
import type { Clock, SessionStore, StoredSession } from 'cdk-sessions-client';
import fc from 'fast-check';

/** What the contract needs of a store under test. */
export interface StoreUnderTest {
  /** A store that asks `clock` for the time. All stores that one `make` gives share what they keep. */
  readonly make: (clock: Clock) => SessionStore;
  /** How many runs a property takes: fewer where a call costs a round trip. */
  readonly runs: number;
}

const START = Date.UTC(2030, 0, 1);
const MINUTE = 60_000;

/** The text of the store port as tests. Every store passes it, on the real system that it is made for. */
export function storeContract(name: string, subject: () => StoreUnderTest): void {
  describe(`${name} keeps the contract of a store`, () => {
    let now: number;
    let store: SessionStore;
    let key: Uint8Array;

    beforeEach(() => {
      now = START;
      store = subject().make(() => now);
      key = randomBytes(32);
    });

    describe('read', () => {
      test('of what is absent gives undefined', async () => {
        expect(await store.read(key)).toBeUndefined();
      });

      test('gives back what was written, byte by byte', async () => {
        const session = stored({ value: Uint8Array.from({ length: 256 }, (_, index) => index) });
        await store.write(key, session, 'absent');
        expect(plain(await store.read(key))).toEqual(plain(session));
      });

      test('gives back the owner', async () => {
        const session = stored({ owner: randomBytes(32) });
        await store.write(key, session, 'absent');
        expect(plain(await store.read(key))).toEqual(plain(session));
      });

      test('gives a session up to its last millisecond and not in the next', async () => {
        await store.write(key, stored({ expiresAt: START + MINUTE }), 'absent');
        now = START + MINUTE - 1;
        expect(await store.read(key)).toBeDefined();
        now = START + MINUTE;
        expect(await store.read(key)).toBeUndefined();
      });

      test('is not changed by what the caller does to its buffer', async () => {
        const value = Uint8Array.of(1, 2, 3);
        await store.write(key, stored({ value }), 'absent');
        value.fill(9);
        expect([...((await store.read(key))?.value ?? [])]).toEqual([1, 2, 3]);
      });
    });

    describe('write', () => {
      test('where nothing is creates', async () => {
        expect(await store.write(key, stored(), 'absent')).toEqual({ written: true });
      });

      test("is refused if 'absent' is expected and something is there, and answers with that", async () => {
        const first = stored({ version: 'first' });
        await store.write(key, first, 'absent');
        expect(plain(await store.write(key, stored({ version: 'second' }), 'absent'))).toEqual(
          plain({ written: false, current: first }),
        );
        expect((await store.read(key))?.version).toBe('first');
      });

      test('replaces the version that is expected', async () => {
        await store.write(key, stored({ version: 'first', owner: randomBytes(32) }), 'absent');
        const second = stored({ version: 'second', value: Uint8Array.of(2) });
        expect(await store.write(key, second, 'first')).toEqual({ written: true });
        expect(plain(await store.read(key))).toEqual(plain(second));
      });

      test('is refused if another version is there, and answers with that', async () => {
        const first = stored({ version: 'first' });
        await store.write(key, first, 'absent');
        expect(plain(await store.write(key, stored({ version: 'third' }), 'second'))).toEqual(
          plain({ written: false, current: first }),
        );
      });

      test('is refused if a version is expected and nothing is there: a destroyed session stays destroyed', async () => {
        await store.write(key, stored({ version: 'first' }), 'absent');
        await store.destroy(key);
        expect(await store.write(key, stored({ version: 'second' }), 'first')).toEqual({
          written: false,
          current: undefined,
        });
        expect(await store.read(key)).toBeUndefined();
      });

      test('is refused if the expected version has expired: an expired session stays expired', async () => {
        await store.write(key, stored({ version: 'first', expiresAt: START + MINUTE }), 'absent');
        now = START + MINUTE;
        expect(await store.write(key, stored({ version: 'second' }), 'first')).toEqual({
          written: false,
          current: undefined,
        });
        expect(await store.read(key)).toBeUndefined();
      });

      test("takes an expired session for absent if 'absent' is expected", async () => {
        await store.write(key, stored({ version: 'first', expiresAt: START + MINUTE }), 'absent');
        now = START + MINUTE;
        expect(await store.write(key, stored({ version: 'second' }), 'absent')).toEqual({ written: true });
        expect((await store.read(key))?.version).toBe('second');
      });

      test('by many at once succeeds for exactly one', async () => {
        await store.write(key, stored({ version: 'first' }), 'absent');
        const rivals = Array.from({ length: 20 }, (_, index) => `rival ${index}`);
        const results = await Promise.all(rivals.map((version) => store.write(key, stored({ version }), 'first')));
        expect(results.filter((result) => result.written)).toHaveLength(1);
        const winner = rivals[results.findIndex((result) => result.written)];
        expect((await store.read(key))?.version).toBe(winner);
        for (const result of results) {
          expect(result.written || result.current?.version === winner).toBe(true);
        }
      });
    });

    describe('touch', () => {
      test('moves the expiry forward and changes nothing else', async () => {
        const session = stored({ version: 'first', expiresAt: START + MINUTE, owner: randomBytes(32) });
        await store.write(key, session, 'absent');
        expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('ok');
        expect(plain(await store.read(key))).toEqual(plain({ ...session, expiresAt: START + 2 * MINUTE }));
      });

      test('never moves it back', async () => {
        await store.write(key, stored({ version: 'first', expiresAt: START + 2 * MINUTE }), 'absent');
        expect(await store.touch(key, START + MINUTE, 'first')).toBe('ok');
        expect((await store.read(key))?.expiresAt).toBe(START + 2 * MINUTE);
      });

      test("of another version changes nothing and says 'changed'", async () => {
        await store.write(key, stored({ version: 'second', expiresAt: START + MINUTE }), 'absent');
        expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('changed');
        expect((await store.read(key))?.expiresAt).toBe(START + MINUTE);
      });

      test("of what was destroyed makes nothing and says 'gone'", async () => {
        await store.write(key, stored({ version: 'first' }), 'absent');
        await store.destroy(key);
        expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('gone');
        expect(await store.read(key)).toBeUndefined();
      });

      test("of what has expired revives nothing and says 'gone'", async () => {
        await store.write(key, stored({ version: 'first', expiresAt: START + MINUTE }), 'absent');
        now = START + MINUTE;
        expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('gone');
        expect(await store.read(key)).toBeUndefined();
      });
    });

    describe('destroy', () => {
      test('removes the session and answers with it', async () => {
        const session = stored();
        await store.write(key, session, 'absent');
        expect(plain(await store.destroy(key))).toEqual(plain(session));
        expect(await store.read(key)).toBeUndefined();
      });

      test('of what is absent gives undefined', async () => {
        expect(await store.destroy(key)).toBeUndefined();
      });

      test('of what has expired gives undefined', async () => {
        await store.write(key, stored({ expiresAt: START + MINUTE }), 'absent');
        now = START + MINUTE;
        expect(await store.destroy(key)).toBeUndefined();
      });
    });

    test('keys that differ in one bit are different sessions', async () => {
      const neighbour = Uint8Array.from(key, (byte, index) => (index === 31 ? byte ^ 1 : byte));
      await store.write(key, stored({ version: 'first' }), 'absent');
      expect(await store.read(neighbour)).toBeUndefined();
      await store.destroy(neighbour);
      expect((await store.read(key))?.version).toBe('first');
    });

    test('any sequence of calls does what the text says', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
          now = START;
          const subjectKey = randomBytes(32);
          let model: StoredSession | undefined;
          const alive = () => (model !== undefined && model.expiresAt > now ? model : undefined);
          for (const step of actions) {
            switch (step.kind) {
              case 'wait':
                now += step.time;
                break;
              case 'write': {
                const next = stored({ version: step.version, expiresAt: now + step.time });
                const accepted = (alive()?.version ?? 'absent') === step.expected;
                const expected = accepted ? { written: true } : { written: false, current: alive() };
                expect(plain(await store.write(subjectKey, next, step.expected))).toEqual(plain(expected));
                model = accepted ? next : model;
                break;
              }
              case 'touch': {
                const current = alive();
                const answer = current === undefined ? 'gone' : current.version === step.version ? 'ok' : 'changed';
                expect(await store.touch(subjectKey, now + step.time, step.version)).toBe(answer);
                if (current !== undefined && answer === 'ok') {
                  model = { ...current, expiresAt: Math.max(current.expiresAt, now + step.time) };
                }
                break;
              }
              case 'destroy':
                expect(plain(await store.destroy(subjectKey))).toEqual(plain(alive()));
                model = undefined;
                break;
            }
            expect(plain(await store.read(subjectKey))).toEqual(plain(alive()));
          }
        }),
        { numRuns: subject().runs },
      );
    });

    function stored(overrides: Partial<StoredSession> = {}): StoredSession {
      return {
        value: Uint8Array.of(1, 2, 3),
        version: 'first',
        expiresAt: now + MINUTE,
        deadline: START + 60 * MINUTE,
        ...overrides,
      };
    }
  });
}

const versions = fc.constantFrom('a', 'b', 'c');
const times = fc.integer({ min: 1, max: 2 * MINUTE });
const action = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), time: times }),
  fc.record({
    kind: fc.constant('write' as const),
    version: versions,
    expected: fc.oneof(versions, fc.constant('absent')),
    time: times,
  }),
  fc.record({ kind: fc.constant('touch' as const), version: versions, time: times }),
  fc.record({ kind: fc.constant('destroy' as const) }),
);

/** Makes a Buffer and a Uint8Array of the same bytes equal to a matcher. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return [...value];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
  }
  return value;
}
