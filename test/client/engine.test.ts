import { createHash } from 'node:crypto';
import type { SessionStore, StoredSession } from 'cdk-sessions-client';
import { MemoryStore } from 'cdk-sessions-client/memory';
import { FakeClock, FaultyStore } from 'cdk-sessions-client/testing';
import { keyOf } from '../../lib/client/session-id';
import { type Data, engineOf, HOUR, MINUTE, ObservedStore, SECOND, START, Visitor } from './support';

let clock: FakeClock;
let store: ObservedStore;
let visitor: Visitor;

beforeEach(() => {
  clock = new FakeClock();
  store = new ObservedStore(new MemoryStore({ clock: clock.read }));
  visitor = new Visitor(engineOf({ store, clock }));
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
    expect(JSON.parse(seen.dataOn(seen.found))).toEqual(expected);
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
    await expect(engine.commit(session, { remainingMs: 400 })).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SESSION_(CONFLICT|STORE_TIMEOUT)$/),
    });
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

describe('destroy', () => {
  test('ends the session and makes the browser forget it', async () => {
    await signedIn();
    const thief = visitor.tab();
    expect(await visitor.request((session) => session.destroy())).toBe(
      '__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax',
    );
    expect(store.taken()).toEqual(['read', 'write']);
    expect((await thief.load()).isNew).toBe(true);
  });

  test('leaves nothing of what was in the session, nor whose it was', async () => {
    const memory = new MemoryStore({ clock: clock.read });
    visitor = new Visitor(engineOf({ store: memory, clock }));
    await visitor.request((session) => session.set('user', 'ada'));
    const key = keyOf(visitor.cookie?.split('.')[1] ?? '');
    const owned = { ...(await memory.read(key)), owner: Uint8Array.of(1) } as StoredSession;
    await memory.write(key, owned, owned.version);
    await visitor.request((session) => session.destroy());
    const left = await memory.read(key);
    expect(Buffer.from(left?.value ?? []).toString()).not.toContain('ada');
    expect(left?.owner).toBeUndefined();
  });

  test('of a session that is over already makes the browser forget it, too', async () => {
    await signedIn();
    clock.advance(30 * MINUTE);
    expect(await visitor.request((session) => session.destroy())).toMatch(/^__Host-session=; Max-Age=0;/);
  });

  test('ends a session that gets a new id at the same moment, even if the reply to its write is lost', async () => {
    await signedIn();
    const tab = visitor.tab();
    const session = await tab.load();
    session.destroy();
    const repeating: SessionStore = {
      ...bind(store),
      write: async (...args) => {
        // As the SDK sends it again when the reply to it was lost.
        await store.write(...args);
        return store.write(...args);
      },
    };
    await visitor.request((other) => other.regenerate());
    await expect(new Visitor(engineOf({ store: repeating, clock })).commit(session)).resolves.toMatch(/Max-Age=0/);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('can be repeated when it failed half-way', async () => {
    await signedIn();
    const tab = visitor.tab();
    const session = await tab.load();
    await visitor.request((other) => other.regenerate());
    session.destroy();
    let writes = 0;
    const faulty: SessionStore = {
      ...bind(store),
      write: (...args) => (++writes === 2 ? down() : store.write(...args)),
    };
    await expect(new Visitor(engineOf({ store: faulty, clock })).commit(session)).rejects.toThrow();
    const again = await visitor.load();
    again.destroy();
    await visitor.commit(again);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('does not wait for others that keep saving', async () => {
    await signedIn();
    const session = await visitor.load();
    session.destroy();
    const busy: SessionStore = {
      ...bind(store),
      write: async (key, _next, _expected, options) => ({ written: false, current: await store.read(key, options) }),
    };
    store.taken();
    await new Visitor(engineOf({ store: busy, clock })).commit(session);
    expect(store.taken().at(-1)).toBe('destroy');
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('ends a session that got a new id while others kept saving, even if the reply to its last call is lost', async () => {
    await signedIn();
    const session = await visitor.tab().load();
    session.destroy();
    const others = [
      () => visitor.request((other) => other.set('a', 1)),
      () => visitor.request((other) => other.set('b', 2)),
      () => visitor.request((other) => other.regenerate()),
    ];
    const busy = new FaultyStore({
      ...bind(store),
      write: async (...args) => {
        await others.shift()?.();
        return store.write(...args);
      },
    });
    busy.next('destroy', 'duplicate');
    await new Visitor(engineOf({ store: busy, clock })).commit(session);
    expect(others).toEqual([]);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test.each<[string, (session: Awaited<ReturnType<Visitor['load']>>) => void]>([
    ['save', (session) => session.set('count', 1)],
    ['touch', () => clock.advance(10 * MINUTE)],
    ['regenerate', (session) => session.regenerate()],
  ])('wins over a late %s', async (_, act) => {
    await signedIn();
    const late = visitor.tab();
    const session = await late.load();
    await visitor.tab().request((other) => other.destroy());
    act(session);
    expect(await late.commit(session)).toBeUndefined();
    expect((await visitor.load()).isNew).toBe(true);
    expect((await late.load()).isNew).toBe(true);
  });

  test('makes changes afterwards an error', async () => {
    const session = await (await signedIn()).load();
    session.destroy();
    expect(session.get('user')).toBeUndefined();
    for (const change of [
      () => session.set('count', 1),
      () => session.update('count', () => 1),
      () => session.unset('count'),
      () => session.clear(),
      () => session.regenerate(),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DESTROYED' }));
    }
  });
});

describe('regenerate', () => {
  test('moves the session to a new id and lets the old one answer nothing', async () => {
    await signedIn();
    const old = visitor.tab();
    const before = visitor.cookie;
    await visitor.request((session) => {
      session.regenerate();
      session.set('count', 1);
    });
    expect(store.taken()).toEqual(['read', 'write', 'write']);
    expect(visitor.cookie).not.toBe(before);
    expect(await visitor.see('user')).toBe('ada');
    expect(await visitor.see('count')).toBe(1);
    expect((await old.load()).isNew).toBe(true);
  });

  test('keeps the beginning and the deadline', async () => {
    await signedIn();
    clock.advance(10 * MINUTE);
    await visitor.request((session) => session.regenerate());
    const session = await visitor.load();
    expect(session.createdAt).toEqual(new Date(START));
    expect(session.deadline).toEqual(new Date(START + 12 * HOUR));
  });

  test('of a session that is new costs nothing more', async () => {
    await visitor.request((session) => {
      session.regenerate();
      session.set('user', 'ada');
    });
    expect(store.taken()).toEqual(['write']);
  });

  test('lets the old id answer nothing on an instance whose clock is behind, either', async () => {
    await signedIn();
    const old = visitor.tab();
    await visitor.request((session) => session.regenerate());
    clock.advance(-MINUTE);
    expect((await old.load()).isNew).toBe(true);
  });

  test('keeps whose session it is', async () => {
    const memory = new MemoryStore({ clock: clock.read });
    visitor = new Visitor(engineOf({ store: memory, clock }));
    await visitor.request((session) => session.set('user', 'ada'));
    const before = keyOf(visitor.cookie?.split('.')[1] ?? '');
    const owned = { ...(await memory.read(before)), owner: Uint8Array.of(1) } as StoredSession;
    await memory.write(before, owned, owned.version);
    await visitor.request((session) => session.regenerate());
    expect((await memory.read(before))?.owner).toBeUndefined();
    expect((await memory.read(keyOf(visitor.cookie?.split('.')[1] ?? '')))?.owner).toEqual(Uint8Array.of(1));
  });

  test('keeps what a parallel request saved in between', async () => {
    await signedIn();
    const session = await visitor.load();
    session.regenerate();
    session.update('count', (count = 0) => count + 1);
    await visitor.tab().request((other) => other.set('count', 10));
    await visitor.commit(session);
    expect(await visitor.see('count')).toBe(11);
  });

  test('does not bring the idle end forward that a parallel request moved', async () => {
    await signedIn();
    const session = await visitor.load();
    session.regenerate();
    const ahead = new FakeClock(clock.now + 5 * SECOND);
    await visitor.tab(engineOf({ store, clock: ahead })).request((other) => other.set('count', 1));
    await visitor.commit(session);
    expect((await visitor.load()).expiresAt).toEqual(new Date(START + 30 * MINUTE + 5 * SECOND));
  });

  test('lets a late save with the old id change nothing: it may be a stranger’s', async () => {
    await signedIn();
    const late = visitor.tab();
    const session = await late.load();
    await visitor.request((other) => other.regenerate());
    session.set('user', 'eve');
    expect(await late.commit(session)).toBeUndefined();
    expect(await visitor.see('user')).toBe('ada');
  });

  test('does not hide the session from a sign-out that set out with the old id', async () => {
    await signedIn();
    const late = visitor.tab();
    const session = await late.load();
    await visitor.request((other) => other.regenerate());
    await visitor.request((other) => other.regenerate());
    session.destroy();
    await late.commit(session);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('of one session by two requests: the first to retire it wins, and the other’s id never lives', async () => {
    await signedIn();
    const [first, second] = [visitor.tab(), visitor.tab()];
    const [one, two] = await Promise.all([first.load(), second.load()]);
    one.regenerate();
    two.regenerate();
    await Promise.all([first.commit(one), second.commit(two)]);
    const alive = [await first.see('user'), await second.see('user')];
    expect(alive.filter((user) => user === 'ada')).toHaveLength(1);
  });

  test('that crashes before the old record is retired leaves the old session as it was', async () => {
    await signedIn();
    const session = await visitor.load();
    session.regenerate();
    store.before.write = async () => {
      store.before.write = async () => {
        throw new Error('crash');
      };
    };
    await expect(visitor.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect(await visitor.see('user')).toBe('ada');
  });
});

describe('periodic renewal', () => {
  beforeEach(async () => {
    visitor = new Visitor(engineOf({ store, clock, policy: { renewalTimeout: 600 } }));
    await signedIn();
  });

  test('gives a session in use a new id when its id has reached its age', async () => {
    clock.advance(10 * MINUTE - 1);
    expect(await visitor.request()).toBeUndefined();
    clock.advance(1);
    expect(await visitor.request()).toMatch(/^__Host-session=v1\./);
    expect(await visitor.see('user')).toBe('ada');
  });

  test('serves requests with the old id for a grace of 30 seconds, and tells them the new one', async () => {
    const [old, lost, late] = [visitor.tab(), visitor.tab(), visitor.tab()];
    clock.advance(10 * MINUTE);
    await visitor.request();
    clock.advance(30 * SECOND - 1);
    await old.request((session) => session.set('count', 1));
    expect(old.cookie).toBe(visitor.cookie);
    await lost.request();
    expect(lost.cookie).toBe(visitor.cookie);
    expect(await visitor.see('count')).toBe(1);
    clock.advance(1);
    expect((await late.load()).isNew).toBe(true);
  });

  test('whose reply is lost costs nobody the session', async () => {
    clock.advance(10 * MINUTE);
    const session = await visitor.load();
    await new Visitor(engineOf({ store, clock, policy: { renewalTimeout: 600 } })).commit(session);
    for (let second = 0; second < 60; second++) {
      clock.advance(SECOND);
      await visitor.request();
    }
    expect(await visitor.see('user')).toBe('ada');
  });

  test('does not let the old id lead from what the store has to the new one', async () => {
    const memory = new MemoryStore({ clock: clock.read });
    visitor = new Visitor(engineOf({ store: memory, clock, policy: { renewalTimeout: 600 } }));
    await visitor.request((session) => session.set('user', 'ada'));
    const key = keyOf(visitor.cookie?.split('.')[1] ?? '');
    clock.advance(10 * MINUTE);
    await visitor.request();
    const retired = Buffer.from((await memory.read(key))?.value ?? []).toString();
    expect(retired).toContain('"nonce"');
    expect(retired).not.toContain(visitor.cookie?.split('.')[1]);
  });

  test('that fails is tried at the next request and costs a reader nothing', async () => {
    const reported: unknown[] = [];
    const policy = { renewalTimeout: 600 };
    clock.advance(10 * MINUTE);
    const faulty: SessionStore = { ...bind(store), write: down };
    const tab = visitor.tab(
      engineOf({ store: faulty, clock, policy, hooks: { storeError: (error) => reported.push(error.code) } }),
    );
    expect(await tab.request()).toBeUndefined();
    expect(reported).toEqual(['ERR_SESSION_STORE_UNAVAILABLE']);
    expect(await visitor.request()).toMatch(/^__Host-session=v1/);
  });

  test('lets a save that was under way reach the session under its new id', async () => {
    const late = visitor.tab();
    const session = await late.load();
    clock.advance(10 * MINUTE);
    await visitor.request();
    session.set('count', 1);
    await late.commit(session);
    expect(late.cookie).toBe(visitor.cookie);
    expect(await visitor.see('count')).toBe(1);
  });

  test('by two requests at once gives one new id, and both keep their work', async () => {
    const [first, second] = [visitor.tab(), visitor.tab()];
    clock.advance(10 * MINUTE);
    const [one, two] = await Promise.all([first.load(), second.load()]);
    one.set('a', 1);
    two.set('b', 2);
    await first.commit(one);
    await second.commit(two);
    expect(second.cookie).toBe(first.cookie);
    expect(await first.see('a')).toBe(1);
    expect(await first.see('b')).toBe(2);
  });

  test('lets a sign-out with the old id end the session', async () => {
    const old = visitor.tab();
    clock.advance(10 * MINUTE);
    await visitor.request();
    await old.request((session) => session.destroy());
    expect((await visitor.load()).isNew).toBe(true);
  });
});

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
        return session && { ...session, value: Uint8Array.of(2, ...session.value.subarray(1)) };
      },
    };
    await expect(visitor.tab(engineOf({ store: newer, clock })).load()).rejects.toMatchObject({
      code: 'ERR_SESSION_RECORD',
    });
  });
});

function bind(inner: SessionStore): SessionStore {
  return {
    read: (...args) => inner.read(...args),
    write: (...args) => inner.write(...args),
    touch: (...args) => inner.touch(...args),
    destroy: (...args) => inner.destroy(...args),
  };
}

function down(): Promise<never> {
  return Promise.reject(new Error('down'));
}

function fail(): never {
  throw new Error('unreachable');
}
