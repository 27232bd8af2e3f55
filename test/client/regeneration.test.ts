import type { SessionStore, StandardSchema } from 'cdk-sessions-client';
import type { MemoryStore } from 'cdk-sessions-client/memory';
import { FakeClock, FaultyStore } from 'cdk-sessions-client/testing';
import type { SessionDraft } from '../../lib/client/session-draft';
import { ownerOf } from '../../lib/client/user-id';
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

/** The keys of the sessions that a user has in the index. */
async function ownedBy(userId: string) {
  return (await memory.owners.readOwner(ownerOf(userId))).sessions.map(({ key }) => key);
}

describe('regenerate', () => {
  test('moves the session to a new id and lets the old one answer nothing', async () => {
    await begun();
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
    await begun();
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
    await begun();
    const old = visitor.tab();
    await visitor.request((session) => session.regenerate());
    clock.advance(-MINUTE);
    expect((await old.load()).isNew).toBe(true);
  });

  test('keeps whose session it is', async () => {
    await visitor.request((session) => session.login('ada'));
    const before = keyOfSession(visitor);
    await visitor.request((session) => session.regenerate());
    expect(await ownedBy('ada')).not.toContainEqual(before);
    expect(await ownedBy('ada')).toEqual([keyOfSession(visitor)]);
    expect((await visitor.load()).userId).toBe('ada');
  });

  test('does not bring the idle end forward that a parallel request moved', async () => {
    await begun();
    const session = await visitor.load();
    session.regenerate();
    const ahead = new FakeClock(clock.now + 5 * SECOND);
    await visitor.tab(engineOf({ store, clock: ahead })).request((other) => other.set('count', 1));
    await visitor.commit(session);
    expect((await visitor.load()).expiresAt).toEqual(new Date(START + 30 * MINUTE + 5 * SECOND));
  });

  test('does not hide the session from a sign-out that set out with the old id', async () => {
    await begun();
    const late = visitor.tab();
    const session = await late.load();
    await visitor.request((other) => other.regenerate());
    await visitor.request((other) => other.regenerate());
    session.destroy();
    await late.commit(session);
    expect((await visitor.load()).isNew).toBe(true);
  });
});

describe('login', () => {
  test('moves the session to a new id and keeps what the visitor did before', async () => {
    await begun();
    const old = visitor.tab();
    await visitor.request((session) => session.login('ada'));
    expect(store.taken()).toEqual(['read', 'enter', 'write', 'write']);
    const session = await visitor.load();
    expect([session.userId, session.get('user')]).toEqual(['ada', 'ada']);
    expect(await ownedBy('ada')).toEqual([keyOfSession(visitor)]);
    expect((await old.load()).isNew).toBe(true);
  });

  test('begins a life with a deadline of its own', async () => {
    await begun();
    clock.advance(20 * MINUTE);
    await visitor.request((session) => session.login('ada'));
    const session = await visitor.load();
    expect(session.createdAt).toEqual(new Date(START + 20 * MINUTE));
    expect(session.deadline).toEqual(new Date(START + 20 * MINUTE + 12 * HOUR));
    expect(visitor.cookie).toContain(`.${(START + 20 * MINUTE + 12 * HOUR) / SECOND}`);
  });

  test('of a session that is new costs an entry and one write, and needs no data', async () => {
    await visitor.request((session) => session.login('ada'));
    expect(store.taken()).toEqual(['enter', 'write']);
    expect((await visitor.load()).userId).toBe('ada');
  });

  test('is not undone by a request that it overtakes: its cookie stays the last one', async () => {
    await begun();
    const overtaken = visitor.tab();
    await visitor.request((session) => session.login('ada'));
    const told: unknown[] = [];
    const hooks = { discarded: () => told.push('discarded') };
    const late = visitor.tab(engineOf({ store, clock, hooks }));
    late.cookie = overtaken.cookie;
    expect(await late.request((session) => session.set('count', 1))).toBeUndefined();
    expect(told).toEqual(['discarded']);
    clock.advance(10 * SECOND);
    expect(await late.request((session) => session.set('count', 1))).toMatch(/^__Host-session=v1/);
  });

  test.each<[string, (session: SessionDraft<Data>) => unknown]>([
    ['logout', (session) => session.logout()],
    ['destroy', (session) => session.destroy()],
  ])('does not hide the session from a %s that sets out with the old id even later', async (_, end) => {
    await begun();
    const late = visitor.tab();
    await visitor.request((session) => session.login('ada'));
    expect(await late.request(end)).toMatch(/Max-Age=0/);
    expect((await visitor.load()).isNew).toBe(true);
  });

  test('is made again by a request with the id from before, if its reply never arrived', async () => {
    await begun();
    const impatient = visitor.tab();
    await visitor.request((session) => session.login('ada'));
    expect(await impatient.request((session) => session.login('ada'))).toMatch(/^__Host-session=v1/);
    expect((await impatient.load()).userId).toBe('ada');
  });

  test('stands although telling of conflicts would meet data that does not fit', async () => {
    const schema: StandardSchema<Data> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          (value as Data).count === 1 ? { issues: [{ message: 'one' }] } : { value: value as Data },
      },
    };
    await begun();
    const mover = visitor.tab(engineOf({ store, clock, data: { schema } }));
    store.beforeWrite(2, async () => {
      await visitor.tab().request((parallel) => [parallel.clear(), parallel.set('count', 1)]);
    });
    await mover.request((session) => [session.clear(), session.set('count', 2), session.login('ada')]);
    expect((await mover.load()).userId).toBe('ada');
    expect(await mover.see('count')).toBe(2);
  });

  test('tells of keys that another request gave another value meanwhile', async () => {
    await begun();
    const told: unknown[] = [];
    const mover = visitor.tab(
      engineOf({ store, clock, hooks: { conflict: ({ key: contested }) => told.push(contested) } }),
    );
    store.beforeWrite(2, async () => void (await visitor.tab().request((parallel) => parallel.set('count', 1))));
    await mover.request((session) => [session.set('count', 2), session.login('ada')]);
    expect(told).toEqual(['count']);
  });

  test('leaves no record behind that nobody has the id of, where a sign-out wins', async () => {
    await begun();
    const written: Uint8Array[] = [];
    const watched: SessionStore = {
      ...bind(store),
      write: (at, ...rest) => [written.push(at), store.write(at, ...rest)][1] as ReturnType<SessionStore['write']>,
    };
    const mover = visitor.tab(engineOf({ store: watched, clock }));
    store.beforeWrite(2, async () => void (await visitor.tab().request((parallel) => parallel.logout())));
    await mover.request((session) => session.login('ada'));
    expect(await memory.read(written[0] ?? new Uint8Array())).toBeUndefined();
  });

  test('lasts, whatever else is saved', async () => {
    await visitor.request((session) => session.login('ada'));
    await visitor.request((session) => session.clear());
    await visitor.request((session) => session.set('a', 1));
    expect((await visitor.load()).userId).toBe('ada');
  });
});

