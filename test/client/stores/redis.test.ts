import { randomBytes } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import type { Clock } from 'cdk-sessions-client';
import {
  type RedisClient,
  RedisFailure,
  RedisStore,
  type RedisTransport,
  redisTransport,
} from 'cdk-sessions-client/redis';
import { storeContract } from 'cdk-sessions-client/testing';
import { Cluster, Redis } from 'ioredis';
import { Redis as Valkey } from 'iovalkey';
import { MINUTE, stored } from '../../../lib/client/testing/contract-trial';
import { CACHE_COLLECTION_DELAY, CACHE_COMMANDS, CACHE_KEY_PREFIX } from '../../../lib/contract/cache-access';
import {
  CACHE_KINDS,
  commandCalls,
  keysIn,
  LISTING_USER,
  type LiveCache,
  SESSIONS_USER,
  startCache,
} from '../../support/redis-caches';
import { connectionsTo, credentialsOf } from '../../support/redis-connections';
import { expectFiftyCounted, START } from '../support';

/** What a client must be told whom sessions are sent over. */
const PROMPT = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false } as const;

/** Connections of our own to a cache, as `openRedis` makes them. */
function ownConnections(
  { host, port, cluster, ca }: LiveCache,
  { name, password }: { readonly name: string; readonly password: string } = LISTING_USER,
): RedisTransport {
  const credentials = ca === undefined ? {} : { credentials: credentialsOf(name, password) };
  return connectionsTo({ host, port }, { cluster, ...(ca !== undefined && { ca }), ...credentials });
}

describe.each(CACHE_KINDS)('on %s', (kind) => {
  let cache: LiveCache;
  let transport: RedisTransport;
  beforeAll(async () => {
    cache = await startCache(kind);
    transport = ownConnections(cache);
  });
  afterAll(() => cache?.stop());

  describe('the Redis store keeps the contract of a store', () => {
    const subject = (clock: Clock) => new RedisStore({ transport, clock });
    for (const { name, run } of storeContract(subject, { sequences: 40 })) {
      test(name, run);
    }
  });

  test('fifty requests that count one key of one session are all counted', async () => {
    await expectFiftyCounted((clock) => new RedisStore({ transport, clock }));
  });

  test('every key is one of sessions', async () => {
    const keys = await keysIn(cache);
    expect(keys.filter((key) => !/^session:(owner:)?[\w-]{43}$/.test(key))).toEqual([]);
    const all = await Promise.all(cache.primaries.map((node) => node.command('DBSIZE')));
    expect(all.reduce<number>((sum, size) => sum + Number(size), 0)).toBe(keys.length);
  });
});

describe('with users', () => {
  test('the store calls what the constructs grant, all of it and nothing else', async () => {
    const cache = await startCache('a cluster of three with replicas');
    try {
      const transport = ownConnections(cache, SESSIONS_USER);
      const cases = storeContract((clock) => new RedisStore({ transport, clock }), { sequences: 5 });
      for (const { run } of cases.filter(({ name }) => !name.startsWith('with keys'))) {
        await run();
      }
      const refused = await Promise.all(cache.nodes.map((node) => node.command('ACL', 'LOG')));
      expect(refused.flat()).toEqual([]);
      const calls = await commandCalls(cache);
      // A healthy cluster that nobody changes asks for neither.
      const onlyInNeed = ['ping', 'asking'];
      expect(CACHE_COMMANDS.filter((command) => !calls.has(command) && !onlyInNeed.includes(command))).toEqual([]);
    } finally {
      await cache.stop();
    }
  });
});

