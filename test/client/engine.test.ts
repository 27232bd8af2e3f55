import { createHash } from 'node:crypto';
import type { SessionStore } from 'cdk-sessions-client';
import { MemoryStore } from 'cdk-sessions-client/memory';
import type { FakeClock } from 'cdk-sessions-client/testing';
import { Lifetime } from '../../lib/client/lifetime';
import { RECORD_FORMAT } from '../../lib/client/record-format';
import {
  bind,
  type Data,
  down,
  engineOf,
  HOUR,
  keyOfSession,
  MINUTE,
  newScene,
  type ObservedStore,
  SECOND,
  START,
  Visitor,
} from './support';

let clock: FakeClock;
let store: ObservedStore;
let visitor: Visitor;

beforeEach(() => {
  ({ clock, store, visitor } = newScene());
});

async function signedIn(): Promise<Visitor> {
  await visitor.request((session) => session.set('user', 'ada'));
  store.taken();
  return visitor;
}

describe('a request without a session', () => {
  test('that writes nothing makes no call and sets no cookie', async () => {
    expect(await visitor.request()).toBeUndefined();
    expect(store.taken()).toEqual([]);
  });

  test('that writes and takes it back makes no call and sets no cookie', async () => {
    const setCookie = await visitor.request((session) => {
      session.set('user', 'ada');
      session.unset('user');
    });
    expect(setCookie).toBeUndefined();
    expect(store.taken()).toEqual([]);
  });

  test('that destroys it makes no call and sets no cookie', async () => {
    expect(await visitor.request((session) => session.destroy())).toBeUndefined();
    expect(store.taken()).toEqual([]);
  });

  test('that writes makes one call and sets a cookie with 256 bits of id and the deadline', async () => {
    const setCookie = await visitor.request((session) => session.set('user', 'ada'));
    const deadline = (START + 12 * HOUR) / 1000;
    expect(setCookie).toMatch(
      new RegExp(`^__Host-session=v1\\.[\\w-]{43}\\.${deadline}; Path=/; Secure; HttpOnly; SameSite=Lax$`),
    );
    expect(store.taken()).toEqual(['write']);
  });

  test('gets a cookie that outlives the browser where the policy says so', async () => {
    const cookie = { name: 'sid', sameSite: 'strict', secure: true, persistent: true, domain: 'example.com' } as const;
    visitor = new Visitor(engineOf({ store, clock, policy: { cookie } }));
    expect(await visitor.request((session) => session.set('user', 'ada'))).toMatch(
      /^sid=v1\.[^;]+; Max-Age=43200; Domain=example\.com; Path=\/; Secure; HttpOnly; SameSite=Strict$/,
    );
  });
});