describe('whatever happens while a session moves to a new id', () => {
  const RENEWING = { renewalTimeout: 600 };
  const moves: Record<string, (session: SessionDraft<Data>) => unknown> = {
    login: (session) => session.login('ada'),
    regenerate: (session) => session.regenerate(),
    renewal: () => clock.advance(10 * MINUTE),
  };

  test('a sign-out before a renewal that changes nothing wins, and nothing is discarded', async () => {
    await begun();
    const told: unknown[] = [];
    const engine = engineOf({ store, clock, policy: RENEWING, hooks: { discarded: () => told.push('discarded') } });
    const mover = visitor.tab(engine);
    clock.advance(10 * MINUTE);
    store.beforeWrite(2, async () => void (await visitor.tab().request((parallel) => parallel.logout())));
    expect(await mover.request()).toBeUndefined();
    expect((await mover.load()).isNew).toBe(true);
    expect(told).toEqual([]);
  });

  test('an optimistic request that a sign-out comes before hears that it was', async () => {
    await begun();
    const mover = visitor.tab(engineOf({ store, clock, concurrency: 'optimistic' }));
    store.beforeWrite(2, async () => void (await visitor.tab().request((parallel) => parallel.logout())));
    await expect(mover.request((session) => session.login('ada'))).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFLICT',
    });
  });

  test('an update that fails on what another request saved leaves the session where it was, and no orphan', async () => {
    await begun();
    const mover = visitor.tab(engineOf({ store, clock }));
    store.beforeWrite(2, async () => void (await visitor.tab().request((parallel) => parallel.set('count', 1))));
    const failing = mover.request((session) => {
      session.regenerate();
      session.update('count', (count) => {
        if (count !== undefined) {
          throw new Error('once only');
        }
        return 1;
      });
    });
    await expect(failing).rejects.toThrow('once only');
    expect(store.taken().at(-1)).toBe('destroy');
    expect(await visitor.see('count')).toBe(1);
  });

  describe.each(Object.entries(moves))('%s', (name, move) => {
    const leavesGrace = name === 'renewal';
    let mover: Visitor;
    let other: Visitor;
    let session: SessionDraft<Data>;

    beforeEach(async () => {
      await begun();
      mover = visitor.tab(engineOf({ store, clock, policy: RENEWING }));
      other = visitor.tab();
      session = await mover.load();
      move(session);
      session.update('count', (count = 0) => count + 1);
    });

    test('a crash before the new record is there leaves the session as it was', async () => {
      store.before.write = down;
      await expect(mover.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
      expect(await visitor.see('user')).toBe('ada');
    });

    test('a crash before the old one is retired leaves the session as it was', async () => {
      store.beforeWrite(2, down);
      await expect(mover.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
      expect(await visitor.see('user')).toBe('ada');
      expect(await visitor.see('count')).toBeUndefined();
    });

    test('a crash before the reply is sent leaves no way in with the old id, but the one that the grace is for', async () => {
      await new Visitor(engineOf({ store, clock, policy: RENEWING })).commit(session);
      expect(await visitor.see('count')).toBe(leavesGrace ? 1 : undefined);
    });

    test.each([1, 2])('a reply that is lost, of write %d, is no failure', async (write) => {
      const lossy = new FaultyStore(store);
      lossy.next('write', ...(write === 1 ? [] : [undefined]), 'lose-reply');
      const unlucky = new Visitor(engineOf({ store: lossy, clock, policy: RENEWING }));
      await unlucky.commit(session);
      expect(await unlucky.see('count')).toBe(1);
    });

    test.each([1, 2])('a save that comes before write %d is kept', async (write) => {
      store.beforeWrite(write, async () => {
        await other.request((parallel) => [parallel.set('count', 10), parallel.set('a', 1)]);
      });
      await mover.commit(session);
      expect(await mover.see('count')).toBe(11);
      expect(await mover.see('a')).toBe(1);
    });

    test('a save that comes after it reaches the session in the grace, and otherwise nobody', async () => {
      const late = await other.load();
      late.set('user', 'eve');
      await mover.commit(session);
      expect((await other.commit(late)) !== undefined).toBe(leavesGrace);
      expect(await mover.see('user')).toBe(leavesGrace ? 'eve' : 'ada');
    });

    test.each([1, 2])('a sign-out that comes before write %d wins', async (write) => {
      store.beforeWrite(write, async () => void (await other.request((parallel) => parallel.logout())));
      expect(await mover.commit(session)).toBeUndefined();
      expect((await mover.load()).isNew).toBe(true);
      expect((await visitor.load()).isNew).toBe(true);
    });

    test('a sign-out that comes after it, with the old id, ends the session under its new one', async () => {
      const late = await other.load();
      late.logout();
      await mover.commit(session);
      await other.commit(late);
      expect((await mover.load()).isNew).toBe(true);
    });

    test('a touch that comes after it changes nothing', async () => {
      const late = await other.load();
      clock.advance(5 * MINUTE);
      await mover.commit(session);
      expect(await other.commit(late)).toBeUndefined();
      expect((await memory.read(keyOfSession(visitor)))?.version).toMatch(/^2\./);
    });

    test.each([1, 2])('a second one that comes before write %d: one new id lives', async (write) => {
      const second = visitor.tab(engineOf({ store, clock, policy: RENEWING }));
      store.beforeWrite(write, async () => void (await second.request(move)));
      await mover.commit(session);
      expect(await second.see('user')).toBe('ada');
      expect((await mover.load()).isNew).toBe(!leavesGrace);
      expect(await second.see('count')).toBe(leavesGrace ? 1 : undefined);
    });
  });
});