describe('a listing', () => {
  const listed = async (transport: RedisTransport, prefix = randomBytes(6)) => {
    const keys: string[] = [];
    for await (const some of new RedisStore({ transport, clock: () => START }).keys(prefix)) {
      keys.push(...some.map((key) => Buffer.from(key).toString('hex')));
    }
    return keys;
  };

  test('by a user who may not is an error that says what to grant', async () => {
    const cache = await startCache('one server with TLS and users');
    try {
      await expect(listed(ownConnections(cache, SESSIONS_USER))).rejects.toMatchObject({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining('add +scan to the access string'),
      });
    } finally {
      await cache.stop();
    }
  });

  test('by a transport that knows no servers is an error', async () => {
    await expect(listed({ send: async () => null })).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining('received one without'),
    });
  });

  test('that a server refuses for another reason is that', async () => {
    const failure = new RedisFailure('refused', 'LOADING the dataset');
    const server = { send: () => Promise.reject(failure) };
    await expect(listed({ send: async () => null, servers: async () => [server] })).rejects.toBe(failure);
  });

  test('goes through all pages, and takes what comes twice once, and what is gone or none of ours not at all', async () => {
    const [prefix, ends] = [randomBytes(6), new Map<string, Buffer>()];
    const named = (end: Buffer) => {
      const name = CACHE_KEY_PREFIX + Buffer.concat([prefix, randomBytes(26)]).toString('base64url');
      ends.set(name, end);
      return Buffer.from(name);
    };
    const end = (format: number, time: number) => {
      const field = Buffer.alloc(7, format);
      field.writeUIntBE(time, 1, 6);
      return field;
    };
    const [first, second] = [named(end(1, START + MINUTE)), named(end(1, START + MINUTE))];
    const others = [named(end(1, START)), named(end(9, START + MINUTE)), named(Buffer.alloc(0))];
    const pages = [
      [Buffer.from('7'), [first, ...others, Buffer.from(`${CACHE_KEY_PREFIX}owner:${'a'.repeat(43)}`)]],
      [Buffer.from('0'), [second, first, second]],
    ];
    const transport: RedisTransport = {
      send: async (name) => ends.get(name),
      servers: async () => [{ send: async () => pages.shift() }],
    };
    const hex = (name: Buffer) => Buffer.from(String(name).slice(CACHE_KEY_PREFIX.length), 'base64url').toString('hex');
    expect(await listed(transport, prefix)).toEqual([hex(first), hex(second)]);
  });
});

describe('through a client that the application has', () => {
  let alone: LiveCache;
  let cluster: LiveCache;
  const clients: (RedisClient & { disconnect(): void })[] = [];
  const client = <Client extends RedisClient & EventEmitter & { disconnect(): void }>(made: Client) => {
    clients.push(made);
    return made;
  };
  const ready = async <Client extends RedisClient & EventEmitter & { disconnect(): void }>(made: Client) => {
    await once(client(made), 'ready');
    return made;
  };
  beforeAll(async () => {
    [alone, cluster] = await Promise.all([startCache('one server'), startCache('a cluster of three with replicas')]);
  });
  afterAll(async () => {
    for (const each of clients) {
      each.disconnect();
    }
    await Promise.all([alone?.stop(), cluster?.stop()]);
  });

  const { name: username, password } = LISTING_USER;
  const kinds: Record<string, () => Promise<RedisClient>> = {
    ioredis: () => ready(new Redis({ port: alone.port, ...PROMPT })),
    'ioredis that speaks RESP2': () => ready(new Redis({ port: alone.port, protocol: 2, ...PROMPT })),
    'ioredis that maps no reply of RESP3': () =>
      ready(new Redis({ port: alone.port, replyMapping: 'resp3', ...PROMPT })),
    iovalkey: () => ready(new Valkey({ port: alone.port, ...PROMPT })),
    'the cluster client of ioredis': () =>
      ready(
        new Cluster([{ host: cluster.host, port: cluster.port }], {
          dnsLookup: (address, callback) => callback(null, address),
          // It would ask for CLUSTER INFO, which the user of sessions may not.
          enableReadyCheck: false,
          enableOfflineQueue: false,
          redisOptions: { username, password, enableReadyCheck: false, tls: { ca: cluster.ca ?? '' } },
        }),
      ),
  };
  describe.each(Object.entries(kinds))('%s, the store keeps its contract', (_, connect) => {
    let given: RedisClient;
    beforeAll(async () => {
      given = await connect();
    });
    const subject = (clock: Clock) => new RedisStore({ transport: redisTransport(given), clock });
    for (const { name, run } of storeContract(subject, { sequences: 10 })) {
      test(name, run);
    }
  });

  test.each([
    ['of another library', { get: async () => null }, 'a client of node-redis is none'],
    ['that is no client', 'redis://localhost', 'received one without callBuffer'],
    [
      'that queues',
      new Redis({ lazyConnect: true, autoResendUnfulfilledCommands: false }),
      'neither queues nor resends',
    ],
    ['that resends', new Redis({ lazyConnect: true, enableOfflineQueue: false }), 'neither queues nor resends'],
    ['of a cluster that queues', new Cluster(['localhost'], { lazyConnect: true }), 'neither queues nor resends'],
    ['with a prefix', new Redis({ lazyConnect: true, keyPrefix: 'mine:', ...PROMPT }), 'received one with "mine:"'],
  ])('one %s is refused', (_, other, reason) => {
    // As an application in JavaScript might.
    const given = other as RedisClient;
    expect(() => redisTransport(given)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(reason) }),
    );
  });

  test('one that does not show its options is taken', () => {
    expect(redisTransport({ callBuffer: async () => null })).toHaveProperty('send');
  });

  test.each([{ client: {} }, { transport: { callBuffer: () => undefined } }, undefined])(
    'a store is not made of %j',
    (given) => {
      const options = given as unknown as ConstructorParameters<typeof RedisStore>[0];
      expect(() => new RedisStore(options ?? ({} as typeof options))).toThrow(
        expect.objectContaining({
          code: 'ERR_SESSION_CONFIG',
          message: expect.stringContaining('redisTransport(client) makes one of a client'),
        }),
      );
    },
  );

  test('a refusal names no part of what was sent', async () => {
    const transport = redisTransport(await ready(new Redis({ port: alone.port, ...PROMPT })));
    await expect(transport.send('key', ['UNHEARD', 'secret'])).rejects.toMatchObject({
      name: 'RedisFailure',
      outcome: 'refused',
      word: 'ERR',
      message: "ERR unknown command 'UNHEARD'",
    });
  });

  test('what never left is told apart from what may have been done', async () => {
    const gone = client(new Redis({ port: alone.port, lazyConnect: true, ...PROMPT }));
    await expect(redisTransport(gone).send('key', ['GET', 'key'])).rejects.toMatchObject({
      outcome: 'unsent',
      word: '',
    });
    const ended = once(gone, 'end');
    gone.disconnect();
    await ended;
    await expect(redisTransport(gone).send('key', ['GET', 'key'])).rejects.toMatchObject({ outcome: 'lost' });
  });
});

