import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { lookWith, Visitor } from '../../examples/visitor.js';
import { expectVisitorsKeptApart, VISITORS } from '../support/crowded-shop.js';
import { simulate } from '../support/iam.js';
import { hasJava } from '../support/java.js';
import { LocalShop } from '../support/local-shop.js';
import { arnOf } from '../support/template.js';

describe.each(hasJava() ? (['dynalite', 'local'] as const) : (['dynalite'] as const))('the shop on %s', (dynamodb) => {
  let shop: LocalShop;
  const visitor = () => new Visitor(shop.functionUrl);

  beforeAll(async () => {
    // Few instances: a small machine that starts many at once would keep a store waiting beyond the client's deadline.
    shop = await LocalShop.open({ dynamodb, recycleEvery: 40, maxInstances: 4 });
  });
  afterAll(() => shop.close());

  test(`keeps what ${VISITORS} parallel visitors have apart and loses none of it while instances come and go`, async () => {
    const instances = await expectVisitorsKeptApart(shop);
    expect(instances.size).toBeGreaterThan(10);
  }, 180_000);

  test('counts every add of two tabs, each through a front of its own', async () => {
    const mia = visitor();
    await mia.add('bowl');
    await Promise.all(shop.fronts.flatMap((front) => Array.from({ length: 12 }, () => mia.add('mug', front))));
    expect((await mia.look()).cart).toEqual({ bowl: 1, mug: 24 });
  });

  test('keeps the cart at sign-in and counts what parallel requests add right after it', async () => {
    const mia = visitor();
    await mia.add('bowl');
    await mia.signIn('Mia');
    await Promise.all([mia.add('mug'), mia.add('mug'), mia.add('vase')]);
    expect(await mia.look()).toMatchObject({ name: 'Mia', cart: { bowl: 1, mug: 2, vase: 1 } });
  });

  test('gives a new id at sign-in and answers to no id from before, nor to one that was signed out', async () => {
    const mia = visitor();
    await mia.add('mug');
    const anonymous = await mia.cookie();
    await mia.signIn('Mia');
    const signedIn = await mia.cookie();
    await mia.signOut();

    expect(signedIn?.value).not.toBe(anonymous?.value);
    expect(await mia.cookie()).toBeUndefined();
    for (const cookie of [anonymous, signedIn]) {
      expect(await lookWith(shop.functionUrl, `${cookie?.cookieString()}`)).toMatchObject({ cart: {} });
    }
  });

  test('sends a host-only, script-proof cookie that ends with the browser', async () => {
    const mia = visitor();
    await mia.add('mug');
    expect((await mia.cookie())?.toJSON()).toMatchObject({
      key: '__Host-session',
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
      hostOnly: true,
    });
    expect((await mia.cookie())?.isPersistent()).toBe(false);
  });

  test('makes no call to DynamoDB and sets no cookie for who has no session and changes nothing', async () => {
    const calls = await shop.callsDuring(async () => {
      for (const front of shop.fronts) {
        for (const path of ['/', '/session', '/nowhere']) {
          const reply = await fetch(new URL(path, front));
          expect([path, reply.headers.getSetCookie()]).toEqual([path, []]);
        }
      }
    });
    expect(calls).toEqual([]);
  });

  test('makes one call to show the page, and two to change the cart', async () => {
    const mia = visitor();
    await mia.add('mug');
    const operations = async (run: () => Promise<unknown>) =>
      (await shop.callsDuring(run)).map(({ operation }) => operation);
    expect(await operations(() => mia.fetch('/'))).toEqual(['GetItem']);
    expect(await operations(() => mia.add('mug'))).toEqual(['GetItem', 'PutItem']);
  });

  test('makes only calls that its synthesized policy allows', async () => {
    const mia = visitor();
    const calls = await shop.callsDuring(async () => {
      await mia.add('mug');
      await Promise.all([mia.add('mug'), mia.add('mug'), mia.add('mug')]);
      await mia.signIn('Mia');
      await mia.signedIn();
      await mia.signOutElsewhere();
      await mia.signOut();
    });
    expect(new Set(calls.map(({ operation }) => operation))).toEqual(new Set(['GetItem', 'PutItem', 'UpdateItem']));
    // One of each kind, of all that was ever called here.
    const kinds = new Map(shop.calls.map((call) => [`${call.operation} ${call.table} ${call.index ?? ''}`, call]));
    for (const { operation, table, index, function: caller } of kinds.values()) {
      const arn = arnOf(shop.template, shop.logicalIdOf(table));
      const call = {
        action: `dynamodb:${operation}`,
        resourceArn: index === undefined ? arn : `${arn}/index/${index}`,
      };
      expect([call, await simulate(shop.template, caller, call)]).toEqual([call, 'Allowed']);
    }
  });

  describe.each(['function URL', 'load balancer'])('a request through the %s', (kind) => {
    const front = () => (kind === 'function URL' ? shop.functionUrl : shop.loadBalancer);

    test('gets the page with a policy that lets nothing foreign run', async () => {
      const reply = await fetch(front());
      expect(reply.status).toBe(200);
      expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(reply.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(await reply.text()).toContain('Stoneware for slow mornings');
    });

    test.each([
      ['a foreign site', { 'sec-fetch-site': 'cross-site' }],
      ['a neighbouring subdomain', { 'sec-fetch-site': 'same-site' }],
      ['a foreign site in an older browser', { origin: 'https://elsewhere.example' }],
      ['a sandboxed page in an older browser', { origin: 'null' }],
    ])('that %s sent to change something is refused', async (_, headers) => {
      const mia = visitor();
      await mia.add('mug');
      const body = new URLSearchParams({ add: 'vase' });
      const reply = await mia.fetch('/cart', { method: 'POST', headers, body }, front());
      expect(reply.status).toBe(403);
      expect((await mia.look()).cart).toEqual({ mug: 1 });
    });

    test.each([
      ['the page itself', () => ({ 'sec-fetch-site': 'same-origin' })],
      ['the page itself in an older browser', () => ({ origin: new URL(front()).origin })],
    ])('that %s sent to change something is served', async (_, headers) => {
      const mia = visitor();
      const body = new URLSearchParams({ add: 'vase' });
      expect((await mia.fetch('/cart', { method: 'POST', headers: headers(), body }, front())).status).toBe(303);
      expect((await mia.look()).cart).toEqual({ vase: 1 });
    });

    test.each(['__proto__', 'constructor', 'yacht', ''])(
      'for the product %j, which is not sold, changes nothing',
      async (product) => {
        const mia = visitor();
        await mia.add(product, front());
        expect(await mia.cookie()).toBeUndefined();
      },
    );

    test('shows a name with markup in it as text', async () => {
      const mia = visitor();
      await mia.signIn('<img src=x>"\'&', front());
      const page = await (await mia.fetch('/', {}, front())).text();
      expect(page).toContain('&lt;img src=x&gt;&quot;&#39;&amp;');
      expect(page).not.toContain('<img');
    });
  });
});

describe('the shop with its table deleted', () => {
  let shop: LocalShop;
  const mia = () => new Visitor(shop.functionUrl);

  beforeAll(async () => {
    shop = await LocalShop.open();
  });
  afterAll(() => shop.close());

  test('answers 503, keeps the cookie, and serves who has no session', async () => {
    const visitor = mia();
    await visitor.add('mug');
    const cookie = await visitor.cookie();
    const [table] = shop.cloud.tables;
    const client = new DynamoDBClient({
      endpoint: shop.cloud.dynamodbEndpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    await client.send(new DeleteTableCommand({ TableName: table?.name }));
    client.destroy();

    const add = { method: 'POST', body: new URLSearchParams({ add: 'mug' }) };
    for (const front of shop.fronts) {
      for (const reply of [await visitor.fetch('/', {}, front), await visitor.fetch('/cart', add, front)]) {
        expect(reply.status).toBe(503);
        expect(reply.headers.get('retry-after')).toBe('1');
        expect(reply.headers.get('cache-control')).toBe('no-store');
        expect(reply.headers.getSetCookie()).toEqual([]);
      }
      expect((await fetch(front)).status).toBe(200);
      expect((await mia().fetch('/cart', add, front)).status).toBe(503);
    }
    expect(await visitor.cookie()).toEqual(cookie);
  });
});
