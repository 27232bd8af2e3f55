import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, SessionStore } from 'cdk-sessions-client';
import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { type ExpressStore, type ExpressStoreOptions, expressStore } from 'cdk-sessions-client/express-session';
import { RedisStore } from 'cdk-sessions-client/redis';
import { FakeClock, FaultyStore, MemoryStore } from 'cdk-sessions-client/testing';
import expressSession, { type SessionData, type SessionOptions, type Store } from 'express-session';
import { ExpressSessionKeys } from '../../../lib/client/hosts/express-session-key';
import { ExpressSessionRecords } from '../../../lib/client/hosts/express-session-records';
import { STANDARD_POLICY } from '../../../lib/contract/policy';
import { type LiveCache, startCache } from '../../support/redis-caches';
import { connectionsTo } from '../../support/redis-connections';
import { useSessionTable } from '../../support/session-table';
import { documentOf, key } from '../keys/keys';
import { bind, down, START } from '../support';
import { type Middleware, type Reply, RunningServer } from './servers';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What the sessions of these tests hold. */
type Data = SessionData & { count?: number; name?: string };

/** A session as express-session saves it, whose cookie expires at a time, or with the browser. */
function session(expires: Date | string | null, data: object = {}): Data {
  const cookie = { originalMaxAge: MINUTE, expires, httpOnly: true, path: '/' };
  return { ...data, cookie } as unknown as Data;
}

let next = 0;
function newId(): string {
  return `sid-${process.pid}-${next++}`;
}

const stores: Readonly<Record<string, () => (clock: Clock) => SessionStore>> = {
  memory: () => {
    const made = new Map<Clock, MemoryStore>();
    return (clock) => {
      const store = made.get(clock) ?? new MemoryStore({ clock });
      made.set(clock, store);
      return store;
    };
  },
  DynamoDB: () => {
    const table = useSessionTable('dynalite').name;
    return (clock) => new DynamoDBStore({ table, clock });
  },
  Redis: () => {
    let cache: LiveCache | undefined;
    beforeAll(async () => {
      cache = await startCache('one server');
    });
    afterAll(() => cache?.stop());
    return (clock) => new RedisStore({ transport: connectionsTo(cache ?? { host: '', port: 0 }), clock });
  },
};

