import { RedisStore } from 'cdk-sessions-client/redis';
import { FakeClock } from 'cdk-sessions-client/testing';
import type { CredentialsSource } from '../../../lib/client/redis/credentials';
import { IamCredentials } from '../../../lib/client/redis/iam-credentials';
import { IamCache, Role } from '../../support/iam-cache';
import { connectionsTo } from '../../support/redis-connections';
import { engineOf, HOUR, MINUTE, SECOND, Visitor } from '../support';

const REQUEST = { cache: 'sessions', user: 'web', serverless: true, region: 'eu-central-1' };

/** For how long nothing is asked, in turn: three days and some, most of it around what ends with twelve hours. */
const PAUSES = [
  ...times(1200, SECOND),
  ...times(190, 7 * MINUTE),
  11 * HOUR + 59 * MINUTE,
  12 * HOUR,
  12 * HOUR + MINUTE,
  25 * HOUR,
  10 * HOUR + 50 * MINUTE,
  ...times(1200, SECOND),
];

const refusing = { refused: async () => false };

let clock: FakeClock;
let role: Role;
let cache: IamCache;
let source: IamCredentials;

beforeEach(async () => {
  clock = new FakeClock();
  role = new Role(clock);
  source = new IamCredentials(REQUEST, role.credentials, clock.read);
  cache = await IamCache.start(clock, role, REQUEST);
});

afterEach(() => cache.stop());

/** Visitors who come after each pause, all at once, over connections with these credentials. Gives what went wrong. */
async function visits(credentials: CredentialsSource, pauses: readonly number[]): Promise<string[]> {
  const transport = connectionsTo(cache, { credentials, clock: clock.read });
  const store = new RedisStore({ transport, clock: clock.read });
  const policy = { idleTimeout: 2 * 24 * 3600, absoluteTimeout: 7 * 24 * 3600 };
  const engine = engineOf({ store, clock, policy, callTimeout: 5000, hooks: { storeError: () => undefined } });
  const visitors = [new Visitor(engine), new Visitor(engine), new Visitor(engine)];
  const faults: string[] = [];
  for (const [index, pause] of [0, ...pauses].entries()) {
    cache.elapse(pause);
    const visit = async (visitor: Visitor) => {
      await visitor.request((session) => session.update('count', (count = 0) => count + 1));
      expect(await visitor.see('count')).toBe(index + 1);
    };
    for (const result of await Promise.allSettled(visitors.map(visit))) {
      if (result.status === 'rejected') {
        faults.push(`request ${index}, ${pause / MINUTE} minutes after the one before: ${result.reason.message}`);
      }
    }
  }
  return faults;
}

function times(count: number, pause: number): number[] {
  return new Array<number>(count).fill(pause);
}

test('no request fails in three days, at whatever pace they come', async () => {
  const began = clock.now;
  expect(await visits(source, PAUSES)).toEqual([]);
  expect(clock.now - began).toBeGreaterThan(3 * 24 * HOUR);
  expect(cache.refusals).toEqual([]);
});

test('a connection in use is authenticated again after eleven hours, and never ends', async () => {
  expect(await visits(source, times(33, HOUR))).toEqual([]);
  expect({ admissions: cache.admissions, ended: cache.ended }).toEqual({ admissions: 4, ended: 0 });
});

test('one that ended unnoticed is replaced before the first command', async () => {
  expect(await visits(source, times(4, 13 * HOUR))).toEqual([]);
  expect({ admissions: cache.admissions, ended: cache.ended }).toEqual({ admissions: 5, ended: 4 });
});

test('a role that was refused is not asked again at once: it would be refused again', async () => {
  expect(await source.refused()).toBe(false);
});

describe('the cache of these tests would let none of this pass', () => {
  test('a token that is kept', async () => {
    const kept = source.current();
    expect(await visits({ ...refusing, current: () => kept }, times(3, 13 * HOUR))).not.toEqual([]);
    expect(cache.refusals).toContain('780 minutes old');
  });

  test('credentials that are kept', async () => {
    const kept = await role.credentials();
    const late = new IamCredentials(REQUEST, async () => kept, clock.read);
    expect(await visits(late, times(3, 13 * HOUR))).not.toEqual([]);
    expect(cache.refusals).toContain('signed with credentials that have expired');
  });

  test('a connection that is not authenticated again', async () => {
    const once = async () => ({ ...(await source.current()), validFor: Number.POSITIVE_INFINITY });
    await visits({ ...refusing, current: once }, times(3, 7 * HOUR));
    expect(cache.ended).toBe(1);
  });

  test.each<[string, Partial<typeof REQUEST>, string]>([
    ['another user', { user: 'admin' }, 'another user: admin'],
    ['another cache', { cache: 'carts' }, 'another signature'],
    ['another region', { region: 'us-east-1' }, 'another signature'],
    ['another kind of cache', { serverless: false }, 'another signature'],
  ])('a token for %s', async (_, other, reason) => {
    const wrong = new IamCredentials({ ...REQUEST, ...other }, role.credentials, clock.read);
    expect(await visits(wrong, [])).not.toEqual([]);
    expect(cache.refusals).toContain(reason);
  });
});
