import { setTimeout as sleep } from 'node:timers/promises';
import type { OwnerIndex, SessionStore } from 'cdk-sessions-client';
import { createSessions } from 'cdk-sessions-client';
import { FaultyStore } from 'cdk-sessions-client/testing';
import { seededRandom } from '../../lib/client/testing/random';
import { ownerOf } from '../../lib/client/user-id';
import {
  bind,
  bindOwners,
  down,
  engineOf,
  HOUR,
  keyOfSession,
  MINUTE,
  newScene,
  SECOND,
  START,
  Visitor,
} from './support';

let { clock, memory, store, visitor } = newScene();

beforeEach(() => {
  ({ clock, memory, store, visitor } = newScene());
});

const engine = (parts: Partial<Parameters<typeof engineOf>[0]> = {}) => engineOf({ store, clock, ...parts });

/** A visitor who is signed in. */
async function signedIn(user = 'ada', parts: Parameters<typeof engine>[0] = {}): Promise<Visitor> {
  const visitor = new Visitor(engine(parts));
  await visitor.request((session) => session.login(user));
  return visitor;
}

async function handleOf(visitor: Visitor): Promise<string | undefined> {
  return (await visitor.load()).handle;
}

const handles = async (user = 'ada') => (await engine().listByOwner(user)).map(({ handle }) => handle);

