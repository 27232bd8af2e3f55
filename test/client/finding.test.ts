import type { RejectionReason } from 'cdk-sessions-client';
import { FakeClock, MemoryStore } from 'cdk-sessions-client/testing';
import type { SessionDraft } from '../../lib/client/session-draft';
import { seededRandom } from '../../lib/client/testing/random';
import { documentOf, key } from './keys/keys';
import {
  bind,
  type Data,
  down,
  engineOf,
  HOUR,
  keyOfSession,
  MINUTE,
  ObservedStore,
  SECOND,
  START,
  Visitor,
} from './support';

let clock: FakeClock;
let memory: MemoryStore;
let store: ObservedStore;
let told: (RejectionReason | 'lost' | 'expired')[];

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore({ clock: clock.read });
  store = new ObservedStore(memory);
  told = [];
});

const keys = {
  read: async () => JSON.stringify(documentOf(key('first', START - HOUR))),
  encryptsData: false,
  acceptsUnprotected: false,
};

function engine(parts: Partial<Parameters<typeof engineOf>[0]> = {}) {
  const hooks = {
    rejected: ({ reason }: { reason: RejectionReason }) => told.push(reason),
    lost: () => told.push('lost'),
    expired: () => told.push('expired'),
    storeError: () => undefined,
  };
  return engineOf({ store, clock, keys, hooks, ...parts });
}

async function begun(parts?: Parameters<typeof engine>[0]): Promise<Visitor> {
  const visitor = new Visitor(engine(parts));
  await visitor.request((session) => session.set('user', 'ada'));
  return visitor;
}

/** Takes a record away behind the engine's back. */
async function kill(visitor: Visitor): Promise<void> {
  await memory.destroy(keyOfSession(visitor));
}

/** What is told of a visitor who comes back. */
async function comesBack(visitor: Visitor): Promise<typeof told> {
  told = [];
  await visitor.load();
  return told;
}