describe('a request with a session', () => {
  test('that changes nothing costs one read and sets no cookie', async () => {
    await signedIn();
    expect(await visitor.request((session) => session.get('user'))).toBeUndefined();
    expect(store.taken()).toEqual(['read']);
  });

  test('that sets what is there already costs one read', async () => {
    await signedIn();
    await visitor.request((session) => session.set('user', 'ada'));
    expect(store.taken()).toEqual(['read']);
  });

  test('that changes something costs one read and one write', async () => {
    await signedIn();
    expect(await visitor.request((session) => session.set('count', 1))).toBeUndefined();
    expect(store.taken()).toEqual(['read', 'write']);
    expect(await visitor.see('count')).toBe(1);
  });

  test('sees its age and its ends', async () => {
    await signedIn();
    clock.advance(MINUTE);
    const session = await visitor.load();
    expect(session.isNew).toBe(false);
    expect(session.createdAt).toEqual(new Date(START));
    expect(session.expiresAt).toEqual(new Date(START + 30 * MINUTE));
    expect(session.deadline).toEqual(new Date(START + 12 * HOUR));
  });

  test('is stored under the hash of its id, and the id is nowhere in the record', async () => {
    const written: { key: Uint8Array; value: Uint8Array }[] = [];
    const inner: SessionStore = new MemoryStore({ clock: clock.read });
    const spy: SessionStore = {
      read: (...args) => inner.read(...args),
      touch: (...args) => inner.touch(...args),
      destroy: (...args) => inner.destroy(...args),
      write: (key, next, ...rest) => {
        written.push({ key, value: next.value });
        return inner.write(key, next, ...rest);
      },
    };
    visitor = new Visitor(engineOf({ store: spy, clock }));
    await visitor.request((session) => session.set('user', 'ada'));
    const id = visitor.cookie?.split('.')[1] ?? '';
    const [write] = written;
    expect(Buffer.from(write?.key ?? [])).toEqual(createHash('sha256').update(Buffer.from(id, 'base64url')).digest());
    expect(Buffer.from(write?.value ?? []).toString('latin1')).not.toContain(id);
  });

  test('is compressed from where on its store says, and read whatever that was before', async () => {
    await signedIn();
    const elsewhere = visitor.tab(engineOf({ store: Object.assign(bind(store), { compressAbove: 2048 }), clock }));
    const formats: (number | undefined)[] = [];
    for (const [tab, length] of [
      [visitor, 1000],
      [elsewhere, 1001],
      [elsewhere, 3000],
      [visitor, 3001],
      [visitor, 100],
    ] as const) {
      await tab.request((session) => session.update('user', (user = '') => user.slice(0, 1).repeat(length)));
      formats.push((await store.read(keyOfSession(visitor)))?.value[0]);
    }
    const { plain, deflated } = RECORD_FORMAT;
    expect(formats).toEqual([deflated, plain, deflated, deflated, plain]);
    expect(await visitor.see('user')).toBe('a'.repeat(100));
  });
});

describe('a cookie that cannot be ours', () => {
  const cases: Record<string, (valid: string) => string> = {
    garbage: () => 'garbage',
    'empty value': () => '',
    '8 KB': () => 'A'.repeat(8192),
    '8 KB behind a valid value': (valid) => valid + 'A'.repeat(8192),
    'another spelling of the same bits': (valid) =>
      valid.replace(/^(v1\.[^.]{42})(.)/, (_, rest, last) => rest + String.fromCharCode(last.charCodeAt(0) + 1)),
    'base64 with padding': (valid) => valid.replace(/^(v1\.[^.]{43})/, '$1='),
    'a newer version': (valid) => valid.replace('v1.', 'v2.'),
    'a deadline that has passed': (valid) => valid.replace(/\d+$/, String(START / 1000)),
    'a deadline with a leading zero': (valid) => valid.replace(/\.(\d+)$/, '.0$1'),
    quotes: (valid) => `"${valid}"`,
    'a percent sign': (valid) => valid.replace('v1.', 'v1%2E'),
  };

  test.each(Object.entries(cases))('never reaches the store: %s', async (_, forge) => {
    await signedIn();
    const [name, valid = ''] = (visitor.cookie ?? '').split('=');
    expect(forge(valid)).not.toBe(valid);
    visitor.cookie = `${name}=${forge(valid)}`;
    const setCookie = await visitor.request((session) => {
      expect(session.isNew).toBe(true);
      expect(session.get('user')).toBeUndefined();
    });
    expect(setCookie).toBeUndefined();
    expect(store.taken()).toEqual([]);
  });

  test('nor one that is dead hides a living one behind it', async () => {
    await signedIn();
    const unknown = `v1.${'A'.repeat(43)}.${(START + HOUR) / 1000}`;
    const over = `v1.${'A'.repeat(43)}.${START / 1000}`;
    visitor.cookie = `__Host-session=${over}; __Host-session=${unknown}; ${visitor.cookie}`;
    expect(await visitor.see('user')).toBe('ada');
    visitor.cookie = `${`__Host-session=${unknown}; `.repeat(20)}${visitor.cookie}`;
    store.taken();
    expect(await visitor.see('user')).toBeUndefined();
    expect(store.taken()).toHaveLength(3);
  });

  test.each(['\u00a0', '\u2000', '\ufeff', '\v', '\f'])(
    'behind white space that no browser takes for any: %j',
    async (space) => {
      await signedIn();
      visitor.cookie = `${space}${visitor.cookie}`;
      expect((await visitor.load()).isNew).toBe(true);
      expect(store.taken()).toEqual([]);
    },
  );

  test('does not hide a valid one behind it', async () => {
    await signedIn();
    visitor.cookie = `__Host-session=garbage; ${visitor.cookie}`;
    expect(await visitor.see('user')).toBe('ada');
  });

  test('of which the store knows nothing is never adopted: a new session gets an id of its own', async () => {
    visitor.cookie = `__Host-session=v1.${'A'.repeat(43)}.${(START + HOUR) / 1000}`;
    await visitor.request((session) => session.set('user', 'ada'));
    expect(store.taken()).toEqual(['read', 'write']);
    expect(visitor.cookie).not.toContain('AAAA');
  });
});

