import { MemoryStore } from 'cdk-sessions-client/memory';
import { FakeClock } from 'cdk-sessions-client/testing';
import fc from 'fast-check';
import type { EngineKeys } from '../../../lib/client/engine';
import { KEY_ACTIVATION, KEY_REFRESH, type MasterKey } from '../../../lib/contract/keys';
import { engineOf, HOUR, MINUTE, ObservedStore, START, Visitor } from '../support';
import { documentOf, key } from './keys';

/** `npm run test:deep` asks for more. */
const FORGERIES = process.env['MODEL_RUNS'] === undefined ? 10_000 : 100_000;

let clock: FakeClock;
let store: ObservedStore;
let keys: MasterKey[];
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  store = new ObservedStore(new MemoryStore({ clock: clock.read }));
  keys = [key('first', START - HOUR)];
  told = [];
});

function engine(options: Partial<EngineKeys> = {}) {
  const read = async () => JSON.stringify(documentOf(...keys));
  const hooks = { rejected: ({ reason }: { reason: string }) => told.push(reason), storeError: () => undefined };
  return engineOf({ store, clock, hooks, keys: { read, encryptsData: false, acceptsUnprotected: false, ...options } });
}

async function begun(): Promise<Visitor> {
  const visitor = new Visitor(engine());
  await visitor.request((session) => session.set('user', 'ada'));
  store.taken();
  return visitor;
}

function keyIdOf({ cookie }: Visitor): string | undefined {
  return cookie?.split('.')[4];
}

test('a session’s cookie is signed, and counts', async () => {
  const visitor = await begun();
  expect(visitor.cookie).toMatch(/^__Host-session=v1\.[\w-]{43}\.\d+\.\d+\.first\.[\w-]{43}$/);
  expect(await visitor.request((session) => session.get('user'))).toBeUndefined();
  expect(store.taken()).toEqual(['read']);
});

test(`none of ${FORGERIES} forged cookies is accepted, or costs a call`, async () => {
  const visitor = await begun();
  const [cookie = '', other = ''] = [visitor.cookie, (await begun()).cookie];
  const [, id = '', deadline = '', aliveUntil = '', keyId = '', mac = ''] = cookie.split('.');
  const signature = `${aliveUntil}.${keyId}.${mac}`;
  const value = cookie.slice(cookie.indexOf('=') + 1);
  const characters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=%"';
  const mutated = fc
    .tuple(fc.nat({ max: value.length - 1 }), fc.constantFrom(...characters))
    .map(([at, character]) => value.slice(0, at) + character + value.slice(at + 1));
  const forged = fc.oneof(
    { weight: 6, arbitrary: mutated },
    fc.nat({ max: value.length - 1 }).map((length) => value.slice(0, length)),
    fc.string({ unit: fc.constantFrom(...characters), maxLength: 300 }),
    fc.nat().map((later) => `v1.${id}.${Number(deadline) + 1 + later}.${signature}`),
    fc.nat().map((later) => `v1.${id}.${deadline}.${Number(aliveUntil) + 1 + later}.${keyId}.${mac}`),
    fc.constant(`v1.${id}.${deadline}`),
    fc.constant(`v1.${other.split('.')[1]}.${deadline}.${signature}`),
    fc.constant(`v1.${id}.${deadline}.${aliveUntil}.${keyId}.${other.split('.')[5]}`),
    fc.constant(`v1.${id}.${deadline}.${aliveUntil}.second.${mac}`),
    fc.constant('A'.repeat(100_000)),
  );
  const stranger = engine();
  await fc.assert(
    fc.asyncProperty(
      forged.filter((candidate) => candidate !== value),
      async (candidate) => {
        expect((await stranger.load([`__Host-session=${candidate}`])).isNew).toBe(true);
      },
    ),
    { numRuns: FORGERIES },
  );
  expect(store.taken().filter((call) => call !== 'write')).toEqual([]);
  expect([...new Set(told)].sort()).toEqual(['forged', 'malformed']);
}, 300_000);

