import { randomBytes } from 'node:crypto';
import { fingerprint } from '../../lib/client/session-id';
import { ownerOf } from '../../lib/client/user-id';
import { down, engineOf, HOUR, keyOfSession, MINUTE, newScene, SECOND, Visitor } from './support';

let { clock, memory, store } = newScene();

beforeEach(() => {
  ({ clock, memory, store } = newScene());
});

type Policy = NonNullable<Parameters<typeof engineOf>[0]['policy']>;

const EVICT: Policy = { sessionsPerOwner: 3 };
const REFUSE: Policy = { sessionsPerOwner: 3, whenFull: 'refuse' };

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

test('one that cannot be read counts, and is the first to go if it is the oldest', async () => {
  const [damaged, ...others] = await several(3, EVICT);
  await damage(damaged as Visitor);
  const storeError = jest.fn();
  await visitorOf(EVICT, { storeError }).request((session) => session.login('ada'));
  expect(storeError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_SESSION_RECORD' }));
  expect(await alive([damaged as Visitor, ...others])).toEqual([false, true, true]);
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

  test('and is looked at once: afterwards it is not in the index', async () => {
    await several(3, EVICT);
    clock.advance(HOUR);
    await several(1, EVICT);
    store.taken();
    await several(1, EVICT);
    expect(store.taken()).toEqual(['enter', 'write']);
  });

  test('a sign-in that failed half-way', async () => {
    await several(2, REFUSE);
    store.before.write = down;
    await expect(signedIn(REFUSE)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    await signedIn(REFUSE);
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