describe('time', () => {
  test('ends an idle session to the millisecond', async () => {
    const neighbour = new Visitor(engineOf({ store, clock }));
    await neighbour.request((session) => session.set('user', 'bob'));
    await signedIn();
    clock.advance(30 * MINUTE - 1);
    expect((await visitor.load()).isNew).toBe(false);
    clock.advance(1);
    expect((await neighbour.load()).isNew).toBe(true);
  });

  test('does not run out under a handler that is at work: what is about to is touched first', async () => {
    await signedIn();
    clock.advance(30 * MINUTE - 1);
    const session = await visitor.load();
    expect(store.taken()).toEqual(['read', 'touch']);
    clock.advance(10 * SECOND);
    session.set('count', 1);
    await visitor.commit(session);
    expect(await visitor.see('count')).toBe(1);
    store.taken();
    await visitor.request();
    expect(store.taken()).toEqual(['read']);
  });

  test('does not run out under a handler a moment before its deadline, either', async () => {
    const times = { idleTimeout: 300, absoluteTimeout: 610, touchAfter: 30 };
    const strict = new Visitor(engineOf({ store, clock, policy: times }));
    await strict.request((session) => session.set('count', 0));
    for (const count of [1, 2]) {
      clock.advance(150 * SECOND);
      await strict.request((session) => session.set('count', count));
    }
    clock.advance(270 * SECOND);
    store.taken();
    expect((await strict.load()).expiresAt).toEqual(new Date(START + 610 * SECOND));
    expect(store.taken()).toEqual(['read', 'touch']);
    await strict.request();
    expect(store.taken()).toEqual(['read']);
  });

  test('runs out all the same if it does so while it is touched', async () => {
    await signedIn();
    clock.advance(30 * MINUTE - 1);
    store.before.touch = async () => clock.advance(1);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('a clock that is behind does not bring the idle end forward', async () => {
    await signedIn();
    clock.advance(10 * MINUTE);
    await visitor.request((session) => session.set('count', 1));
    clock.advance(-MINUTE);
    await visitor.request((session) => session.set('count', 2));
    expect((await visitor.load()).expiresAt).toEqual(new Date(START + 40 * MINUTE));
  });

  test('ends a busy session at its deadline to the millisecond, without a call from then on', async () => {
    await signedIn();
    for (let time = 0; time < 12 * HOUR - 20 * MINUTE; time += 20 * MINUTE) {
      clock.advance(20 * MINUTE);
      await visitor.request();
    }
    clock.now = START + 12 * HOUR - 1;
    expect((await visitor.load()).isNew).toBe(false);
    clock.advance(1);
    store.taken();
    expect((await visitor.load()).isNew).toBe(true);
    expect(store.taken()).toEqual([]);
  });

  test('moves the idle end only after the touch threshold, by one touch', async () => {
    await signedIn();
    clock.advance(3 * MINUTE);
    await visitor.request();
    expect(store.taken()).toEqual(['read']);
    clock.advance(1);
    await visitor.request();
    expect(store.taken()).toEqual(['read', 'touch']);
    expect((await visitor.load()).expiresAt).toEqual(new Date(START + 33 * MINUTE + 1));
  });

  test('does not touch what cannot live longer', async () => {
    await signedIn();
    for (let time = 0; time < 12 * HOUR - 20 * MINUTE; time += 20 * MINUTE) {
      clock.advance(20 * MINUTE);
      await visitor.request();
    }
    clock.now = START + 12 * HOUR - SECOND;
    store.taken();
    await visitor.request();
    expect(store.taken()).toEqual(['read']);
  });

  test('a policy that became tighter counts for the sessions that are there', async () => {
    await signedIn();
    const tighter = visitor.tab(engineOf({ store, clock, policy: { idleTimeout: 600, touchAfter: 60 } }));
    clock.advance(10 * MINUTE - 1);
    expect((await tighter.load()).isNew).toBe(false);
    clock.advance(1);
    expect((await tighter.load()).isNew).toBe(true);

    const shorter = visitor.tab(engineOf({ store, clock, policy: { absoluteTimeout: 1800 } }));
    await visitor.request((session) => session.set('count', 1));
    clock.now = START + 30 * MINUTE - 1;
    expect((await shorter.load()).isNew).toBe(false);
    clock.advance(1);
    expect((await shorter.load()).isNew).toBe(true);
  });

  test('a session in use lives on under a tighter policy', async () => {
    await signedIn();
    const tighter = visitor.tab(engineOf({ store, clock, policy: { idleTimeout: 600, touchAfter: 60 } }));
    for (let minute = 5; minute <= 60; minute += 5) {
      clock.advance(5 * MINUTE);
      await tighter.request();
    }
    expect((await tighter.load()).expiresAt).toEqual(new Date(START + HOUR + 10 * MINUTE));
  });

  test('a policy that became looser does not prolong what was promised', async () => {
    await signedIn();
    const looser = visitor.tab(engineOf({ store, clock, policy: { idleTimeout: 7200 } }));
    clock.advance(30 * MINUTE);
    expect((await looser.load()).isNew).toBe(true);
  });
});

describe('parallel requests', () => {
  test('keep each other’s keys', async () => {
    await signedIn();
    const [first, second] = [visitor.tab(), visitor.tab()];
    const [one, two] = await Promise.all([first.load(), second.load()]);
    one.set('a', 1);
    two.set('b', 2);
    await Promise.all([first.commit(one), second.commit(two)]);
    expect(await visitor.see('a')).toBe(1);
    expect(await visitor.see('b')).toBe(2);
    expect(await visitor.see('user')).toBe('ada');
  });

  test('lose no update: 50 that count one key', async () => {
    await signedIn();
    const tabs = Array.from({ length: 50 }, () => visitor.tab());
    const sessions = await Promise.all(tabs.map((tab) => tab.load()));
    for (const session of sessions) {
      session.update('count', (count = 0) => count + 1);
    }
    await Promise.all(tabs.map((tab, index) => tab.commit(sessions[index] ?? fail())));
    expect(await visitor.see('count')).toBe(50);
  });

  test('an update that changes its argument in place counts once each, too', async () => {
    await visitor.request((session) => session.set('list', [0]));
    const tabs = Array.from({ length: 10 }, () => visitor.tab());
    const sessions = await Promise.all(tabs.map((tab) => tab.load()));
    sessions.forEach((session, index) => {
      session.update('list', (list = []) => {
        list.push(index + 1);
        return list;
      });
    });
    await Promise.all(tabs.map((tab, index) => tab.commit(sessions[index] ?? fail())));
    expect([...((await visitor.see('list')) ?? [])].sort((x, y) => x - y)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each<[string, (session: Awaited<ReturnType<Visitor['load']>>) => void, Partial<Data>]>([
    ['unset stays unset', (session) => session.unset('user'), { a: 1, b: 2 }],
    ['clear takes away what the other added', (session) => session.clear(), {}],
    ['set after clear stays', (session) => [session.clear(), session.set('count', 7)], { count: 7 }],
    [
      'update after set builds on it',
      (session) => [session.set('a', 5), session.update('a', inc)],
      { user: 'ada', a: 6, b: 2 },
    ],
    [
      'set after update replaces it',
      (session) => [session.update('a', inc), session.set('a', 0)],
      { user: 'ada', a: 0, b: 2 },
    ],
    [
      'two updates run both',
      (session) => [session.update('a', inc), session.update('a', inc)],
      { user: 'ada', a: 3, b: 2 },
    ],
    ['update after clear builds on nothing', (session) => [session.clear(), session.update('a', inc)], { a: 1 }],
  ])('merge: %s', async (_, change, expected) => {
    await signedIn();
    const mine = await visitor.load();
    change(mine);
    await visitor.tab().request((other) => {
      other.set('a', 1);
      other.set('b', 2);
    });
    await visitor.commit(mine);
    const seen = await visitor.load();
    expect(JSON.parse(seen.found?.record.data.text ?? '')).toEqual(expected);
  });

  test('clear takes away what another added even where there was nothing to take away before', async () => {
    await visitor.request((session) => session.set('a', 1));
    await visitor.request((session) => session.unset('a'));
    const session = await visitor.load();
    session.clear();
    await visitor.tab().request((other) => other.set('b', 2));
    await visitor.commit(session);
    expect(await visitor.see('b')).toBeUndefined();
  });

  test('a write that went through is not made again, however many others come before the news of it', async () => {
    await signedIn();
    for (const others of [0, 1, 7]) {
      let first = true;
      const lossy: SessionStore = {
        ...bind(store),
        write: async (...args) => {
          const result = await store.write(...args);
          if (!first) {
            return result;
          }
          first = false;
          for (let other = 0; other < others; other++) {
            await visitor.tab().request((session) => session.update('list', (list = []) => [...list, other]));
          }
          // As the SDK sends it again when the reply to it was lost.
          return store.write(...args);
        },
      };
      const before = (await visitor.see('count')) ?? 0;
      const tab = visitor.tab(engineOf({ store: lossy, clock }));
      await tab.request((session) => session.update('count', (count = 0) => count + 1));
      expect(await visitor.see('count')).toBe(before + 1);
    }
  });

  test('a write that got lost on its way, and that others came before since, is made again on what they left', async () => {
    await signedIn();
    const tab = visitor.tab(
      engineOf({
        store: {
          ...bind(store),
          write: async (...args) => {
            if (others !== undefined) {
              const other = others;
              others = undefined;
              await other();
              return down();
            }
            return store.write(...args);
          },
        },
        clock,
      }),
    );
    let others: (() => Promise<unknown>) | undefined = () => visitor.tab().request((other) => other.set('count', 5));
    await tab.request((session) => session.update('count', (count = 0) => count + 1));
    expect(await visitor.see('count')).toBe(6);
  });

  test('a write that went through before its session expired is not told as discarded', async () => {
    const told: unknown[] = [];
    const slow: SessionStore = {
      ...bind(store),
      write: async (...args) => {
        await store.write(...args);
        clock.advance(30 * MINUTE);
        return down();
      },
    };
    await signedIn();
    const hooks = { discarded: () => told.push('discarded') };
    const tab = visitor.tab(engineOf({ store: slow, clock, hooks }));
    await expect(tab.request((session) => session.set('count', 1))).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    });
    expect(told).toEqual([]);
  });

  test('a write whose reply never came is looked for before it is called a failure', async () => {
    await signedIn();
    const lossy: SessionStore = {
      ...bind(store),
      write: async (...args) => {
        await store.write(...args);
        return new Promise(() => undefined);
      },
    };
    const tab = visitor.tab(engineOf({ store: lossy, clock, callTimeout: 20 }));
    await tab.request((session) => session.update('count', (count = 0) => count + 1));
    expect(await visitor.see('count')).toBe(1);
  });

  test('too many of them end in ERR_SESSION_CONFLICT when the time is over, not in silence', async () => {
    await signedIn();
    const restless: SessionStore = {
      read: (...args) => store.read(...args),
      touch: (...args) => store.touch(...args),
      destroy: (...args) => store.destroy(...args),
      write: async (key, _next, _expected, options) => ({ written: false, current: await store.read(key, options) }),
    };
    const engine = engineOf({ store: restless, clock });
    const session = await visitor.tab(engine).load();
    session.set('count', 1);
    // Pauses of 40, 80, 160 and 320 ms, of which the last one would take longer than there is time.
    const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
    try {
      await expect(engine.commit(session, { remainingMs: 500 })).rejects.toMatchObject({
        code: 'ERR_SESSION_CONFLICT',
        message: expect.stringContaining('was saved by others before each of 5 attempts'),
      });
    } finally {
      random.mockRestore();
    }
  });

  test('a refusal that names our own version is our own write, whose reply was lost', async () => {
    await signedIn();
    const lossy: SessionStore = {
      read: (...args) => store.read(...args),
      touch: (...args) => store.touch(...args),
      destroy: (...args) => store.destroy(...args),
      write: async (key, next, expected) => {
        await store.write(key, next, expected);
        return { written: false, current: next };
      },
    };
    const tab = visitor.tab(engineOf({ store: lossy, clock }));
    await tab.request((session) => session.update('count', (count = 0) => count + 1));
    expect(store.taken()).toEqual(['read', 'write']);
    expect(await visitor.see('count')).toBe(1);
  });
});

const inc = (value: unknown) => (typeof value === 'number' ? value + 1 : 1);

describe('a store in trouble', () => {
  test('that hangs is given up at the deadline of the call', async () => {
    await signedIn();
    const hanging: SessionStore = { ...bind(store), read: () => new Promise(() => undefined) };
    const tab = visitor.tab(engineOf({ store: hanging, clock, callTimeout: 30 }));
    await expect(tab.load()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_TIMEOUT',
      message: 'the session store did not answer a read within 30 ms',
    });
  });

  test('is told to stop at the deadline', async () => {
    await signedIn();
    let signal: AbortSignal | undefined;
    const hanging: SessionStore = {
      ...bind(store),
      read: (_key, options) => {
        signal = options?.signal;
        return new Promise(() => undefined);
      },
    };
    await expect(visitor.tab(engineOf({ store: hanging, clock, callTimeout: 10 })).load()).rejects.toThrow();
    expect(signal?.aborted).toBe(true);
  });

  test('is not waited for longer than the function may run', async () => {
    await signedIn();
    const engine = engineOf({ store: { ...bind(store), read: () => new Promise(() => undefined) }, clock });
    await expect(engine.load([visitor.cookie ?? ''], { remainingMs: 120 })).rejects.toThrow(/within (1?\d|20) ms/);
  });

  test('that fails is reported with its own error as the cause', async () => {
    await signedIn();
    const cause = new Error('no route');
    const failing: SessionStore = { ...bind(store), read: () => Promise.reject(cause) };
    await expect(visitor.tab(engineOf({ store: failing, clock })).load()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
      cause,
    });
  });

  test('that fails with what is no error is reported, too', async () => {
    await signedIn();
    const failing: SessionStore = { ...bind(store), read: () => Promise.reject('no route') };
    await expect(visitor.tab(engineOf({ store: failing, clock })).load()).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
      message: 'the session store failed a read: no route',
    });
  });

  test('that somebody else writes to, too, is told from a conflict of ours', async () => {
    const current = { value: Buffer.from('{}'), version: 'theirs', expiresAt: START + HOUR, deadline: START + HOUR };
    const shared: SessionStore = { ...bind(store), write: async () => ({ written: false, current: undefined }) };
    await expect(
      new Visitor(engineOf({ store: shared, clock })).request((session) => session.set('a', 1)),
    ).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFLICT',
      message: expect.stringContaining('shared with other code'),
    });
    const foreign: SessionStore = { ...bind(store), write: async () => ({ written: false, current }) };
    await expect(
      new Visitor(engineOf({ store: foreign, clock })).request((session) => session.set('a', 1)),
    ).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD' });
  });

  test('is sent nothing when no time is left', async () => {
    await signedIn();
    const engine = engineOf({ store, clock });
    await expect(engine.load([visitor.cookie ?? ''], { remainingMs: 50 })).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_TIMEOUT',
      message: 'no time is left for a read of the session store',
    });
    expect(store.taken()).toEqual([]);
  });

  test('that fails a touch costs a reader nothing, and is reported', async () => {
    await signedIn();
    clock.advance(10 * MINUTE);
    const reported: string[] = [];
    const engine = engineOf({
      store: { ...bind(store), touch: down },
      clock,
      hooks: { storeError: ({ code }) => reported.push(code) },
    });
    expect(await visitor.tab(engine).request((session) => session.get('user'))).toBeUndefined();
    expect(reported).toEqual(['ERR_SESSION_STORE_UNAVAILABLE']);
  });

  test('with a record that a newer release has just saved costs a reader nothing, either', async () => {
    await signedIn();
    const policy = { renewalTimeout: 60 };
    clock.advance(MINUTE);
    const newer: SessionStore = {
      ...bind(store),
      write: async (key, next, expected) => {
        const result = expected === 'absent' ? await store.write(key, next, expected) : undefined;
        const current = await store.read(key);
        return result ?? { written: false, current: current && { ...current, version: 'x', value: Uint8Array.of(3) } };
      },
    };
    const reported: string[] = [];
    const hooks = { storeError: ({ code }: { code: string }) => reported.push(code) };
    const tab = visitor.tab(engineOf({ store: newer, clock, policy, hooks }));
    expect(await tab.request((session) => session.get('user'))).toBeUndefined();
    expect(reported).toEqual(['ERR_SESSION_RECORD']);
  });

  test('does not make a mistake of our own look like its trouble', async () => {
    await signedIn();
    clock.advance(10 * MINUTE);
    const tab = visitor.tab(engineOf({ store, clock }));
    const session = await tab.load();
    jest.spyOn(Lifetime.prototype, 'touchSuffices').mockImplementation(() => {
      throw new TypeError('mistake');
    });
    try {
      await expect(tab.commit(session)).rejects.toThrow(TypeError);
    } finally {
      jest.restoreAllMocks();
    }
  });

  test('harms no request without a session', async () => {
    const failing = { read: down, write: down, touch: down, destroy: down };
    const anonymous = new Visitor(engineOf({ store: failing, clock }));
    expect(await anonymous.request((session) => session.get('user'))).toBeUndefined();
  });

  test('with a record of a newer format is an error, never a visitor signed out', async () => {
    await signedIn();
    const newer: SessionStore = {
      ...bind(store),
      read: async (...args) => {
        const session = await store.read(...args);
        return session && { ...session, value: Uint8Array.of(3, ...session.value.subarray(1)) };
      },
    };
    await expect(visitor.tab(engineOf({ store: newer, clock })).load()).rejects.toMatchObject({
      code: 'ERR_SESSION_RECORD',
    });
  });
});

function fail(): never {
  throw new Error('unreachable');
}