describe('periodic renewal', () => {
  beforeEach(async () => {
    visitor = new Visitor(engineOf({ store, clock, policy: { renewalTimeout: 600 } }));
    await begun();
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
    visitor = new Visitor(engineOf({ store: memory, clock, policy: { renewalTimeout: 600 } }));
    await visitor.request((session) => session.set('user', 'ada'));
    const key = keyOfSession(visitor);
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

  test('by two requests at once, of which a sign-out comes before one saves, is told as discarded once', async () => {
    const discarded = jest.fn();
    const policy = { renewalTimeout: 600 };
    const [late, other] = [visitor.tab(engineOf({ store, clock, policy, hooks: { discarded } })), visitor.tab()];
    clock.advance(10 * MINUTE);
    store.beforeWrite(2, async () => {
      await other.request();
      store.before.write = async () => {
        await other.request((session) => session.logout());
      };
    });
    expect(await late.request((session) => session.set('count', 1))).toBeUndefined();
    expect(discarded).toHaveBeenCalledTimes(1);
    expect((await late.load()).isNew).toBe(true);
  });

  test('by two readers at once gives one new id, too', async () => {
    const [first, second] = [visitor.tab(), visitor.tab()];
    clock.advance(10 * MINUTE);
    const [one, two] = await Promise.all([first.load(), second.load()]);
    await first.commit(one);
    await second.commit(two);
    expect(first.cookie).not.toBe(visitor.cookie);
    expect(second.cookie).toBe(first.cookie);
    expect(await first.see('user')).toBe('ada');
  });

  test('lets a sign-out with the old id end the session', async () => {
    const old = visitor.tab();
    clock.advance(10 * MINUTE);
    await visitor.request();
    await old.request((session) => session.destroy());
    expect((await visitor.load()).isNew).toBe(true);
  });
});