describe.each(Object.entries(stores))('on %s', (_, use) => {
  const storeBy = use();
  const clock = new FakeClock();
  const made = (options: ExpressStoreOptions = {}) =>
    expressStore(storeBy(clock.read), { clock: clock.read, callTimeout: 20_000, ...options });
  let store: ExpressStore;

  beforeEach(() => {
    clock.now = START;
    store = made({ namespace: newId() });
  });

  describe('what express-session requires of a store', () => {
    test('every session store must be an EventEmitter', () => {
      expect(store).toBeInstanceOf(EventEmitter);
      expect(store).toBeInstanceOf(expressSession.Store);
    });

    test('get: the session argument is a session if found', async () => {
      const sid = newId();
      await store.set(sid, session(new Date(START + MINUTE), { count: 1, nested: { list: [1] } }));
      expect(await store.get(sid)).toEqual(
        JSON.parse(JSON.stringify(session(new Date(START + MINUTE), { count: 1, nested: { list: [1] } }))),
      );
    });

    test('get: it is null or undefined if the session was not found, and there is no error', async () => {
      expect(await outcomeOf((callback) => store.get(newId(), callback))).toEqual([null, null]);
    });

    test('set: upserts a session', async () => {
      const sid = newId();
      expect(await outcomeOf((callback) => store.set(sid, session(null, { count: 1 }), callback))).toEqual([null]);
      await store.set(sid, session(null, { count: 2 }));
      expect(await store.get(sid)).toMatchObject({ count: 2 });
    });

    test('destroy: deletes a session, and one that is not there is no error', async () => {
      const sid = newId();
      await store.set(sid, session(null));
      expect(await outcomeOf((callback) => store.destroy(sid, callback))).toEqual([null]);
      expect(await store.get(sid)).toBeNull();
      expect(await outcomeOf((callback) => store.destroy(sid, callback))).toEqual([null]);
    });

    test('touch: resets the idle timer', async () => {
      const sid = newId();
      await store.set(sid, session(new Date(START + MINUTE)));
      clock.advance(59 * SECOND);
      const touched = session(new Date(clock.now + MINUTE));
      expect(await outcomeOf((callback) => store.touch(sid, touched, callback))).toEqual([null]);
      clock.advance(59 * SECOND);
      expect((await store.get(sid))?.cookie.expires).toBe(new Date(START + 119 * SECOND).toISOString());
      clock.advance(SECOND);
      expect(await store.get(sid)).toBeNull();
    });

    test('all: gets all sessions in the store as an array', async () => {
      expect(await outcomeOf((callback) => store.all(callback))).toEqual([null, []]);
      const counts = Array.from({ length: 35 }, (__, count) => count);
      for (const count of counts) {
        await store.set(newId(), session(null, { count }));
      }
      const found = (await store.all()) as Data[];
      expect(found.map(({ count = -1 }) => count).sort((one, other) => one - other)).toEqual(counts);
    });

    test('length: gets the count of all sessions in the store', async () => {
      await store.set(newId(), session(new Date(START + MINUTE)));
      await store.set(newId(), session(null));
      expect(await outcomeOf((callback) => store.length(callback))).toEqual([null, 2]);
      clock.advance(MINUTE);
      expect(await store.length()).toBe(1);
    });

    test('clear: deletes all sessions from the store, and none of anybody else', async () => {
      const other = made({ namespace: newId() });
      await other.set(newId(), session(null));
      await store.set(newId(), session(null));
      expect(await outcomeOf((callback) => store.clear(callback))).toEqual([null]);
      expect(await store.length()).toBe(0);
      expect(await other.length()).toBe(1);
    });
  });

  describe('a session ends', () => {
    test.each([
      ['as a date', new Date(START + 1500)],
      ['as text', new Date(START + 1500).toISOString()],
    ])('with its cookie, to the millisecond, which has that %s', async (__, expires) => {
      const sid = newId();
      await store.set(sid, session(expires));
      clock.advance(1499);
      expect(await store.get(sid)).not.toBeNull();
      clock.advance(1);
      expect(await store.get(sid)).toBeNull();
    });

    test.each([
      ['a day', {}, DAY],
      ['the ttl', { ttl: 5000 }, 5000],
    ])('%s after its last use, if its cookie ends with the browser', async (__, options, ttl) => {
      const [sid, ours] = [newId(), made(options)];
      await ours.set(sid, session(null));
      clock.advance(ttl - 1);
      await ours.touch(sid, session(null));
      clock.advance(ttl - 1);
      expect((await ours.get(sid))?.cookie.expires).toBeNull();
      clock.advance(1);
      expect(await ours.get(sid)).toBeNull();
    });

    test('after the ttl, if its cookie has no time of which a date can be made', async () => {
      const sid = newId();
      await store.set(sid, session(new Date(Number.NaN)));
      await store.set(sid, session('soon'));
      clock.advance(DAY - 1);
      expect(await store.get(sid)).not.toBeNull();
    });

    test('at once, if it is saved or touched with a cookie that has expired', async () => {
      for (const act of ['set', 'touch'] as const) {
        const sid = newId();
        await store.set(sid, session(null));
        await store[act](sid, session(new Date(START)));
        expect(await store.get(sid)).toBeNull();
      }
    });
  });

  describe('of several requests at a time', () => {
    /** A session as a request has it: read, and perhaps changed. */
    async function read(sid: string): Promise<Data> {
      return (await store.get(sid)) as Data;
    }

    test('the last one to save stands', async () => {
      const sid = newId();
      await store.set(sid, session(null));
      const [one, other] = [await read(sid), await read(sid)];
      await store.set(sid, { ...one, name: 'one' } as Data);
      await store.set(sid, Object.assign(other, { name: 'other' }));
      expect(await store.get(sid)).toMatchObject({ name: 'other' });
    });

    test('six that save at once are all answered', async () => {
      const sid = newId();
      await store.set(sid, session(null));
      const copies = await Promise.all(Array.from({ length: 6 }, () => read(sid)));
      await Promise.all(copies.map((copy, count) => store.set(sid, Object.assign(copy, { count }))));
      expect((await read(sid)).count).toEqual(expect.any(Number));
    });

    test('a touch keeps what another one saved meanwhile', async () => {
      const sid = newId();
      await store.set(sid, session(new Date(START + MINUTE)));
      const [reads, writes] = [await read(sid), await read(sid)];
      await store.set(sid, Object.assign(writes, { name: 'ada' }));
      await store.touch(sid, Object.assign(reads, session(new Date(START + HOUR), { name: 'nobody' })));
      clock.advance(2 * MINUTE);
      expect(await store.get(sid)).toMatchObject({ name: 'ada' });
    });

    test('a touch saves what else of the cookie has changed, and its end if it comes sooner', async () => {
      const sid = newId();
      await store.set(sid, session(new Date(START + HOUR), { name: 'ada' }));
      const touched = await read(sid);
      Object.assign(touched.cookie, { originalMaxAge: 2 * SECOND, expires: new Date(START + 2 * SECOND) });
      await store.touch(sid, touched);
      const { cookie, name } = await read(sid);
      expect({ name, age: cookie.originalMaxAge }).toEqual({ name: 'ada', age: 2 * SECOND });
      clock.advance(2 * SECOND);
      expect(await store.get(sid)).toBeNull();
    });

    test.each(['set', 'touch'] as const)('one that was destroyed is not brought back by a late %s', async (act) => {
      const sid = newId();
      await store.set(sid, session(new Date(START + MINUTE)));
      const late = await read(sid);
      await store.destroy(sid);
      await store[act](sid, Object.assign(late, session(new Date(START + HOUR), { name: 'late' })));
      await store[act](sid, late);
      expect(await store.get(sid)).toBeNull();
    });

    test('one that was saved here first and destroyed elsewhere is not brought back either', async () => {
      const sid = newId();
      const ours = session(null);
      await store.set(sid, ours);
      await store.destroy(sid);
      await store.set(sid, ours);
      expect(await store.get(sid)).toBeNull();
    });

    test('a touch of what was never there makes nothing', async () => {
      const sid = newId();
      await store.touch(sid, session(null));
      expect(await store.get(sid)).toBeNull();
    });
  });

  describe('under express-session it does what its own store in memory does', () => {
    const both = [true, false];
    const combinations = both.flatMap((resave) =>
      both.flatMap((saveUninitialized) =>
        both.flatMap((rolling) =>
          (['keep', 'destroy'] as const).map((unset) => ({ resave, saveUninitialized, rolling, unset })),
        ),
      ),
    );

    test.each(combinations)('with %j', async (options) => {
      const reference = await transcriptOf(new expressSession.MemoryStore(), options);
      const live = expressStore(storeBy(Date.now), { namespace: newId(), callTimeout: 20_000 });
      expect(await transcriptOf(live, options)).toEqual(reference);
    });
  });
});