describe('with signed cookies', () => {
  test('a session that should be alive and is gone was lost', async () => {
    const visitor = await begun();
    await kill(visitor);
    expect(await comesBack(visitor)).toEqual(['lost']);
  });

  test('a session in use is known to be alive for as long as it stays in use', async () => {
    const visitor = await begun();
    for (let minutes = 0; minutes < 120; minutes += 5) {
      clock.advance(5 * MINUTE);
      await visitor.request(minutes % 2 === 0 ? () => undefined : (session) => session.set('count', minutes));
    }
    clock.advance(25 * MINUTE);
    await kill(visitor);
    expect(await comesBack(visitor)).toEqual(['lost']);
  });

  test('the cookie follows the idle end no closer than touches do', async () => {
    const visitor = await begun();
    clock.advance(2 * MINUTE);
    expect(await visitor.request((session) => session.set('count', 1))).toBeUndefined();
    clock.advance(2 * MINUTE);
    expect(await visitor.request((session) => session.set('count', 2))).toContain('__Host-session=v1.');
    expect(await visitor.request((session) => session.set('count', 3))).toBeUndefined();
  });

  test('a session that stayed idle for too long has expired, whether or not its record was collected', async () => {
    const visitor = await begun();
    clock.advance(31 * MINUTE);
    expect(await comesBack(visitor)).toEqual(['expired']);
    await kill(visitor);
    expect(await comesBack(visitor)).toEqual(['expired']);
  });

  test('a session past its deadline has expired, and the store is not asked', async () => {
    const visitor = await begun({ policy: { idleTimeout: 3600, absoluteTimeout: 3600 } });
    await kill(visitor);
    store.taken();
    clock.advance(HOUR);
    expect(await comesBack(visitor)).toEqual(['expired']);
    expect(store.taken()).toEqual([]);
  });

  test('a session that was signed out is told so', async () => {
    const visitor = await begun();
    const tab = visitor.tab();
    await visitor.request((session) => session.logout());
    expect(await comesBack(tab)).toEqual(['destroyed']);
  });

  test('a session that was signed out while others kept saving is told so', async () => {
    const visitor = await begun();
    const session = await visitor.load();
    session.destroy();
    let writes = 0;
    const busy = {
      ...bind(store),
      write: async (...[at, next, expected]: Parameters<MemoryStore['write']>) =>
        ++writes > 3 ? store.write(at, next, expected) : { written: false as const, current: await store.read(at) },
    };
    await new Visitor(engine({ store: busy })).commit(session);
    expect(await comesBack(visitor)).toEqual(['destroyed']);
  });

  test('nor does it look lost where all sessions of the user are ended meanwhile', async () => {
    const visitor = new Visitor(engine());
    await visitor.request((session) => session.login('ada'));
    const session = await visitor.load();
    session.destroy();
    const save = () => visitor.tab().request((other) => other.update('count', (count = 0) => count + 1));
    const others = [save, save, () => engine().destroyByOwner('ada')];
    const busy = {
      ...bind(store),
      write: async (...args: Parameters<MemoryStore['write']>) => {
        await others.shift()?.();
        return store.write(...args);
      },
    };
    await new Visitor(engine({ store: busy })).commit(session);
    expect(others).toEqual([]);
    expect(await comesBack(visitor)).toEqual(['destroyed']);
  });

  test.each<['expired' | 'lost', (visitor: Visitor) => unknown]>([
    ['expired', () => clock.advance(HOUR)],
    ['lost', (visitor) => [clock.advance(MINUTE), kill(visitor)]],
  ])('a session that was %s before a sign-in took its room is told so, not as ended by that', async (fate, meets) => {
    const policy = { sessionsPerOwner: 1 };
    const visitor = new Visitor(engine({ policy }));
    await visitor.request((session) => session.login('ada'));
    meets(visitor);
    await new Visitor(engine({ policy })).request((session) => session.login('ada'));
    expect(await comesBack(visitor)).toEqual([fate]);
  });

  test('a session that went on under another id is told so', async () => {
    const visitor = await begun();
    const tab = visitor.tab();
    await visitor.request((session) => session.regenerate());
    expect(await comesBack(tab)).toEqual(['retired']);
  });

  test('a policy that was tightened makes no session look lost', async () => {
    const visitor = await begun();
    clock.advance(MINUTE);
    const tightened = visitor.tab(engine({ policy: { idleTimeout: 300, touchAfter: 30 } }));
    await tightened.request((session) => session.set('count', 1));
    clock.advance(10 * MINUTE);
    await kill(visitor);
    expect(await comesBack(tightened)).toEqual(['expired']);
  });

  test.each<[string, (session: SessionDraft<Data>) => unknown, typeof told]>([
    ['signed out', (session) => session.logout(), ['destroyed']],
    ['moved on', (session) => session.regenerate(), ['retired']],
  ])('nor one that was %s under it', async (_, act, expected) => {
    const visitor = await begun();
    const tightened = visitor.tab(engine({ policy: { idleTimeout: 300, touchAfter: 30 } }));
    clock.advance(SECOND);
    await tightened.request(act);
    clock.advance(10 * MINUTE);
    expect(await comesBack(visitor)).toEqual(expected);
  });

  test('a touch that failed makes no session look lost', async () => {
    const visitor = await begun();
    clock.advance(10 * MINUTE);
    const unlucky = visitor.tab(engine({ store: { ...bind(store), touch: down } }));
    expect(await unlucky.request()).toBeUndefined();
    clock.advance(21 * MINUTE);
    expect(await comesBack(unlucky)).toEqual(['expired']);
  });

  test('a session that was lost is told by each request, until the visitor has another one', async () => {
    const visitor = await begun();
    await kill(visitor);
    told = [];
    await visitor.request();
    await visitor.request((session) => session.set('user', 'ada'));
    await visitor.request();
    expect(told).toEqual(['lost', 'lost']);
  });

  test.each([1, 2, 3])('each of 200 visitors is told what became of their session (%i)', async (seed) => {
    const random = seededRandom(seed);
    const expected: typeof told = [];
    const visitors = await Promise.all(Array.from({ length: 200 }, () => begun()));
    for (const visitor of visitors) {
      const fate = Math.floor(random() * 4);
      if (fate === 0) {
        await kill(visitor);
        expected.push('lost');
      } else if (fate === 1) {
        await visitor.tab().request((session) => session.logout());
        expected.push('destroyed');
      } else if (fate === 2) {
        await visitor.tab().request((session) => session.regenerate());
        expected.push('retired');
      }
    }
    told = [];
    clock.advance(Math.floor(random() * 29) * MINUTE);
    for (const visitor of visitors) {
      await visitor.load();
    }
    expect(told).toEqual(expected);
  });
});

test('without a signature nobody can say what became of a session that is gone', async () => {
  const visitor = await begun({ keys: undefined });
  await kill(visitor);
  expect(await comesBack(visitor)).toEqual(['unknown']);
});