describe('a user’s sessions are listed', () => {
  test('with what a page of where one is signed in shows, the one used last first', async () => {
    await visitor.request((session) => session.login('ada', { label: 'Firefox on Linux' }));
    clock.advance(10 * MINUTE);
    const phone = await signedIn();
    clock.advance(5 * MINUTE);
    await visitor.request();
    expect(await engine().listByOwner('ada')).toEqual([
      {
        handle: await handleOf(visitor),
        label: 'Firefox on Linux',
        createdAt: new Date(START),
        lastSeenAt: new Date(START + 15 * MINUTE),
        expiresAt: new Date(START + 45 * MINUTE),
        deadline: new Date(START + 12 * HOUR),
      },
      {
        handle: await handleOf(phone),
        createdAt: new Date(START + 10 * MINUTE),
        lastSeenAt: new Date(START + 10 * MINUTE),
        expiresAt: new Date(START + 40 * MINUTE),
        deadline: new Date(START + 10 * MINUTE + 12 * HOUR),
      },
    ]);
  });

  test('with none of anybody else’s, and none of who is not known', async () => {
    await signedIn('eve');
    await visitor.request((session) => session.set('user', 'ada'));
    expect(await handles('ada')).toEqual([]);
  });

  test('once, under the id that it has, whatever it had before', async () => {
    await visitor.request((session) => session.set('user', 'ada'));
    await visitor.request((session) => session.login('ada'));
    await visitor.request((session) => session.regenerate());
    const renewing = visitor.tab(engine({ policy: { renewalTimeout: 60 } }));
    clock.advance(2 * MINUTE);
    await renewing.request();
    expect(await handles()).toEqual([await handleOf(renewing)]);
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toHaveLength(1);
  });

  test('but not when they are over: signed out, idle, past their deadline, lost, or another user’s by now', async () => {
    const [out, lost, other] = [await signedIn(), await signedIn(), await signedIn()];
    await out.request((session) => session.logout());
    await memory.destroy(keyOfSession(lost));
    await other.request((session) => session.login('eve'));
    expect(await handles()).toEqual([]);
    expect(await handles('eve')).toEqual([await handleOf(other)]);
    clock.advance(31 * MINUTE);
    expect(await handles('eve')).toEqual([]);
    await signedIn();
    clock.advance(12 * HOUR);
    expect(await handles()).toEqual([]);
  });

  test('but not one that was never written, or could not be taken out of the index', async () => {
    store.before.write = down;
    await expect(signedIn()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    const faulty = new FaultyStore(memory);
    const unlucky = await signedIn('ada', { store: faulty, hooks: { storeError: () => undefined } });
    faulty.next('leave', 'fail');
    await unlucky.request((session) => session.logout());
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toHaveLength(1);
    expect(await handles()).toEqual([]);
  });

  test('but not one that cannot be read, of which the hooks are told', async () => {
    const damaged = await signedIn();
    const own = await signedIn();
    const stored = await memory.read(keyOfSession(damaged));
    await memory.write(
      keyOfSession(damaged),
      { version: '2', value: Uint8Array.of(99), expiresAt: clock.now + HOUR, deadline: clock.now + HOUR },
      stored?.version ?? '',
    );
    const storeError = jest.fn();
    const listed = await engine({ hooks: { storeError } }).listByOwner('ada');
    expect(listed.map(({ handle }) => handle)).toEqual([await handleOf(own)]);
    expect(storeError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_SESSION_RECORD' }));
    expect(await engine().destroyByOwner('ada', { except: await own.load() })).toBe(1);
  });

  test('although one gets a new id between the read of the user and that of its record', async () => {
    const own = await signedIn();
    const session = await own.load();
    session.regenerate();
    store.before.read = async () => {
      await own.commit(session);
    };
    expect(await handles()).toEqual([await handleOf(own)]);
  });

  test('but not what is left of a new id that could not be given out, when the session is signed out', async () => {
    const own = await signedIn();
    const session = await own.load();
    session.regenerate();
    store.beforeWrite(2, down);
    await expect(own.commit(session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect(await handles()).toHaveLength(1);
    await own.request((again) => again.logout());
    expect(await handles()).toEqual([]);
  });

  test('with when they were last used, though no use could make them last longer', async () => {
    const policy = { idleTimeout: 12 * 3600, revocationCheck: 'request' } as const;
    const own = await signedIn('ada', { policy });
    clock.advance(2 * HOUR);
    await own.request();
    const [listed] = await engine({ policy }).listByOwner('ada');
    expect(listed?.lastSeenAt).toEqual(new Date(START + 2 * HOUR));
  });

  test('while the store fails, they are not', async () => {
    await signedIn();
    store.before.read = down;
    await expect(engine().listByOwner('ada')).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
  });

  test('at the cost of one read, and one for each', async () => {
    await signedIn();
    await signedIn();
    store.taken();
    await engine().listByOwner('ada');
    expect(store.taken()).toEqual(['readOwner', 'read', 'read']);
  });
});

describe('a user’s sessions are ended', () => {
  test('all of them, at once', async () => {
    const all = [await signedIn(), await signedIn(), await signedIn()];
    const stranger = await signedIn('eve');
    store.taken();
    expect(await engine().destroyByOwner('ada')).toBe(3);
    expect(store.taken()).toEqual(['readOwner', 'block', 'block', 'block', 'leave', 'readOwner']);
    for (const one of all) {
      expect((await one.load()).isNew).toBe(true);
    }
    expect(await handles()).toEqual([]);
    expect((await stranger.load()).userId).toBe('eve');
  });

  test('but for the visitor’s own, by its session or its handle', async () => {
    const [own, other] = [await signedIn(), await signedIn()];
    expect(await engine().destroyByOwner('ada', { except: await own.load() })).toBe(1);
    expect((await other.load()).isNew).toBe(true);
    await signedIn();
    expect(await engine().destroyByOwner('ada', { except: [(await handleOf(own)) ?? ''] })).toBe(1);
    expect(await handles()).toEqual([await handleOf(own)]);
  });

  test('the visitor’s own goes on although another request gives it a new id at the same moment', async () => {
    const own = await signedIn();
    const session = await own.load();
    const renewing = own.tab(engine({ policy: { renewalTimeout: 60 } }));
    clock.advance(2 * MINUTE);
    await renewing.request();
    await renewing.request((other) => other.regenerate());
    await signedIn();
    expect(await engine().destroyByOwner('ada', { except: session })).toBe(1);
    expect((await renewing.load()).userId).toBe('ada');
  });

  test.each([1, 2])('what stays keeps its changes and its new id, which it gets before write %i', async (write) => {
    const [own, other] = [await signedIn(), await signedIn()];
    const page = await own.load();
    const tab = own.tab();
    const session = await tab.load();
    session.set('count', 7);
    session.regenerate();
    store.beforeWrite(write, async () => {
      await engine().destroyByOwner('ada', { except: page });
    });
    await tab.commit(session);
    expect((await other.load()).isNew).toBe(true);
    expect((await own.load()).isNew).toBe(true);
    const renewed = await tab.load();
    expect([renewed.userId, renewed.get('count')]).toEqual(['ada', 7]);
  });

  test('what stays does so although its visitor signs in anew in another tab at that moment', async () => {
    const own = await signedIn();
    const page = await own.load();
    const tab = own.tab();
    const again = await tab.load();
    again.login('ada');
    store.beforeWrite(2, async () => {
      await engine().destroyByOwner('ada', { except: page });
    });
    await tab.commit(again);
    expect((await tab.load()).userId).toBe('ada');
  });

  test('at no cost for what stays', async () => {
    const own = await signedIn();
    await signedIn();
    const session = await own.load();
    store.taken();
    await engine().destroyByOwner('ada', { except: session });
    expect(store.taken()).toEqual(['readOwner', 'block', 'leave', 'readOwner']);
  });

  test('one that is named, although it gets a new id at that moment', async () => {
    const own = await signedIn();
    const session = await own.load();
    session.regenerate();
    const only = session.handle ?? '';
    store.before.block = async () => {
      await own.commit(session);
    };
    expect(await engine().destroyByOwner('ada', { only })).toBe(1);
    expect((await own.load()).isNew).toBe(true);
  });

  test('none, where those that are named are not said: the field of a form that was not sent', async () => {
    const own = await signedIn();
    await expect(engine().destroyByOwner('ada', { only: undefined })).rejects.toMatchObject({
      code: 'ERR_SESSION_USER',
      message: 'only must be handles of sessions, received undefined: leave it out to end all',
    });
    expect(await engine().destroyByOwner('ada', { only: [] })).toBe(0);
    expect((await own.load()).userId).toBe('ada');
  });

  test('as many as there is time for: those are out of the index, and a second call ends the rest', async () => {
    for (let count = 0; count < 60; count++) {
      await signedIn();
    }
    const faulty = new FaultyStore(memory);
    faulty.next('block', ...Array.from({ length: 30 }, () => undefined), 'fail');
    await expect(engine({ store: faulty }).destroyByOwner('ada')).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    });
    expect((await memory.owners.readOwner(ownerOf('ada'))).sessions).toHaveLength(35);
    expect(await engine().destroyByOwner('ada')).toBe(35);
    expect(await handles()).toEqual([]);
  });

  test('whatever the clock said by which they began', async () => {
    clock.advance(10 * MINUTE);
    const ahead = await signedIn();
    clock.advance(-10 * MINUTE);
    expect(await handles()).toHaveLength(1);
    expect(await engine().destroyByOwner('ada')).toBe(1);
    expect((await ahead.load()).isNew).toBe(true);
  });

  test('only those that are named', async () => {
    const [one, other] = [await signedIn(), await signedIn()];
    expect(await engine().destroyByOwner('ada', { only: (await handleOf(one)) ?? '' })).toBe(1);
    expect((await one.load()).isNew).toBe(true);
    expect((await other.load()).userId).toBe('ada');
  });

  test('all, where what is excepted has no session', async () => {
    await signedIn();
    expect(await engine().destroyByOwner('ada', { except: await new Visitor(engine()).load() })).toBe(1);
  });

  test('one that is about to be written, too: whoever signs in at that moment is not signed in', async () => {
    const discarded = jest.fn();
    const late = new Visitor(engine({ hooks: { discarded } }));
    store.before.write = async () => {
      await engine().destroyByOwner('ada');
    };
    expect(await late.request((session) => session.login('ada'))).toBeUndefined();
    expect(discarded).toHaveBeenCalledTimes(1);
    expect(await handles()).toEqual([]);
  });

  test('with a conflict for who insists on having been saved', async () => {
    const late = new Visitor(engine({ concurrency: 'optimistic' }));
    store.before.write = async () => {
      await engine().destroyByOwner('ada');
    };
    await expect(late.request((session) => session.login('ada'))).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFLICT',
    });
  });

  test.each<[string, (act: () => Promise<void>) => void]>([
    ['before its new key is entered', (act) => Object.assign(store.before, { enter: act })],
    ['before its new record is written', (act) => store.beforeWrite(1, act)],
    ['before its old record is retired', (act) => store.beforeWrite(2, act)],
    ['before its old entry is taken out', (act) => Object.assign(store.before, { leave: act })],
  ])('one that gets a new id, %s', async (_, arrange) => {
    const own = await signedIn();
    const session = await own.load();
    session.regenerate();
    arrange(async () => {
      await engine().destroyByOwner('ada');
    });
    await own.commit(session);
    expect((await own.load()).isNew).toBe(true);
    expect(await handles()).toEqual([]);
  });

  test('one that was renewed, whose old id still leads to it', async () => {
    const own = await signedIn('ada', { policy: { renewalTimeout: 60 } });
    const tab = own.tab();
    clock.advance(MINUTE);
    await own.request();
    expect((await tab.load()).userId).toBe('ada');
    await engine().destroyByOwner('ada');
    expect((await tab.load()).isNew).toBe(true);
  });

  test('one that is being saved: the end wins', async () => {
    const own = await signedIn();
    const session = await own.load();
    session.set('count', 1);
    await engine().destroyByOwner('ada');
    await own.commit(session);
    expect((await own.load()).isNew).toBe(true);
  });

  test.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'whatever others do with them at that moment: none is alive afterwards (%i)',
    async (seed) => {
      const random = seededRandom(seed);
      const slow = slowed(memory, random);
      const policy = { renewalTimeout: 60 };
      const visitors = await Promise.all(Array.from({ length: 5 }, () => signedIn('ada', { policy })));
      clock.advance(2 * MINUTE);
      const acts = visitors.flatMap((visitor) =>
        Array.from({ length: 3 }, async () => {
          const tab = visitor.tab(engine({ store: slow, policy }));
          for (let step = 0; step < 3; step++) {
            await tab.request((session) => {
              const choice = random();
              if (choice < 0.3) {
                session.update('count', (count = 0) => count + 1);
              } else if (choice < 0.6 && !session.isNew) {
                session.regenerate();
              }
            });
            clock.advance(20 * SECOND);
          }
          return tab;
        }),
      );
      await sleep(random() * 4);
      await engine({ store: slow }).destroyByOwner('ada');
      expect(await handles()).toEqual([]);
      for (const tab of await Promise.all(acts)) {
        expect((await tab.load()).userId).toBeUndefined();
      }
      expect(await handles()).toEqual([]);
    },
  );

  test('until a limit, if the user keeps signing in', async () => {
    const busy: SessionStore = {
      ...bind(memory),
      owners: {
        ...bindOwners(memory.owners),
        readOwner: async (owner) => {
          await signedIn();
          return memory.owners.readOwner(owner);
        },
      },
    };
    await expect(engine({ store: busy }).destroyByOwner('ada')).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFLICT',
    });
  });
});