describe('what is kept', () => {
  const clock = () => START;
  let cache: LiveCache;
  let redis: Redis;
  let store: RedisStore;
  beforeAll(async () => {
    cache = await startCache('one server');
    redis = new Redis({ port: cache.port, ...PROMPT });
    await once(redis, 'ready');
    store = new RedisStore({ transport: redisTransport(redis), clock });
  });
  afterAll(async () => {
    redis?.disconnect();
    await cache?.stop();
  });

  const keyed = () => {
    const key = randomBytes(32);
    return { key, name: CACHE_KEY_PREFIX + key.toString('base64url') };
  };

  test('a session is a string: a header of format, times and version, and the value', async () => {
    const { key, name } = keyed();
    await store.write(key, stored(START, { version: '1.nonce', value: Buffer.from('the value') }), 'absent');
    const times = [START + MINUTE, START + 60 * MINUTE].map((time) => time.toString(16).padStart(12, '0')).join('');
    const expected = Buffer.concat([Buffer.from(`01${times}07`, 'hex'), Buffer.from('1.noncethe value')]);
    expect(await redis.getBuffer(name)).toEqual(expected);
  });

  test('the server collects a session some minutes after its end, as late as a touch made that', async () => {
    const { key, name } = keyed();
    await store.write(key, stored(START), 'absent');
    const left = async () => Math.round((await redis.pttl(name)) / 1000);
    expect(await left()).toBe((MINUTE + CACHE_COLLECTION_DELAY) / 1000);
    await store.touch(key, START + 3 * MINUTE, 'first');
    expect(await left()).toBe((3 * MINUTE + CACHE_COLLECTION_DELAY) / 1000);
    await store.owners.block(key, 'blocked', START + 9 * MINUTE);
    expect(await left()).toBe((3 * MINUTE + CACHE_COLLECTION_DELAY) / 1000);
  });

  test('the server collects a user when it was asked to at the latest', async () => {
    const owner = randomBytes(32);
    const name = `${CACHE_KEY_PREFIX}owner:${owner.toString('base64url')}`;
    const left = async () => Math.round((await redis.pttl(name)) / 1000);
    await store.owners.revoke(owner, START, START + 2 * MINUTE);
    expect(await left()).toBe((2 * MINUTE + CACHE_COLLECTION_DELAY) / 1000);
    const session = { key: randomBytes(32), handle: 'AAAAAAAA', enteredAt: START, deadline: START + MINUTE };
    await store.owners.enter(owner, session, START + MINUTE);
    expect(await left()).toBe((2 * MINUTE + CACHE_COLLECTION_DELAY) / 1000);
    await store.owners.enter(owner, session, START + 3 * MINUTE);
    expect(await left()).toBe((3 * MINUTE + CACHE_COLLECTION_DELAY) / 1000);
  });

  test('a clock that is ahead takes no session of a user out that lives for others', async () => {
    const owner = randomBytes(32);
    const session = (deadline: number) => ({ key: randomBytes(32), handle: 'AAAAAAAA', enteredAt: START, deadline });
    const [short, long] = [session(START + MINUTE), session(START + 60 * MINUTE)];
    await store.owners.enter(owner, short, long.deadline);
    const ahead = new RedisStore({ transport: redisTransport(redis), clock: () => START + 4 * MINUTE });
    await ahead.owners.enter(owner, long, long.deadline);
    expect((await store.owners.readOwner(owner)).sessions).toHaveLength(2);
    const later = new RedisStore({ transport: redisTransport(redis), clock: () => START + 7 * MINUTE });
    await later.owners.enter(owner, long, long.deadline);
    expect((await store.owners.readOwner(owner)).sessions).toHaveLength(1);
  });

  test.each([
    ['a text', 'text'],
    ['an empty text', ''],
    ['nothing but a format', Buffer.of(1)],
    [
      'less than its header says',
      Buffer.concat([Buffer.of(1), Buffer.alloc(12), Buffer.of(200), Buffer.from('short')]),
    ],
  ])('%s that somebody else wrote is no session, and is left alone', async (_, foreign) => {
    const { key, name } = keyed();
    await redis.set(name, foreign);
    expect(await store.read(key)).toBeUndefined();
    expect(await store.write(key, stored(START), 'first')).toEqual({ written: false, current: undefined });
    expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('gone');
    expect(await redis.getBuffer(name)).toEqual(Buffer.from(foreign));
  });

  test('a session in a format of a later release is an error, and is left alone', async () => {
    const { key, name } = keyed();
    const later = Buffer.concat([Buffer.of(2), Buffer.alloc(40)]);
    await redis.set(name, later);
    const error = { code: 'ERR_SESSION_RECORD', message: expect.stringContaining('has format 2') };
    await expect(store.read(key)).rejects.toMatchObject(error);
    await expect(store.write(key, stored(START), 'absent')).rejects.toMatchObject(error);
    expect(await store.touch(key, START + 2 * MINUTE, 'first')).toBe('gone');
    expect(await redis.getBuffer(name)).toEqual(later);
    // Who ends sessions does not look at them.
    await store.owners.block(key, 'blocked', START + MINUTE);
    expect(await store.read(key)).toMatchObject({ version: 'blocked', expiresAt: START + MINUTE });
  });

  test('a key that holds something else than a string is an error, never "no session"', async () => {
    const { key, name } = keyed();
    await redis.hset(name, 'field', 'value');
    await expect(store.read(key)).rejects.toMatchObject({ outcome: 'refused', word: 'WRONGTYPE' });
  });

  test('a server that forgot the scripts is sent them again, and only then', async () => {
    const { key } = keyed();
    await redis.script('FLUSH');
    await redis.config('RESETSTAT');
    await store.write(key, stored(START, { version: 'first' }), 'absent');
    await store.write(key, stored(START, { version: 'second' }), 'first');
    const calls = await commandCalls(cache);
    expect([calls.get('eval'), calls.get('evalsha')]).toEqual([1, 2]);
  });

  test('a session of 2 MB is kept', async () => {
    const { key } = keyed();
    const large = stored(START, { value: randomBytes(2 * 1024 * 1024) });
    await store.write(key, large, 'absent');
    expect((await store.read(key))?.value).toEqual(large.value);
  });
});