/** What one visitor sees, and how many sessions there are, request by request. */
async function transcriptOf(store: Store, options: Partial<SessionOptions>): Promise<readonly unknown[]> {
  const application = expressSession({ store, secret: 'a secret', cookie: { maxAge: HOUR }, ...options });
  const server = await RunningServer.start('Express 5', {
    middleware: [application as unknown as Middleware, page],
  });
  try {
    const seen: unknown[] = [];
    let cookie = '';
    for (const path of [
      'look',
      'count',
      'look',
      'count',
      'touch',
      'look',
      'reload',
      'regenerate',
      'count',
      'unset',
      'look',
      'count',
      'destroy',
      'look',
      'count',
    ]) {
      const { status, body, cookies } = await server.request({ path: `/${path}`, headers: cookie ? { cookie } : {} });
      const given = cookies[0]?.split(';')[0];
      const renewed = given !== undefined && given !== cookie;
      cookie = given ?? cookie;
      seen.push({ path, status, body, set: given !== undefined, renewed, sessions: await lengthOf(store) });
    }
    return seen;
  } finally {
    await server.stop();
  }
}

const page: Middleware = (request, response, next) => {
  const visit = request as unknown as { url: string; session?: (expressSession.Session & Data) | null };
  const { session } = visit;
  if (!session) {
    next(new Error('there is no session'));
    return;
  }
  const done = (error?: unknown) => (error ? next(error) : response.end(`${visit.session?.count ?? 'nothing'}`));
  switch (visit.url) {
    case '/count':
      session.count = (session.count ?? 0) + 1;
      done();
      break;
    case '/touch':
      session.cookie.maxAge = 2 * HOUR;
      done();
      break;
    case '/reload':
      session.count = 100;
      session.reload(done);
      break;
    case '/regenerate':
      session.regenerate(done);
      break;
    case '/unset':
      visit.session = null;
      done();
      break;
    case '/destroy':
      session.destroy(done);
      break;
    default:
      done();
  }
};

