import { RedisStore as ConnectRedis } from 'connect-redis';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisAddress } from '../lib/client/redis/wire.js';
import { type VisitorData, visitorData } from './visitor-data.js';

/** What there is besides: a session of 1 KB by the commands of ioredis alone, and by connect-redis. */
export interface RedisPeers {
  /** The text of the session, as bytes. */
  get(): Promise<unknown>;
  /** The same, parsed. */
  getParsed(): Promise<VisitorData>;
  /** Counts a click by hand: GET, JSON, SET. Of requests at once all but the last are lost. */
  getAndSet(): Promise<unknown>;
  /** What express-session has connect-redis do for a request that reads. */
  getAndTouchByStore(): Promise<unknown>;
  /** What it has it do for a request that changes something. */
  getAndSetByStore(): Promise<unknown>;
  stop(): void;
}

const IDLE_TIMEOUT = 1800;
const KEY = 'by-hand';
const ID = 'by-store';

/** Sets up both as their READMEs do, with a session in place, idle after 30 minutes. */
export async function startRedisPeers({ host, port }: RedisAddress): Promise<RedisPeers> {
  const redis = new Redis({ host, port });
  const client = createClient({ socket: { host, port } });
  await client.connect();
  // Its declaration wants a client with all modules, its code none of them.
  const store = new ConnectRedis({ client: client as never });
  const data = visitorData(1024);
  await redis.set(KEY, JSON.stringify(data), 'EX', IDLE_TIMEOUT);
  const cookie = { maxAge: IDLE_TIMEOUT * 1000, originalMaxAge: IDLE_TIMEOUT * 1000 };
  await store.set(ID, { ...data, cookie } as StoreSession);

  const getParsed = async () => JSON.parse((await redis.get(KEY)) ?? '') as VisitorData;
  const getByStore = async () => (await store.get(ID)) as unknown as StoreSession;
  return {
    get: () => redis.getBuffer(KEY),
    getParsed,
    getAndSet: async () => {
      const found = await getParsed();
      found.clicks++;
      return redis.set(KEY, JSON.stringify(found), 'EX', IDLE_TIMEOUT);
    },
    getAndTouchByStore: async () => store.touch(ID, await getByStore()),
    getAndSetByStore: async () => {
      const found = await getByStore();
      found.clicks++;
      return store.set(ID, found);
    },
    stop: () => {
      redis.disconnect();
      client.destroy();
    },
  };
}

type StoreSession = Parameters<ConnectRedis['set']>[1] & VisitorData;