test('a cookie of another name does not stand for this one', async () => {
  const visitor = await begun();
  const renamed = engineOf({
    store,
    clock,
    policy: { cookie: { name: '__Host-other', sameSite: 'lax', secure: true, persistent: false } },
    keys: { read: async () => JSON.stringify(documentOf(...keys)), encryptsData: false, acceptsUnprotected: false },
  });
  expect((await renamed.load([visitor.cookie?.replace('__Host-session', '__Host-other') ?? ''])).isNew).toBe(true);
});

test('a rotation signs nobody out: old cookies count, are signed anew, and are refused when their key is gone', async () => {
  const [visitor, sleeper] = [await begun(), await begun()];
  clock.advance(10 * MINUTE);
  keys = [key('second', clock.now), ...keys];
  await visitor.request();
  expect(keyIdOf(visitor)).toBe('first');
  clock.advance(KEY_ACTIVATION * 1000);
  await visitor.request();
  expect(keyIdOf(visitor)).toBe('second');
  expect(await visitor.request()).toBeUndefined();

  keys = keys.slice(0, 1);
  clock.advance(KEY_REFRESH * 1000);
  expect(await visitor.see('user')).toBe('ada');
  expect(await sleeper.see('user')).toBeUndefined();
  expect(told).toEqual(['forged']);
});

test('cookies from before there were keys count while it is wanted, and are signed in the reply', async () => {
  const visitor = new Visitor(engineOf({ store, clock }));
  await visitor.request((session) => session.set('user', 'ada'));
  expect((await visitor.tab(engine()).load()).isNew).toBe(true);
  const tab = visitor.tab(engine({ acceptsUnprotected: true }));
  await tab.request();
  expect(keyIdOf(tab)).toBe('first');
  expect(await tab.tab(engine()).see('user')).toBe('ada');
});

test.each([3, 19])('%i forged cookies before the real one neither hide it nor cost a call', async (count) => {
  const visitor = await begun();
  const { cookie = '' } = visitor;
  const forged = Array.from({ length: count }, (_, index) => forgedFrom(cookie, index));
  const both = visitor.tab();
  both.cookie = [...forged, cookie].join('; ');
  expect(await both.see('user')).toBe('ada');
  expect(store.taken()).toEqual(['read']);
  expect(told).toEqual(forged.map(() => 'forged'));
});

test('of the cookies of one request twenty are looked at', async () => {
  const visitor = await begun();
  const { cookie = '' } = visitor;
  const both = visitor.tab();
  both.cookie = [...Array.from({ length: 100 }, (_, index) => forgedFrom(cookie, index)), cookie].join('; ');
  expect((await both.load()).isNew).toBe(true);
  expect(store.taken()).toEqual([]);
  expect(told).toHaveLength(20);
});

/** The cookie with another deadline than it was signed with. */
function forgedFrom(cookie: string, index: number): string {
  const [version, id, , ...signature] = cookie.split('.');
  return [version, id, (START + HOUR) / 1000 + index, ...signature].join('.');
}

test('a sign-out asks nothing of the store for forged cookies beside the real one', async () => {
  const visitor = await begun();
  const { cookie = '' } = visitor;
  const forged = cookie.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  const both = visitor.tab();
  both.cookie = `${cookie}; ${forged}`;
  await both.request((session) => session.logout());
  expect(store.taken()).toEqual(['read', 'write']);
});

test('without keys nobody who has or wants a session is served, and who does not is', async () => {
  const visitor = await begun();
  const broken = engine({ read: () => Promise.reject(new Error('no route')) });
  const unavailable = { code: 'ERR_SESSION_KEYS_UNAVAILABLE' };
  await expect(visitor.tab(broken).load()).rejects.toMatchObject(unavailable);
  await expect(new Visitor(broken).request((session) => session.set('a', 1))).rejects.toMatchObject(unavailable);
  expect(await new Visitor(broken).request((session) => session.get('a'))).toBeUndefined();
  expect(store.taken()).toEqual([]);
});
