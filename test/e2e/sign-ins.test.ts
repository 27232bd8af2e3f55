import { type AttributeValue, DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { lookWith, Visitor } from '../../examples/visitor.js';
import { hasJava } from '../support/java.js';
import { LocalShop } from '../support/local-shop.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

describe.each(hasJava() ? (['dynalite', 'local'] as const) : (['dynalite'] as const))('the shop on %s', (dynamodb) => {
  let shop: LocalShop;
  const visitor = () => new Visitor(shop.functionUrl);

  beforeAll(async () => {
    shop = await LocalShop.open({ dynamodb });
  });
  afterAll(() => shop?.close());

  let count = 0;
  async function signedInTwice() {
    // A name is the user's id here, so that each test has a visitor of its own.
    const name = `Bo ${++count}`;
    const [here, there] = [visitor(), new Visitor(shop.functionUrl, FIREFOX)];
    await here.signIn(name);
    await there.signIn(name);
    return { name, here, there };
  }

  test('shows both places, and which one is asking', async () => {
    const { here, there } = await signedInTwice();
    expect(await here.signedIn()).toEqual([
      { label: 'Firefox on Linux', handle: expect.any(String) },
      { label: 'A browser' },
    ]);
    expect(await there.signedIn()).toEqual([
      { label: 'Firefox on Linux' },
      { label: 'A browser', handle: expect.any(String) },
    ]);
  });

  test('offers to sign out everywhere else: the other browser is signed out at once, with the cookie that it has', async () => {
    const { name, here, there } = await signedInTwice();
    await there.add('mug');
    const replayed = await there.cookie();
    await here.signOutElsewhere();
    for (const front of shop.fronts) {
      expect(await lookWith(front, `${replayed?.cookieString()}`)).toEqual({
        instance: expect.any(String),
        cart: {},
      });
      expect((await here.look(front)).name).toBe(name);
    }
    expect((await there.look()).name).toBeUndefined();
    expect(await here.signedIn()).toEqual([{ label: 'A browser' }]);
  });

  test('offers to sign out of one place alone', async () => {
    const { name, here, there } = await signedInTwice();
    const third = visitor();
    await third.signIn(name);
    const firefox = (await here.signedIn()).find(({ label }) => label === 'Firefox on Linux');
    await here.signOutElsewhere(firefox?.handle);
    const names = await Promise.all([here, there, third].map(async (browser) => (await browser.look()).name));
    expect(names).toEqual([name, undefined, name]);
  });

  test('ends no session of another user, whatever is asked for', async () => {
    const { name, here } = await signedInTwice();
    const other = await signedInTwice();
    const [firefox] = await other.here.signedIn();
    await here.signOutElsewhere(firefox?.handle);
    await visitor().signOutElsewhere(firefox?.handle);
    expect([(await other.there.look()).name, (await here.look()).name]).toEqual([other.name, name]);
  });

  test('asks where a visitor is signed in only to show it: one read more, and one for each place', async () => {
    const { here } = await signedInTwice();
    const operations = async (run: () => Promise<unknown>) =>
      (await shop.callsDuring(run)).map(({ operation }) => operation);
    expect(await operations(() => here.look())).toEqual(['GetItem']);
    expect(await operations(() => here.fetch('/'))).toEqual(['GetItem', 'GetItem', 'GetItem', 'GetItem']);
  });

  test('leaves nothing in the table to read of who is signed in, where, and with what in the cart', async () => {
    const visit = new Visitor(shop.functionUrl, FIREFOX);
    await visit.add('teapot');
    await visit.signIn('Wilhelmina');
    const items = await itemsOf(shop);
    expect(items.some(({ sessions }) => sessions?.BS !== undefined)).toBe(true);
    const bytes = items.flatMap((item) => Object.values(item)).map(bytesOf);
    for (const secret of ['Wilhelmina', 'Firefox', 'teapot']) {
      expect(bytes.filter((attribute) => attribute.includes(secret))).toEqual([]);
    }
  });
});

/** All that is in the table, as whoever may read it sees it. */
async function itemsOf(shop: LocalShop): Promise<readonly Record<string, AttributeValue>[]> {
  const [table] = shop.cloud.tables;
  const client = new DynamoDBClient({
    endpoint: shop.cloud.dynamodbEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  try {
    const items: Record<string, AttributeValue>[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await client.send(new ScanCommand({ TableName: table?.name, ExclusiveStartKey: from }));
      items.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return items;
  } finally {
    client.destroy();
  }
}

/** An attribute as the bytes that it is made of. */
function bytesOf({ B, BS, S, N }: AttributeValue): Buffer {
  return Buffer.concat(
    [B ?? [], ...(BS ?? []), Buffer.from(S ?? ''), Buffer.from(N ?? '')].map((part) => Buffer.from(part)),
  );
}