function lengthOf(store: Store): Promise<unknown> {
  return new Promise((resolve, reject) => {
    store.length?.((error, length) => (error ? reject(error) : resolve(length)));
  });
}

/** What a callback was called with, once. */
async function outcomeOf(call: (callback: (...args: unknown[]) => void) => unknown): Promise<unknown[]> {
  const callback = jest.fn();
  expect(call(callback)).toBeUndefined();
  expect(callback).not.toHaveBeenCalled();
  while (callback.mock.calls.length === 0) {
    await sleep(1);
  }
  await sleep(1);
  expect(callback).toHaveBeenCalledTimes(1);
  const [args] = callback.mock.calls;
  return args?.[1] === undefined ? (args?.slice(0, 1) ?? []) : args;
}

describe('a store that is down', () => {
  const keys = () => ({ [Symbol.asyncIterator]: () => ({ next: down }) });
  const broken = { read: down, write: down, touch: down, destroy: down, keys };
  const calls: Readonly<Record<string, (store: ExpressStore, callback?: (...args: unknown[]) => void) => unknown>> = {
    get: (store, callback) => store.get('a', callback as never),
    set: (store, callback) => store.set('a', session(null), callback),
    touch: (store, callback) => store.touch('a', session(null), callback),
    destroy: (store, callback) => store.destroy('a', callback),
    all: (store, callback) => store.all(callback as never),
    length: (store, callback) => store.length(callback as never),
    clear: (store, callback) => store.clear(callback as never),
  };

  test.each(Object.entries(calls))('%s calls back with the error, and rejects with it', async (_, call) => {
    const error = expect.objectContaining({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect(await outcomeOf((callback) => call(expressStore(broken), callback))).toEqual([error]);
    await expect(call(expressStore(broken))).rejects.toEqual(error);
  });

  test('is an error of the request, and no hanging', async () => {
    const { status, body } = await visit(broken);
    expect({ status, body }).toEqual({ status: 500, body: 'failed: ERR_SESSION_STORE_UNAVAILABLE' });
  });

  test('and does not answer ends a call in time', async () => {
    const faulty = new FaultyStore(new MemoryStore());
    faulty.next('read', 'hang');
    await expect(expressStore(faulty, { callTimeout: 20 }).get('a')).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_TIMEOUT',
    });
  });
});

/** A visitor with a signed cookie, whose session need not be there. */
async function visit(store: SessionStore): Promise<Reply> {
  const memory = new expressSession.MemoryStore();
  const start = async (of: Store) => {
    const application = expressSession({ store: of, secret: 'a secret', resave: false, saveUninitialized: true });
    return RunningServer.start('Express 5', { middleware: [application as unknown as Middleware, page] });
  };
  const first = await start(memory);
  const cookie = (await first.request()).cookies[0]?.split(';')[0] ?? '';
  await first.stop();
  const second = await start(expressStore(store));
  try {
    return await second.request({ headers: { cookie } });
  } finally {
    await second.stop();
  }
}

describe('a session without a cookie', () => {
  const missing = { code: 'ERR_SESSION_RECORD', message: expect.stringContaining('has no cookie') };

  test('is not saved', async () => {
    for (const act of ['set', 'touch'] as const) {
      await expect(expressStore(new MemoryStore())[act]('a', { name: 'ada' } as never)).rejects.toMatchObject(missing);
    }
  });

  test('that is stored is an error of the request, and no hanging', async () => {
    const memory = new MemoryStore();
    const value = Buffer.concat([Buffer.of(4), Buffer.from('{"name":"ada"}')]);
    const stored = { value, version: 'a', expiresAt: Date.now() + DAY, deadline: Date.now() + DAY };
    expect(await visit({ ...bind(memory), read: async () => stored })).toMatchObject({
      status: 500,
      body: 'failed: ERR_SESSION_RECORD',
    });
  });
});

