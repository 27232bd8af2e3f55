import { once } from 'node:events';
import type { Clock } from 'cdk-sessions-client';
import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { RedisStore, redisTransport } from 'cdk-sessions-client/redis';
import { MemoryStore } from 'cdk-sessions-client/testing';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { seededRandom } from '../../lib/client/testing/random';
import { hasJava } from '../support/java';
import { type LiveCache, startCache } from '../support/redis-caches';
import { useSessionTable } from '../support/session-table';
import { plan } from './model/plan';
import type { OwningStore } from './model/process';
import { Run } from './model/run';
import type { Sighting } from './model/witness';

// Timers are the world's, and so is the time that they go by; jest fakes the globals alone.
jest.mock('node:timers/promises', () => ({
  ...jest.requireActual('node:timers/promises'),
  setTimeout: (time: number) => new Promise<void>((resolve) => setTimeout(resolve, time)),
}));
jest.mock('node:perf_hooks', () => ({ performance: { now: () => Date.now() } }));

/** `npm run test:deep` asks for more. */
const DEEP = process.env['MODEL_RUNS'] !== undefined;
const RUNS = Number(process.env['MODEL_RUNS'] ?? 300);

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask', 'hrtime'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('whatever requests, crashes, clocks and faults do, no acknowledged write is lost and no session revived', () => {
  test('in memory', async () => {
    const seen = await explore((clock) => new MemoryStore({ clock }), RUNS);
    // What a property never meets it says nothing about.
    const all: Record<Sighting, true> = {
      acknowledged: true,
      discarded: true,
      refused: true,
      unknown: true,
      crash: true,
      merged: true,
      grouped: true,
      'done again': true,
      privilege: true,
      age: true,
      login: true,
      logout: true,
      listed: true,
      'refused after its end': true,
      'certain to live': true,
      over: true,
    };
    expect([...seen].sort()).toEqual(Object.keys(all).sort());
  }, 600_000);

  // The tables are there before the timers stand still.
  describe.each(hasJava() ? (['dynalite', 'local'] as const) : (['dynalite'] as const))('on %s', (kind) => {
    const table = useSessionTable(kind).name;

    test('in a table', async () => {
      await explore((clock) => new DynamoDBStore({ table, clock }), DEEP ? 300 : 5);
    }, 600_000);
  });

  describe('on redis-server', () => {
    let cache: LiveCache;
    let client: Redis;
    beforeAll(async () => {
      cache = await startCache('one server');
      client = new Redis({ port: cache.port, enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
      await once(client, 'ready');
      await client.ping();
    });
    afterAll(async () => {
      client?.disconnect();
      await cache?.stop();
    });

    test('in a cache', async () => {
      await explore((clock) => new RedisStore({ transport: redisTransport(client), clock }), DEEP ? 1000 : 30);
    }, 600_000);
  });
});

async function explore(storeOf: (clock: Clock) => OwningStore, runs: number): Promise<ReadonlySet<Sighting>> {
  const seen = new Set<Sighting>();
  const property = fc.asyncProperty(plan, async (chosen) => {
    const random = jest.spyOn(Math, 'random').mockImplementation(seededRandom(chosen.seed));
    try {
      const run = new Run(chosen, storeOf);
      await run.execute();
      for (const sighting of run.sightings) {
        seen.add(sighting);
      }
    } finally {
      random.mockRestore();
      jest.clearAllTimers();
    }
  });
  await fc.assert(property, { numRuns: runs });
  return seen;
}