/** A store each of whose calls takes its time, so that requests overtake each other. */
function slowed(inner: SessionStore & { readonly owners: OwnerIndex }, random: () => number): SessionStore {
  const slow = <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) => {
    return async (...args: Args) => {
      await sleep(random() * 2);
      const result = await call(...args);
      await sleep(random() * 2);
      return result;
    };
  };
  const { owners } = inner;
  const { read, write, touch, destroy } = bind(inner);
  const { readOwner, enter, leave, revoke, block } = bindOwners(owners);
  return {
    read: slow(read),
    write: slow(write),
    touch: slow(touch),
    destroy: slow(destroy),
    owners: {
      readOwner: slow(readOwner),
      enter: slow(enter),
      leave: slow(leave),
      revoke: slow(revoke),
      block: slow(block),
    },
  };
}

describe('a user’s sessions are revoked', () => {
  test('with a read and a write, however many they are; with a time, with the write alone', async () => {
    await signedIn();
    await signedIn();
    store.taken();
    await engine().revokeBefore('ada', new Date(START - 1));
    expect(store.taken()).toEqual(['revoke']);
    await engine().revokeBefore('ada');
    expect(store.taken()).toEqual(['readOwner', 'revoke']);
    clock.advance(1);
    expect(await handles()).toHaveLength(2);
  });

  test('those that began before the time alone', async () => {
    const early = await signedIn();
    clock.advance(MINUTE);
    const late = await signedIn();
    clock.advance(MINUTE);
    await engine().revokeBefore('ada', new Date(START + 30 * SECOND));
    expect(await handles()).toEqual([await handleOf(late)]);
    clock.advance(5 * MINUTE);
    expect((await early.load()).isNew).toBe(true);
    expect((await late.load()).userId).toBe('ada');
  });

  test('which one in use hears of no later than a touch after it was used last, and says so', async () => {
    const rejected = jest.fn();
    const destroyed = jest.fn();
    const own = await signedIn('ada', { hooks: { rejected, destroyed } });
    clock.advance(SECOND);
    await engine().revokeBefore('ada');
    clock.advance(179 * SECOND);
    expect((await own.load()).userId).toBe('ada');
    clock.advance(SECOND);
    expect((await own.load()).isNew).toBe(true);
    expect(rejected).toHaveBeenCalledWith({ reason: 'revoked' });
    expect(destroyed).toHaveBeenCalledTimes(1);
    await own.load();
    expect(rejected).toHaveBeenLastCalledWith({ reason: 'destroyed' });
  });

  test('however busy it is', async () => {
    const own = await signedIn();
    await engine().revokeBefore('ada', new Date(clock.now + 1));
    let answered = 0;
    for (let second = 0; second < 300; second += 10) {
      clock.advance(10 * SECOND);
      await own.request((session) => {
        if (session.userId === 'ada') {
          answered++;
          session.update('count', (count = 0) => count + 1);
        }
      });
    }
    expect(answered).toBe(18);
  });

  test('at once, where every request looks', async () => {
    const policy = { revocationCheck: 'request' } as const;
    const own = await signedIn('ada', { policy });
    store.taken();
    await own.request();
    expect(store.taken()).toEqual(['read', 'readOwner']);
    clock.advance(1);
    await engine().revokeBefore('ada');
    expect((await own.load()).isNew).toBe(true);
  });

  test('at the cost of a read in place of nothing, and the write that a touch would be', async () => {
    const own = await signedIn();
    store.taken();
    clock.advance(4 * MINUTE);
    await own.request();
    expect(store.taken()).toEqual(['read', 'readOwner', 'write']);
    await own.request();
    expect(store.taken()).toEqual(['read']);
  });

  test('where another request saves first, without noting again that it was looked up', async () => {
    const own = await signedIn();
    clock.advance(4 * MINUTE);
    const reader = await own.load();
    const tab = own.tab();
    await tab.request((session) => session.set('count', 1));
    store.taken();
    expect(await own.commit(reader)).toBeUndefined();
    expect(store.taken()).toEqual(['write']);
    expect(await tab.see('count')).toBe(1);
  });

  test('before they can be renewed, or get another id', async () => {
    for (const act of ['age', 'privilege'] as const) {
      const policy = { renewalTimeout: 60 };
      const own = await signedIn('ada', act === 'age' ? { policy } : {});
      clock.advance(MINUTE);
      const session = await own.load();
      if (act === 'privilege') {
        session.regenerate();
      }
      await engine().revokeBefore('ada');
      await own.commit(session);
      expect((await own.load()).isNew).toBe(true);
      clock.advance(1);
    }
  });

  test('but not one that begins afterwards, on a machine whose clock is behind', async () => {
    await engine().revokeBefore('ada');
    clock.advance(-MINUTE);
    const own = await signedIn();
    clock.advance(5 * MINUTE);
    expect((await own.load()).userId).toBe('ada');
    expect(await handles()).toHaveLength(1);
  });

  test('by the clock of the machine that each began on, which only ending them does not ask', async () => {
    clock.advance(MINUTE);
    const ahead = await signedIn();
    clock.advance(-MINUTE);
    await engine().revokeBefore('ada');
    expect(await handles()).toEqual([await handleOf(ahead)]);
    await engine().destroyByOwner('ada');
    expect(await handles()).toEqual([]);
  });

  test('but not the one of who changes the password, has them revoked and signs in anew', async () => {
    const own = await signedIn();
    clock.advance(2.5 * MINUTE);
    const session = await own.load();
    await engine().revokeBefore('ada');
    clock.advance(MINUTE);
    session.login('ada');
    await own.commit(session);
    clock.advance(5 * MINUTE);
    expect((await own.load()).userId).toBe('ada');
  });

  test.each(['touch', 'request'] as const)(
    'nor that one, while what it takes the place of is looked up in another tab (%s)',
    async (revocationCheck) => {
      const policy = { revocationCheck };
      const own = await signedIn('ada', { policy });
      const tab = own.tab();
      clock.advance(2.5 * MINUTE);
      const session = await own.load();
      await engine().revokeBefore('ada');
      clock.advance(MINUTE);
      session.login('ada');
      store.before.write = async () => {
        await own.commit(session);
      };
      expect((await tab.load()).isNew).toBe(true);
      expect((await own.load()).userId).toBe('ada');
    },
  );

  test('nor that one, while another tab wants a new id for what it takes the place of', async () => {
    const own = await signedIn();
    const [session, tab] = [await own.load(), own.tab()];
    const other = await tab.load();
    other.regenerate();
    clock.advance(SECOND);
    await engine().revokeBefore('ada');
    session.login('ada');
    store.before.write = async () => {
      await own.commit(session);
    };
    await tab.commit(other);
    expect((await own.load()).userId).toBe('ada');
  });

  test('each for good, although another request saves it while it is ended', async () => {
    const own = await signedIn();
    clock.advance(MINUTE);
    const busy = await own.load();
    busy.set('count', 1);
    await engine().revokeBefore('ada');
    clock.advance(3 * MINUTE);
    const [rejected, destroyed] = [jest.fn(), jest.fn()];
    store.before.write = async () => {
      await own.tab().commit(busy);
    };
    const tab = own.tab(engine({ hooks: { rejected, destroyed } }));
    expect((await tab.load()).isNew).toBe(true);
    expect(destroyed).toHaveBeenCalledTimes(1);
    await tab.load();
    expect(rejected.mock.calls).toEqual([[{ reason: 'revoked' }], [{ reason: 'destroyed' }]]);
  });

  test('and answered no more, although others save one so often that it cannot be ended', async () => {
    const own = await signedIn();
    clock.advance(4 * MINUTE);
    await engine().revokeBefore('ada');
    const destroyed = jest.fn();
    const contested: SessionStore = {
      ...bind(store),
      write: async (key) => ({ written: false, current: await memory.read(key) }),
    };
    expect((await own.tab(engine({ store: contested, hooks: { destroyed } })).load()).isNew).toBe(true);
    expect(destroyed).not.toHaveBeenCalled();
    expect((await own.load()).isNew).toBe(true);
  });

  test('no later where a clock was ahead when it was looked up last', async () => {
    const own = await signedIn();
    clock.advance(14 * MINUTE);
    await own.request();
    clock.advance(-10 * MINUTE);
    await engine().revokeBefore('ada');
    clock.advance(4 * MINUTE);
    expect((await own.load()).isNew).toBe(true);
  });

  test.each([
    ['a moment', 5 * SECOND],
    ['minutes', 4 * MINUTE],
    ['hours', 2 * HOUR],
  ])('until now, although they were before by a clock that is %s ahead', async (_, ahead) => {
    clock.advance(ahead);
    await engine().revokeBefore('ada');
    clock.advance(-ahead);
    const thief = await signedIn();
    clock.advance(2 * SECOND);
    await engine().revokeBefore('ada');
    clock.advance(4 * MINUTE);
    expect((await thief.load()).isNew).toBe(true);
  });

  test('never less far than before', async () => {
    const own = await signedIn();
    clock.advance(MINUTE);
    await engine().revokeBefore('ada');
    await engine().revokeBefore('ada', new Date(START - HOUR));
    clock.advance(5 * MINUTE);
    expect((await own.load()).isNew).toBe(true);
  });

  test.each([
    ['a time to come', new Date(START + HOUR), '2030-01-01T01:00:00.000Z'],
    ['no time', new Date(Number.NaN), 'one that is none'],
  ])('not before %s', async (_, time, received) => {
    await expect(engine().revokeBefore('ada', time)).rejects.toMatchObject({
      code: 'ERR_SESSION_USER',
      message: `revokeBefore must be given a time at most five minutes ahead of this machine's clock, received ${received}`,
    });
  });

  test('while the store does not answer, one that is due is not answered either', async () => {
    const faulty = new FaultyStore(memory);
    const own = await signedIn('ada', { store: faulty });
    clock.advance(4 * MINUTE);
    faulty.next('readOwner', 'fail');
    await expect(own.load()).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect((await own.load()).userId).toBe('ada');
  });
});