describe('what else is stored', () => {
  test.each([
    ['of the engine', 1, 'record format 1'],
    ['encrypted, with no keys here', 3, 'is encrypted'],
  ])('%s is an error', async (_, format, message) => {
    const stored = { value: Uint8Array.of(format), version: 'a', expiresAt: START, deadline: START };
    const store = expressStore({ ...bind(new MemoryStore()), read: async () => stored });
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'ERR_SESSION_RECORD',
      message: expect.stringContaining(message),
    });
  });

  test('nothing at all is an error, too', async () => {
    const stored = { value: new Uint8Array(), version: 'a', expiresAt: START, deadline: START };
    const store = expressStore({ ...bind(new MemoryStore()), read: async () => stored });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD' });
  });
});

test('long sessions are compressed, and what does not fit all the same is refused', async () => {
  const memory = Object.assign(new MemoryStore(), { capacity: 200 });
  const store = expressStore(memory);
  await store.set('a', session(null, { name: 'ada '.repeat(1000) }));
  expect(await store.get('a')).toMatchObject({ name: 'ada '.repeat(1000) });
  const noise = Array.from({ length: 100 }, (_, index) => Math.sin(index));
  await expect(store.set('a', session(null, { noise }))).rejects.toMatchObject({
    code: 'ERR_SESSION_TOO_LARGE',
    message: expect.stringMatching(/^the session takes \d+ bytes, and the store keeps up to 200: /),
  });
});

test('a session is saved as it is when that is asked for', async () => {
  const store = expressStore(new MemoryStore());
  const changing = session(null, { name: 'before' });
  const saved = store.set('a', changing);
  changing.name = 'after';
  await saved;
  expect(await store.get('a')).toMatchObject({ name: 'before' });
});

test('what cannot be made JSON of is an error that is called back with', async () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const [error] = await outcomeOf((callback) =>
    expressStore(new MemoryStore()).set('a', session(null, cycle), callback),
  );
  expect(error).toBeInstanceOf(TypeError);
});

test('a save whose first try went through unnoticed is saved', async () => {
  const faulty = new FaultyStore(new MemoryStore());
  faulty.next('write', 'duplicate');
  const store = expressStore(faulty);
  await store.set('a', session(null, { name: 'ada' }));
  expect(await store.get('a')).toMatchObject({ name: 'ada' });
});

describe('a session that others keep saving', () => {
  /** A store in which somebody else was faster, each time. */
  function contested(): SessionStore {
    const memory = new MemoryStore();
    let version = 0;
    const current = () => ({
      value: Buffer.concat([Buffer.of(4), Buffer.from(JSON.stringify(session(null)))]),
      version: `${version++}.AAAAAAAA`,
      expiresAt: Date.now() + HOUR,
      deadline: Date.now() + HOUR,
    });
    return {
      ...bind(memory),
      read: async () => current(),
      write: async () => ({ written: false, current: current() }),
      touch: async () => 'changed',
    };
  }

  test.each(['set', 'touch'] as const)('is given up after some tries of %s', async (act) => {
    await expect(expressStore(contested())[act]('a', session(new Date(Date.now() + DAY)))).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFLICT',
    });
  });

  test('is touched in the end, whichever way it takes', async () => {
    const store = contested();
    let tries = 0;
    const touching = { ...store, touch: async () => (++tries < 3 ? ('changed' as const) : ('ok' as const)) };
    await expect(expressStore(touching).touch('a', session(null))).resolves.toBeUndefined();
    const gone = { ...store, touch: async () => 'gone' as const };
    await expect(expressStore(gone).touch('a', session(null))).resolves.toBeUndefined();
  });
});

test('a session that expires while it is saved anew is saved', async () => {
  const memory = new MemoryStore();
  let refused = false;
  const write: SessionStore['write'] = async (key, stored, expected) => {
    if (!refused) {
      refused = true;
      return { written: false, current: undefined };
    }
    return memory.write(key, stored, expected);
  };
  const store = expressStore({ ...bind(memory), write });
  await store.set('a', session(null, { name: 'ada' }));
  expect(await store.get('a')).toMatchObject({ name: 'ada' });
});

