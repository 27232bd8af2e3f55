import { randomBytes } from 'node:crypto';
import { FaultyStore } from 'cdk-sessions-client/testing';
import { fingerprint } from '../../lib/client/session-id';
import { ownerOf } from '../../lib/client/user-id';
import { documentOf, key } from './keys/keys';
import { down, engineOf, HOUR, keyOfSession, MINUTE, newScene, SECOND, Visitor } from './support';

let { clock, memory, store } = newScene();

beforeEach(() => {
  ({ clock, memory, store } = newScene());
});

type Policy = NonNullable<Parameters<typeof engineOf>[0]['policy']>;

const EVICT: Policy = { sessionsPerOwner: 3 };
const REFUSE: Policy = { sessionsPerOwner: 3, whenFull: 'refuse' };
const DAY = 24 * HOUR;

const visitorOf = (policy: Policy, hooks = {}) => new Visitor(engineOf({ store, clock, policy, hooks }));

async function signedIn(policy: Policy): Promise<Visitor> {
  const visitor = visitorOf(policy);
  await visitor.request((session) => session.login('ada'));
  clock.advance(SECOND);
  return visitor;
}

async function several(count: number, policy: Policy): Promise<Visitor[]> {
  const all: Visitor[] = [];
  for (let index = 0; index < count; index++) {
    all.push(await signedIn(policy));
  }
  return all;
}

async function alive(visitors: readonly Visitor[]): Promise<boolean[]> {
  return Promise.all(visitors.map(async (visitor) => !(await visitor.load()).isNew));
}

/** Gives a session a new id, and lets something happen just before the old one is retired. */
async function regenerated(visitor: Visitor, meanwhile: () => Promise<unknown>, write = 2): Promise<void> {
  const session = await visitor.load();
  session.regenerate();
  session.set('count', 1);
  store.beforeWrite(write, async () => {
    await meanwhile();
  });
  await visitor.commit(session);
}

const LIMIT = {
  code: 'ERR_SESSION_LIMIT',
  message: 'the user has 3 sessions, and may have 3: one of them must be ended before the user can sign in',
};