describe('without an index in the store', () => {
  const without = () => ({ store: { ...bind(memory), owners: undefined }, clock });

  test('users sign in and out as ever', async () => {
    const own = new Visitor(engineOf(without()));
    await own.request((session) => session.login('ada'));
    clock.advance(10 * MINUTE);
    await own.request((session) => session.regenerate());
    expect((await own.load()).userId).toBe('ada');
    await own.request((session) => session.logout());
    expect((await own.load()).isNew).toBe(true);
  });

  test.each(['listByOwner', 'destroyByOwner', 'revokeBefore'] as const)('%s says what it needs', async (method) => {
    await expect(engineOf(without())[method]('ada')).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: `${method} needs a store that keeps an index of owners, received one without: give its class the property owners, or take another store`,
    });
  });
});

test.each(['listByOwner', 'destroyByOwner', 'revokeBefore'] as const)('%s wants a user', async (method) => {
  await expect(createSessions({ store: memory })[method]('')).rejects.toMatchObject({
    code: 'ERR_SESSION_USER',
    message: `${method} must be given the user's id, a text of 1 to 256 characters, received one of 0`,
  });
});

test('an application reaches all of it, and counts what happens', async () => {
  const sessions = createSessions({ store: memory, clock: clock.read });
  const { setCookie = '' } = await sessions.transact(undefined, (session) => session.login('ada', { label: 'here' }));
  expect(await sessions.listByOwner('ada')).toMatchObject([{ label: 'here' }]);
  await sessions.revokeBefore('ada');
  const own = await sessions.transact(setCookie.split(';')[0], (session) => session);
  expect(await sessions.destroyByOwner('ada', { except: own.result })).toBe(0);
  expect(await sessions.destroyByOwner('ada')).toBe(1);
  expect(sessions.counts).toMatchObject({ created: 1, loaded: 1, destroyed: 1, lost: 0 });
});
