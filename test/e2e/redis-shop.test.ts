import type { LocalCache } from 'cdk-sessions-local';
import { lookWith, Visitor } from '../../examples/visitor.js';
import { expectVisitorsKeptApart, VISITORS } from '../support/crowded-shop.js';
import { LocalShop } from '../support/local-shop.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe('the shop with ElastiCache', () => {
  let shop: LocalShop;
  let cache: LocalCache;
  const visitor = (userAgent?: string) => new Visitor(shop.functionUrl, userAgent);

  beforeAll(async () => {
    // Few instances: a small machine that starts many at once would keep a store waiting beyond the client's deadline.
    shop = await LocalShop.open({ recycleEvery: 40, maxInstances: 4 }, 'redis-shop');
    const [first] = shop.cloud.caches;
    if (first === undefined) {
      throw new Error('the sample has no cache');
    }
    cache = first;
    // Every command is noted, those that scripts run included.
    await cache.command('CONFIG', 'SET', 'slowlog-log-slower-than', '0');
    await cache.command('CONFIG', 'SET', 'slowlog-max-len', '100000');
  });
  afterAll(() => shop?.close());

  /** What the function sends to the cache while something is going on: commands of keys, not those of connections. */
  async function commandsDuring(run: () => Promise<unknown>): Promise<readonly (readonly string[])[]> {
    await cache.command('SLOWLOG', 'RESET');
    await run();
    const [entries] = (await cache.command('SLOWLOG', 'GET', '-1')) as readonly (readonly unknown[])[];
    return (entries ?? [])
      .map((entry) => (entry as readonly unknown[])[3] as readonly string[])
      .map(([name = '', ...words]) => [name.toUpperCase(), ...words])
      .filter(([name = '']) => !/^(?:AUTH|CLIENT|CLUSTER|CONFIG|HELLO|INFO|PING|SLOWLOG)$/.test(name))
      .toReversed();
  }
  /** Of these, what the function itself sends: it reads a key, or runs a script. */
  const sent = (commands: readonly (readonly string[])[]) =>
    commands.map(([name]) => name).filter((name) => name === 'GET' || name?.startsWith('EVAL'));

  test(`keeps what ${VISITORS} parallel visitors have apart and loses none of it while instances come and go`, async () => {
    const instances = await expectVisitorsKeptApart(shop);
    expect(instances.size).toBeGreaterThan(10);
  }, 180_000);

  test('counts every add of two tabs, keeps the cart at sign-in, and answers to no id from before', async () => {
    const mia = visitor();
    await mia.add('bowl');
    await Promise.all(Array.from({ length: 24 }, () => mia.add('mug')));
    const anonymous = await mia.cookie();
    await mia.signIn('Mia');
    expect(await mia.look()).toMatchObject({ name: 'Mia', cart: { bowl: 1, mug: 24 } });
    const signedIn = await mia.cookie();
    await mia.signOut();
    for (const cookie of [anonymous, signedIn]) {
      expect(await lookWith(shop.functionUrl, `${cookie?.cookieString()}`)).toMatchObject({ cart: {} });
    }
  });

  test('signs out of other places at once', async () => {
    const [here, there] = [visitor(), visitor(FIREFOX)];
    await here.signIn('Bo');
    await there.signIn('Bo');
    expect((await here.signedIn()).map(({ label }) => label).toSorted()).toEqual(['A browser', 'Firefox on Linux']);
    await here.signOutElsewhere();
    expect([(await here.look()).name, (await there.look()).name]).toEqual(['Bo', undefined]);
  });

  test('does not ask the cache for who has no session and changes nothing', async () => {
    const commands = await commandsDuring(async () => {
      for (const path of ['/', '/session', '/nowhere']) {
        const reply = await fetch(new URL(path, shop.functionUrl));
        expect(reply.headers.getSetCookie()).toEqual([]);
      }
    });
    expect(commands).toEqual([]);
  });

  test('sends one command to show the page, and two to change the cart', async () => {
    const mia = visitor();
    await mia.add('mug');
    expect(sent(await commandsDuring(() => mia.fetch('/')))).toEqual(['GET']);
    // The instance that serves it has its script from before, or is given it by the first.
    await mia.add('mug');
    expect(sent(await commandsDuring(() => mia.add('mug')))).toEqual(['GET', 'EVALSHA']);
  });

  test('asks for one key at a time, and for keys of sessions alone', async () => {
    const mia = visitor();
    const commands = await commandsDuring(async () => {
      await mia.signIn('Ada');
      await Promise.all([mia.add('mug'), mia.add('mug')]);
      await mia.signOut();
    });
    const keys = commands.map(([name = '', ...words]) =>
      name.startsWith('EVAL') ? [words[1], words[2]] : ['1', words[0]],
    );
    expect(keys.length).toBeGreaterThan(5);
    for (const key of keys) {
      expect(key).toEqual(['1', expect.stringMatching(/^session:/)]);
    }
  });

  test('leaves nothing in the cache to make a cookie of, and no name in a key', async () => {
    const mia = visitor(FIREFOX);
    await mia.signIn('Wilhelmina');
    const [, id = 'none'] = (await mia.cookie())?.value.split('.') ?? [];
    const [keys = []] = (await cache.command('KEYS', '*')) as readonly (readonly string[])[];
    expect(keys.length).toBeGreaterThan(1);
    const values = await Promise.all(
      keys.map(async (key) => {
        const isString = (await cache.command('TYPE', key)).includes('string');
        return [key, ...(await cache.command(...(isString ? ['GET', key] : ['ZRANGE', key, '0', '-1'])))].join(' ');
      }),
    );
    expect(values.filter((value) => value.includes('Wilhelmina'))).toHaveLength(1);
    expect(values.filter((value) => value.includes(id))).toEqual([]);
    expect(keys.filter((key) => key.includes('Wilhelmina'))).toEqual([]);
  });

  test('without its cache answers 503, keeps the cookie, and serves who has no session', async () => {
    const mia = visitor();
    await mia.add('mug');
    const cookie = await mia.cookie();
    await expect(cache.command('SHUTDOWN', 'NOSAVE')).rejects.toThrow();
    const add = { method: 'POST', body: new URLSearchParams({ add: 'mug' }) };
    for (const reply of [await mia.fetch('/'), await mia.fetch('/cart', add), await visitor().fetch('/cart', add)]) {
      expect(reply.status).toBe(503);
      expect(reply.headers.get('retry-after')).toBe('1');
      expect(reply.headers.getSetCookie()).toEqual([]);
    }
    expect((await fetch(shop.functionUrl)).status).toBe(200);
    expect(await mia.cookie()).toEqual(cookie);
  });
});