describe('who has as many sessions as they may have and signs in', () => {
  test('loses the oldest one', async () => {
    const all = await several(5, EVICT);
    expect(await alive(all)).toEqual([false, false, true, true, true]);
  });

  test('loses the oldest one, though it gets a new id at that moment', async () => {
    const [oldest, ...others] = await several(3, EVICT);
    await regenerated(oldest as Visitor, () => signedIn(EVICT));
    expect(await alive([oldest as Visitor, ...others])).toEqual([false, true, true]);
  });

  test.each([1, 2])(
    'loses no more if another one is just getting a new id, and is entered under both (%i)',
    async (step) => {
      const all = await several(3, EVICT);
      clock.advance(MINUTE);
      await regenerated(all[2] as Visitor, () => signedIn(EVICT), step);
      expect(await alive(all)).toEqual([false, true, true]);
      expect(await all[2]?.see('count')).toBe(1);
    },
  );

  test('loses no more if another one is just renewed for its age', async () => {
    const policy = { ...EVICT, renewalTimeout: 30 };
    const all = await several(3, policy);
    clock.advance(MINUTE);
    const own = all[2] as Visitor;
    const session = await own.load();
    session.set('count', 1);
    store.beforeWrite(1, async () => {
      await signedIn(policy);
    });
    await own.commit(session);
    expect(await alive(all)).toEqual([false, true, true]);
    expect(await own.see('count')).toBe(1);
  });

  test('loses the oldest one, though it gets a new id just before it is ended', async () => {
    const all = await several(3, EVICT);
    const oldest = all[0] as Visitor;
    const session = await oldest.load();
    session.regenerate();
    store.before.block = async () => {
      await oldest.commit(session);
    };
    all.push(await signedIn(EVICT));
    expect(await alive(all)).toEqual([false, true, true, true]);
  });

  test('loses none by a sign-in that fails, however often it is tried', async () => {
    const all = await several(3, EVICT);
    for (let attempt = 1; attempt <= 3; attempt++) {
      store.before.write = down;
      await expect(signedIn(EVICT)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    }
    expect(await alive(all)).toEqual([true, true, true]);
  });

  test('loses the oldest one, though its policy allowed it to live for longer', async () => {
    const all = await several(1, { ...EVICT, absoluteTimeout: 30 * 24 * 3600 });
    all.push(...(await several(3, EVICT)));
    expect(await alive(all)).toEqual([false, true, true, true]);
  });

  test('of which the hooks are told, and who comes back with it', async () => {
    const [oldest] = await several(3, EVICT);
    const destroyed = jest.fn();
    const session = fingerprint(keyOfSession(oldest as Visitor));
    await visitorOf(EVICT, { destroyed }).request((draft) => draft.login('ada'));
    expect(destroyed).toHaveBeenCalledWith({ session });
    const rejected = jest.fn();
    await oldest?.tab(engineOf({ store, clock, hooks: { rejected } })).load();
    expect(rejected).toHaveBeenCalledWith({ reason: 'destroyed' });
  });

  test('is refused where the policy says so, and what was there stays', async () => {
    const all = await several(3, REFUSE);
    await expect(signedIn(REFUSE)).rejects.toMatchObject(LIMIT);
    expect(await alive(all)).toEqual([true, true, true]);
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toHaveLength(3);
  });

  test('keeps the session from before that was refused', async () => {
    await several(3, REFUSE);
    const visitor = visitorOf(REFUSE);
    await visitor.request((session) => session.set('user', 'guest'));
    await expect(visitor.request((session) => session.login('ada'))).rejects.toMatchObject(LIMIT);
    expect(await visitor.see('user')).toBe('guest');
  });

  test('keeps the session of another user, in which that was refused', async () => {
    await several(3, REFUSE);
    const visitor = visitorOf(REFUSE);
    await visitor.request((session) => session.login('eve'));
    await expect(visitor.request((session) => session.login('ada'))).rejects.toMatchObject(LIMIT);
    expect((await visitor.load()).userId).toBe('eve');
  });

  test('again in a session of theirs that is renewed at that moment is not refused', async () => {
    const policy = { ...REFUSE, renewalTimeout: 60 };
    const own = (await several(3, policy))[0] as Visitor;
    clock.advance(MINUTE);
    const session = await own.load();
    session.login('ada');
    await own.tab().request();
    expect(await own.commit(session)).toMatch(/^__Host-session=v1/);
    expect((await own.load()).userId).toBe('ada');
  });

  test('again in a session of theirs takes no more room than before', async () => {
    const all = await several(3, REFUSE);
    for (const visitor of all) {
      await visitor.request((session) => session.login('ada'));
    }
    expect(await alive(all)).toEqual([true, true, true]);
  });

  test.each(['evict-oldest', 'refuse'] as const)(
    'has no more, of 10 who sign in at the same time (%s)',
    async (whenFull) => {
      const visitors = Array.from({ length: 10 }, () => visitorOf({ sessionsPerOwner: 3, whenFull }));
      await Promise.allSettled(visitors.map((visitor) => visitor.request((session) => session.login('ada'))));
      expect((await alive(visitors)).filter(Boolean).length).toBeLessThanOrEqual(3);
      expect((await engineOf({ store, clock }).listByOwner('ada')).length).toBeGreaterThan(0);
    },
  );
});

describe('one that cannot be read', () => {
  test.each([0, 1, 2])('is the first to make room, whenever it began (%i)', async (index) => {
    const all = await several(3, EVICT);
    await damage(all[index] as Visitor);
    const storeError = jest.fn();
    await visitorOf(EVICT, { storeError }).request((session) => session.login('ada'));
    expect(storeError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_SESSION_RECORD' }));
    expect(await alive(all)).toEqual(all.map((_, other) => other !== index));
  });

  test('keeps nobody out where the policy refuses: no page shows it, so nobody could end it', async () => {
    const all = await several(3, REFUSE);
    await damage(all[0] as Visitor);
    const own = visitorOf(REFUSE, { storeError: () => undefined });
    await own.request((session) => session.login('ada'));
    expect(await alive([...all.slice(1), own])).toEqual([true, true, true]);
    await expect(
      visitorOf(REFUSE, { storeError: () => undefined }).request((session) => session.login('ada')),
    ).rejects.toMatchObject(LIMIT);
  });
});

/** Leaves of a session's record what nobody can read. */
async function damage(visitor: Visitor): Promise<void> {
  const key = keyOfSession(visitor);
  const stored = await memory.read(key);
  if (stored !== undefined) {
    await memory.write(key, { ...stored, value: Uint8Array.of(99) }, stored.version);
  }
}

describe('what is over takes no room', () => {
  test('signed out, lost, idle', async () => {
    const [out, lost] = await several(3, REFUSE);
    await out?.request((session) => session.logout());
    await signedIn(REFUSE);
    await memory.destroy(keyOfSession(lost as Visitor));
    clock.advance(MINUTE);
    await signedIn(REFUSE);
    await expect(signedIn(REFUSE)).rejects.toMatchObject(LIMIT);
    clock.advance(31 * MINUTE);
    await several(3, REFUSE);
    await expect(signedIn(REFUSE)).rejects.toMatchObject(LIMIT);
  });

  test('revoked', async () => {
    await several(3, REFUSE);
    await engineOf({ store, clock }).revokeBefore('ada');
    await several(3, REFUSE);
    await expect(signedIn(REFUSE)).rejects.toMatchObject(LIMIT);
  });

  test('revoked, of which its visitor is not told that it was lost', async () => {
    const keys = {
      read: async () => JSON.stringify(documentOf(key('first', clock.now - HOUR))),
      encryptsData: false,
      acceptsUnprotected: false,
    };
    const told = { lost: jest.fn(), rejected: jest.fn() };
    const engine = engineOf({ store, clock, policy: { sessionsPerOwner: 1 }, keys, hooks: told });
    const revoked = new Visitor(engine);
    await revoked.request((session) => session.login('ada'));
    clock.advance(SECOND);
    await engine.revokeBefore('ada');
    await new Visitor(engine).request((session) => session.login('ada'));
    expect((await revoked.load()).isNew).toBe(true);
    expect(told.lost).not.toHaveBeenCalled();
    expect(told.rejected).toHaveBeenCalledWith({ reason: 'destroyed' });
  });

  test('and is looked at once: afterwards it is not in the index', async () => {
    await several(3, EVICT);
    clock.advance(HOUR);
    await several(1, EVICT);
    store.taken();
    await several(1, EVICT);
    expect(store.taken()).toEqual(['enter', 'write']);
  });

  test('signed out, though it could not be taken out of the index: it is closed already, and taken out alone', async () => {
    const [out] = await several(3, REFUSE);
    const faulty = new FaultyStore(memory);
    faulty.next('leave', 'fail');
    const unlucky = out?.tab(engineOf({ store: faulty, clock, hooks: { storeError: () => undefined } }));
    await unlucky?.request((session) => session.logout());
    store.taken();
    await signedIn(REFUSE);
    expect(store.taken()).toEqual(['enter', 'read', 'read', 'read', 'leave', 'write']);
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toHaveLength(3);
  });

  test('a sign-in that failed half-way', async () => {
    await several(2, REFUSE);
    store.before.write = down;
    await expect(signedIn(REFUSE)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    await signedIn(REFUSE);
  });

  test.each([EVICT, REFUSE])('a sign-in that could not leave the session from before it (%j)', async (policy) => {
    const all = await several(2, policy);
    const guest = visitorOf(policy);
    await guest.request((session) => session.set('user', 'guest'));
    for (let attempt = 1; attempt <= 2; attempt++) {
      const session = await guest.load();
      session.login('ada');
      store.beforeWrite(2, down);
      await expect(guest.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    }
    expect(await engineOf({ store, clock }).listByOwner('ada')).toHaveLength(2);
    await guest.request((session) => session.login('ada'));
    expect(await alive([...all, guest])).toEqual([true, true, true]);
  });

  test('a sign-in that was entered, though no reply said so', async () => {
    const all = await several(2, REFUSE);
    const faulty = new FaultyStore(memory);
    faulty.next('enter', 'lose-reply', 'lose-reply', 'lose-reply');
    const unlucky = new Visitor(engineOf({ store: faulty, clock, policy: REFUSE }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      await expect(unlucky.request((session) => session.login('ada'))).rejects.toMatchObject({
        code: 'ERR_SESSION_STORE_UNAVAILABLE',
      });
    }
    all.push(await signedIn(REFUSE));
    expect(await alive(all)).toEqual([true, true, true]);
  });

  test.each([EVICT, REFUSE])('what a policy that became tighter ended (%j)', async (policy) => {
    await several(3, { ...policy, absoluteTimeout: 30 * 24 * 3600 });
    clock.advance(DAY);
    const all = await several(3, policy);
    expect(await alive(all)).toEqual([true, true, true]);
  });

  test('what was entered by a clock that no machine of ours has: whoever may write to the index keeps nobody out', async () => {
    const all = await several(2, REFUSE);
    for (let forged = 0; forged < 3; forged++) {
      const enteredAt = clock.now + DAY;
      const entry = { key: randomBytes(32), handle: `forged0${forged}`, enteredAt, deadline: enteredAt + DAY };
      await memory.owners.enter(ownerOf('ada'), entry, entry.deadline);
    }
    all.push(await signedIn(REFUSE));
    expect(await alive(all)).toEqual([true, true, true]);
  });

  test('a sign-in whose process crashed half-way, when it cannot be under way any more', async () => {
    await several(2, REFUSE);
    const entry = { key: randomBytes(32), handle: 'aaaaaaaa', enteredAt: clock.now, deadline: clock.now + HOUR };
    await memory.owners.enter(ownerOf('ada'), entry, clock.now + HOUR);
    await expect(signedIn(REFUSE)).rejects.toMatchObject(LIMIT);
    clock.advance(MINUTE);
    await signedIn(REFUSE);
  });

  test('and cannot come back: a save that set out with it is discarded', async () => {
    const [idle] = await several(3, REFUSE);
    clock.advance(25 * MINUTE);
    const session = (await idle?.load()) ?? (await visitorOf(REFUSE).load());
    session.set('count', 1);
    clock.advance(6 * MINUTE);
    await several(3, REFUSE);
    clock.advance(-6 * MINUTE);
    const discarded = jest.fn();
    await idle?.tab(engineOf({ store, clock, hooks: { discarded } })).commit(session);
    expect(discarded).toHaveBeenCalledTimes(1);
    expect(await alive([idle as Visitor])).toEqual([false]);
  });
});

test('a hundred are allowed where the policy says nothing', async () => {
  const all = await several(101, {});
  expect((await alive(all)).filter(Boolean)).toHaveLength(100);
  expect(await alive(all.slice(0, 2))).toEqual([false, true]);
});

test('a failure while room is made for one leaves those that are alive', async () => {
  await several(3, { sessionsPerOwner: 3 });
  clock.advance(HOUR);
  store.before.block = down;
  const storeError = jest.fn();
  await visitorOf(EVICT, { storeError }).request((session) => session.login('ada'));
  expect(storeError).toHaveBeenCalledTimes(1);
  expect(await engineOf({ store, clock }).listByOwner('ada')).toHaveLength(1);
});
