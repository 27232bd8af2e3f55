import type { SessionStore } from 'cdk-sessions-client';
import type { MemoryStore } from 'cdk-sessions-client/memory';
import { type FakeClock, FaultyStore } from 'cdk-sessions-client/testing';
import type { SessionDraft } from '../../lib/client/session-draft';
import { ownerOf } from '../../lib/client/user-id';
import {
  bind,
  type Data,
  down,
  engineOf,
  keyOfSession,
  MINUTE,
  newScene,
  type ObservedStore,
  Visitor,
} from './support';

let clock: FakeClock;
let memory: MemoryStore;
let store: ObservedStore;
let visitor: Visitor;

beforeEach(() => {
  ({ clock, memory, store, visitor } = newScene());
});

async function begun(): Promise<Visitor> {
  await visitor.request((session) => session.set('user', 'ada'));
  store.taken();
  return visitor;
}

describe('destroy', () => {
  test('ends the session and makes the browser forget it', async () => {
    await begun();
    const thief = visitor.tab();
    expect(await visitor.request((session) => session.destroy())).toBe(
      '__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax',
    );
    expect(store.taken()).toEqual(['read', 'write']);
    expect((await thief.load()).isNew).toBe(true);
  });

  test('leaves nothing of what was in the session, nor whose it was', async () => {
    await visitor.request((session) => [session.set('user', 'ada'), session.login('ada')]);
    const ended = keyOfSession(visitor);
    await visitor.request((session) => session.destroy());
    const left = await memory.read(ended);
    expect(Buffer.from(left?.value ?? []).toString()).not.toContain('ada');
    expect(left).not.toHaveProperty('owner');
  });

  test('of a session that is over already makes the browser forget it, too', async () => {
    await begun();
    clock.advance(30 * MINUTE);
    expect(await visitor.request((session) => session.destroy())).toMatch(/^__Host-session=; Max-Age=0;/);
  });

  test('ends a session that gets a new id at the same moment, even if the reply to its write is lost', async () => {
    await begun();
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

  test('with an old id finds nothing more to end where the session went on and ended since', async () => {
    await begun();
    const late = visitor.tab();
    const session = await late.load();
    session.destroy();
    await visitor.request((other) => other.regenerate());
    await memory.destroy(keyOfSession(visitor));
    expect(await late.commit(session)).toMatch(/Max-Age=0/);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('can be repeated when it failed half-way', async () => {
    await begun();
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
    await begun();
    const session = await visitor.load();
    session.destroy();
    const busy: SessionStore = {
      ...bind(store),
      write: async (key, _next, _expected, options) => ({ written: false, current: await store.read(key, options) }),
    };
    store.taken();
    await new Visitor(engineOf({ store: busy, clock })).commit(session);
    expect(store.taken()).toContain('destroy');
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('has nothing left to end where somebody else took the record away', async () => {
    await begun();
    for (const refusals of [1, 3]) {
      const session = await visitor.load();
      session.destroy();
      let left = refusals;
      const emptied: SessionStore = {
        ...bind(store),
        write: async (key) => ({ written: false, current: --left > 0 ? await store.read(key) : undefined }),
        destroy: async () => undefined,
      };
      const reply = await new Visitor(engineOf({ store: emptied, clock })).commit(session);
      expect(reply).toMatch(/Max-Age=0/);
    }
  });

  test('ends a session that got a new id while others kept saving, even if the reply to its last call is lost', async () => {
    await begun();
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
    await begun();
    const late = visitor.tab();
    const session = await late.load();
    await visitor.tab().request((other) => other.destroy());
    act(session);
    expect(await late.commit(session)).toBeUndefined();
    expect((await visitor.load()).isNew).toBe(true);
    expect((await late.load()).isNew).toBe(true);
  });

  test('makes changes afterwards an error', async () => {
    const session = await (await begun()).load();
    session.destroy();
    expect(session.get('user')).toBeUndefined();
    for (const change of [
      () => session.set('count', 1),
      () => session.update('count', () => 1),
      () => session.unset('count'),
      () => session.flash('count', 1),
      () => session.pop('count'),
      () => session.clear(),
      () => session.regenerate(),
      () => session.login('ada'),
      () => session.logout(),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DESTROYED' }));
    }
  });
});

test('a sign-out ends what all cookies of our name lead to: the next request would find another one', async () => {
  await begun();
  const other = new Visitor(engineOf({ store, clock }));
  await other.request((session) => session.login('ada'));
  const gone = new Visitor(engineOf({ store, clock }));
  await gone.request((session) => session.set('a', 1));
  await gone.tab().request((session) => session.destroy());
  await memory.destroy(keyOfSession(gone));
  const [first, second, third] = [visitor.cookie, other.cookie, gone.cookie];
  const both = visitor.tab();
  both.cookie = `${first}; ${second}; ${third}; __Host-session=garbage`;
  await both.request((session) => session.logout());
  expect((await visitor.load()).isNew).toBe(true);
  expect((await other.load()).isNew).toBe(true);
});

describe('logout', () => {
  test('ends the session and makes the browser forget it', async () => {
    await begun();
    const thief = visitor.tab();
    expect(await visitor.request((session) => session.logout())).toMatch(/^__Host-session=; Max-Age=0;/);
    expect(store.taken()).toEqual(['read', 'write']);
    expect((await thief.load()).isNew).toBe(true);
  });

  test('goes on with a new session if something is written to it', async () => {
    await visitor.request((session) => [session.set('a', 1), session.login('ada')]);
    const thief = visitor.tab();
    const before = visitor.cookie;
    await visitor.request((session) => {
      session.logout();
      session.flash('user', 'signed out');
    });
    expect(visitor.cookie).not.toBe(before);
    const next = await visitor.load();
    expect([next.userId, next.get('a'), next.get('user')]).toEqual([undefined, undefined, 'signed out']);
    expect((await thief.load()).isNew).toBe(true);
  });

  test('of a session that is new begins one if something is written to it', async () => {
    await visitor.request((session) => [session.set('a', 1), session.logout(), session.set('b', 2)]);
    expect(await visitor.see('a')).toBeUndefined();
    expect(await visitor.see('b')).toBe(2);
  });

  test('and another user’s login in one request ends the one session and begins the other', async () => {
    await visitor.request((session) => [session.set('a', 1), session.login('ada')]);
    const ada = visitor.tab();
    await visitor.request((session) => session.login('bob'));
    const session = await visitor.load();
    expect([session.userId, session.get('a')]).toEqual(['bob', undefined]);
    expect((await ada.load()).isNew).toBe(true);
  });

  test('takes the session out of its user’s, though the policy became tighter since it was entered', async () => {
    const looser = new Visitor(engineOf({ store, clock, policy: { absoluteTimeout: 30 * 24 * 3600 } }));
    await looser.request((session) => session.login('ada'));
    const tighter = looser.tab(engineOf({ store, clock }));
    await tighter.request((session) => session.set('count', 1));
    await tighter.request((session) => session.logout());
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toEqual([]);
  });

  test('ends nothing if what is to begin is impossible', async () => {
    const limited = Object.assign(bind(store), { capacity: 4096 });
    visitor = new Visitor(engineOf({ store: limited, clock }));
    await begun();
    const session = await visitor.load();
    session.logout();
    session.set('list', noise(5000));
    await expect(visitor.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_TOO_LARGE' });
    expect(await visitor.see('user')).toBe('ada');
  });
});

describe('an optimistic sign-out', () => {
  let optimist: Visitor;
  let session: SessionDraft<Data>;

  beforeEach(async () => {
    optimist = new Visitor(engineOf({ store, clock, concurrency: 'optimistic' }));
    await optimist.request((other) => [other.login('ada'), other.set('count', 1)]);
    clock.advance(4 * MINUTE);
    session = await optimist.load();
    session.get('count');
    session.logout();
  });

  test('is no conflict with a request whose use of the session was noted meanwhile', async () => {
    const tab = optimist.tab();
    await optimist.tab().request();
    await optimist.commit(session);
    expect((await tab.load()).isNew).toBe(true);
  });

  test.each<[string, (other: SessionDraft<Data>) => unknown]>([
    ['changed', (other) => other.set('count', 2)],
    ['moved on', (other) => other.regenerate()],
    ['ended', (other) => other.logout()],
  ])('is one where the session was %s meanwhile', async (_, act) => {
    await optimist.tab().request(act);
    await expect(optimist.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFLICT' });
  });

  test('is one where the record was taken away meanwhile', async () => {
    await memory.destroy(keyOfSession(optimist));
    await expect(optimist.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFLICT' });
  });
});

describe('whatever happens at the same time as a sign-out, it wins', () => {
  test('a crash before it leaves the session as it was', async () => {
    await begun();
    store.before.write = down;
    store.before.read = async () => {
      store.before.read = down;
    };
    await expect(visitor.request((session) => session.logout())).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    });
    expect(await visitor.see('user')).toBe('ada');
  });

  test('a crash after it, before the next session begins, leaves the visitor signed out', async () => {
    await begun();
    store.beforeWrite(2, down);
    await expect(visitor.request((session) => [session.logout(), session.set('a', 1)])).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    });
    expect((await visitor.load()).isNew).toBe(true);
  });

  test.each<[string, (other: SessionDraft<Data>) => unknown]>([
    ['a save', (other) => other.set('a', 1)],
    ['a login', (other) => other.login('ada')],
    ['a regenerate', (other) => other.regenerate()],
    ['a second sign-out', (other) => other.logout()],
  ])('%s that comes first', async (_, act) => {
    await begun();
    const [late, other] = [visitor.tab(), visitor.tab()];
    const session = await late.load();
    await other.request(act);
    session.logout();
    await late.commit(session);
    expect((await other.load()).isNew).toBe(true);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test.each<[string, (other: SessionDraft<Data>) => unknown]>([
    ['a save', (other) => other.set('a', 1)],
    ['a login', (other) => other.login('ada')],
    ['a regenerate', (other) => other.regenerate()],
    ['a touch', () => clock.advance(10 * MINUTE)],
    ['a second sign-out', (other) => other.logout()],
  ])('%s that comes too late', async (_, act) => {
    await begun();
    const late = visitor.tab();
    const session = await late.load();
    act(session);
    await visitor.tab().request((other) => other.logout());
    expect((await late.commit(session)) ?? '').not.toMatch(/^__Host-session=v1/);
    expect((await visitor.load()).isNew).toBe(true);
  });
});

/** Numbers that do not compress. */
function noise(count: number): number[] {
  return Array.from({ length: count }, (_, index) => (index * 7919 * 104729) % 999983);
}
