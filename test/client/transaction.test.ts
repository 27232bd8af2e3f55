import { createSessions, type Session, type Sessions, type SessionsOptions } from 'cdk-sessions-client';
import { MemoryStore } from 'cdk-sessions-client/memory';
import { FaultyStore } from 'cdk-sessions-client/testing';
import { type Data, ObservedStore } from './support';

// Time is the test's own where it asks for that; jest fakes the globals alone.
jest.mock('node:timers/promises', () => ({
  ...jest.requireActual('node:timers/promises'),
  setTimeout: (time: number) => new Promise<void>((resolve) => setTimeout(resolve, time)),
}));
jest.mock('node:perf_hooks', () => ({ performance: { now: () => Date.now() } }));

let store: ObservedStore;

beforeEach(() => {
  store = new ObservedStore(new MemoryStore());
});

function sessionsOn(options: Partial<SessionsOptions<Data>> = {}): Sessions<Data> {
  return createSessions<Data>({ store, ...options } as SessionsOptions<Data>);
}

/** Begins a session. Resolves to its cookie. */
async function begin(): Promise<string> {
  const { setCookie = '' } = await sessionsOn().transact(undefined, (session) => session.set('count', 0));
  store.taken();
  return setCookie.slice(0, setCookie.indexOf(';'));
}

const count = (session: Session<Data>) => session.update('count', (counted = 0) => counted + 1);

async function seen(cookie: string): Promise<number | undefined> {
  return (await sessionsOn().transact(cookie, (session) => session.get('count'))).result;
}

test('returns what the function does, and the cookie of a session that it began', async () => {
  const { result, setCookie } = await sessionsOn().transact([], (session) => {
    session.set('count', 1);
    return session.isNew;
  });
  expect(result).toBe(true);
  expect(setCookie).toMatch(/^__Host-session=v1\./);
});

test('that changes nothing costs one read, and needs no cookie', async () => {
  const cookie = await begin();
  expect(await sessionsOn().transact([`a=1; ${cookie}`], (session) => session.get('count'))).toEqual({ result: 0 });
  expect(store.taken()).toEqual(['read']);
});

test.each(['merge', 'optimistic', 'last-write-wins'] as const)(
  'runs its function again on what another request saved first: %s',
  async (concurrency) => {
    const cookie = await begin();
    const read: unknown[] = [];
    store.before.write = async () => void (await sessionsOn().transact(cookie, count));
    await sessionsOn({ concurrency }).transact(cookie, async (session) => {
      const counted = session.get('count') ?? 0;
      read.push(counted);
      session.set('count', counted * 10 + 5);
    });
    expect(read).toEqual([0, 1]);
    expect(await seen(cookie)).toBe(15);
  },
);

test('runs for the visitor who is signed out meanwhile as for a new one, and not on what he had', async () => {
  const cookie = await begin();
  store.before.write = async () => void (await sessionsOn().transact(cookie, (session) => session.logout()));
  const fresh: boolean[] = [];
  const { setCookie } = await sessionsOn().transact(cookie, (session) => {
    fresh.push(session.isNew);
    session.set('user', 'ada');
  });
  expect(fresh).toEqual([false, true]);
  expect(setCookie).not.toContain(cookie);
});

test.each<[string, (session: Session<Data>) => unknown]>([
  ['logout', (session) => session.logout()],
  ['destroy', (session) => session.destroy()],
])('takes what must be taken once only once, even if it ends the session by %s', async (_, end) => {
  const cookie = await begin();
  await sessionsOn().transact(cookie, (session) => session.set('user', 'coupon'));
  const take = () =>
    sessionsOn().transact(cookie, (session) => {
      const coupon = session.get('user');
      end(session);
      return coupon;
    });
  const taken = await Promise.all([take(), take(), take()]);
  expect(taken.map(({ result }) => result).filter((coupon) => coupon !== undefined)).toEqual(['coupon']);
});

test('decides on nothing that is outdated, even if it changes no data', async () => {
  const cookie = await begin();
  const read: unknown[] = [];
  store.before.write = async () =>
    void (await sessionsOn().transact(cookie, (session) => session.set('user', 'revoked')));
  const { setCookie } = await sessionsOn().transact(cookie, (session) => {
    read.push(session.get('user'));
    if (session.get('user') === undefined) {
      session.login('ada');
    }
  });
  expect(read).toEqual([undefined, 'revoked']);
  expect(setCookie).toBeUndefined();
});

test('that a sign-in overtakes fails, and does not sign the visitor out', async () => {
  const cookie = await begin();
  store.before.write = async () => void (await sessionsOn().transact(cookie, (session) => session.login('ada')));
  const sessions = sessionsOn({ hooks: { storeError: () => undefined } });
  let runs = 0;
  const overtaken = sessions.transact(cookie, (session) => [runs++, session.set('count', 7)]);
  await expect(overtaken).rejects.toMatchObject({ code: 'ERR_SESSION_CONFLICT' });
  expect(runs).toBe(2);
});

test.each([Number.NaN, 0, -1, 900_001])('a timeout of %d is refused', async (timeout) => {
  await expect(sessionsOn().transact([], count, { timeout })).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: `timeout must be 1 to 900000 milliseconds, received ${timeout}`,
  });
});

test('ends when its time is over', async () => {
  const cookie = await begin();
  const hanging = Object.assign(new ObservedStore(store), { write: () => new Promise<never>(() => undefined) });
  const sessions = sessionsOn({ store: hanging, hooks: { storeError: () => undefined } });
  const began = Date.now();
  await expect(sessions.transact(cookie, count, { timeout: 300 })).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_TIMEOUT',
  });
  expect(Date.now() - began).toBeLessThan(1000);
});

test('many of them at once happen one after the other', async () => {
  const cookie = await begin();
  const stock = Array.from({ length: 20 }, () =>
    sessionsOn().transact(cookie, (session) => {
      const counted = session.get('count') ?? 0;
      session.set('count', counted + 1);
      return counted;
    }),
  );
  const results = (await Promise.all(stock)).map(({ result }) => result);
  expect([...results].sort((one, other) => one - other)).toEqual([...stock.keys()]);
});

test('a function that throws saves nothing, and is not run again', async () => {
  const cookie = await begin();
  let runs = 0;
  const failing = sessionsOn().transact(cookie, (session) => {
    runs++;
    session.set('count', 7);
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect([runs, await seen(cookie)]).toEqual([1, 0]);
});

test('a store that is down ends it at once, and is reported', async () => {
  const cookie = await begin();
  const faulty = new FaultyStore(store);
  const told: string[] = [];
  const sessions = sessionsOn({ store: faulty, hooks: { storeError: ({ code }) => told.push(code) } });
  faulty.next('write', 'fail');
  await expect(sessions.transact(cookie, count)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
  expect(told).toEqual(['ERR_SESSION_STORE_UNAVAILABLE']);
});

test('others who keep coming first end it after ten seconds, as a conflict', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  try {
    const cookie = await begin();
    const busy = new ObservedStore(store);
    const interfere = async () => {
      busy.before.write = interfere;
      await sessionsOn().transact(cookie, count);
    };
    busy.before.write = interfere;
    const told: string[] = [];
    const sessions = sessionsOn({ store: busy, hooks: { storeError: ({ code }) => told.push(code) } });
    const outcome = expect(sessions.transact(cookie, count)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFLICT' });
    await jest.advanceTimersByTimeAsync(10_000);
    await outcome;
    expect(told).toEqual(['ERR_SESSION_CONFLICT']);
  } finally {
    jest.useRealTimers();
  }
});