test.each(['all', 'length', 'clear'] as const)('%s of a store that lists nothing says so', async (act) => {
  await expect(expressStore(bind(new MemoryStore()))[act]()).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringMatching(/^all, length and clear need a store that lists its sessions/),
  });
});

test('a listing takes as many steps as it needs, each of which has the time of a call', async () => {
  const memory = new MemoryStore();
  const keys: SessionStore['keys'] = async function* (prefix) {
    for (let step = 0; step < 8; step++) {
      await sleep(30);
      yield [];
    }
    yield* memory.keys(prefix);
  };
  const store = expressStore({ ...bind(memory), keys }, { callTimeout: 200 });
  await store.set('a', session(null));
  expect(await store.length()).toBe(1);
});

test('a session that ends while all are read is left out', async () => {
  const memory = new MemoryStore();
  const store = expressStore({ ...bind(memory), keys: (prefix) => memory.keys(prefix), read: async () => undefined });
  await store.set('a', session(null));
  expect(await store.all()).toEqual([]);
});

test.each([0, Number.NaN, Number.POSITIVE_INFINITY])('a ttl of %s is refused', (ttl) => {
  expect(() => expressStore(new MemoryStore(), { ttl })).toThrow(
    expect.objectContaining({
      code: 'ERR_SESSION_CONFIG',
      message: `ttl must be at least 1 millisecond, received ${ttl}`,
    }),
  );
});

test('what a callback throws is thrown, and the callback is not called again', async () => {
  const thrown = jest.spyOn(globalThis, 'setImmediate').mockImplementation((() => undefined) as never);
  const fault = new Error('a mistake');
  const callback = jest.fn(() => {
    throw fault;
  });
  expressStore(new MemoryStore()).get('a', callback);
  await sleep(10);
  expect(callback).toHaveBeenCalledTimes(1);
  expect(thrown.mock.calls[0]?.[0]).toThrow(fault);
  thrown.mockRestore();
});

describe('with the keys of the store', () => {
  const keys = { encryptsData: true, acceptsUnprotected: false };
  const read = async () => JSON.stringify(documentOf(key('first', START - HOUR)));
  const known = { text: JSON.stringify(session(null, { name: 'ada' })), cookie: {} };
  const sid = new ExpressSessionKeys('').of('a');

  test('sessions are encrypted at rest, and read', async () => {
    const memory = new MemoryStore();
    const options = { store: memory, clock: Date.now, callTimeout: 1000, policy: STANDARD_POLICY };
    const records = new ExpressSessionRecords({ ...options, keys: { ...keys, read } }, DAY);
    await records.save(sid, known, undefined);
    expect(Buffer.from((await memory.read(sid))?.value ?? []).toString('latin1')).not.toContain('ada');
    expect((await records.find(sid))?.session).toMatchObject({ name: 'ada' });
    await expect(expressStore(memory).get('a')).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD' });
  });
});

describe('without a store', () => {
  const variable = 'CDK_SESSIONS_OF_EXPRESS';
  afterEach(() => {
    delete process.env[variable];
  });

  test('the environment names it, and is read anew after a failure', async () => {
    const store = expressStore(undefined, { env: variable });
    await expect(store.get('a')).rejects.toMatchObject({ code: 'ERR_SESSION_CONFIG' });
    const { cookie, ...times } = {
      idleTimeout: 1800,
      absoluteTimeout: 43200,
      touchAfter: 180,
      cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
    };
    const primary = { kind: 'redis', endpoint: '127.0.0.1', port: 1, cluster: false, tls: false };
    process.env[variable] = JSON.stringify({ version: 1, stores: { primary }, policy: { ...times, cookie } });
    const callBuffer = jest.fn(async () => null);
    const given = expressStore(undefined, { env: variable, redis: { callBuffer } });
    expect(await given.get('a')).toBeNull();
    expect(callBuffer).toHaveBeenCalledWith('GET', expect.stringMatching(/^session:[\w-]{43}$/));
  });

  test('the variable is the one that attach methods write', async () => {
    await expect(expressStore().get('a')).rejects.toMatchObject({
      message: expect.stringContaining('the environment variable CDK_SESSIONS is missing'),
    });
  });
});
