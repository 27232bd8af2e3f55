import { lookWith, Visitor } from '../../examples/visitor.js';
import { LocalShop } from '../support/local-shop.js';

/** The parts of a signed cookie, after its version. */
const [ID, DEADLINE, ALIVE_UNTIL, KEY_ID, SIGNATURE] = [1, 2, 3, 4, 5];

let shop: LocalShop;
const visitor = () => new Visitor(shop.functionUrl);

beforeAll(async () => {
  shop = await LocalShop.open();
});
afterAll(() => shop?.close());

test('signs the cookie', async () => {
  const mia = visitor();
  await mia.add('mug');
  expect((await mia.cookie())?.value).toMatch(/^v1\.[\w-]{43}\.\d+\.\d+\.initial\.[\w-]{43}$/);
});

describe.each(['function URL', 'load balancer'])('a request through the %s', (kind) => {
  const front = () => (kind === 'function URL' ? shop.functionUrl : shop.loadBalancer);

  test.each([
    ['garbage', () => 'garbage'],
    ['nothing', () => ''],
    ['8 KB', () => 'v1.'.padEnd(8192, 'A')],
    ['an id of another length', (value: string) => value.replace('v1.', 'v1.A')],
    ['padded base64', changed(ID, (id) => `${id}=`)],
    ['other padding bits of the same id', changed(ID, respell)],
    ['an unknown version', changed(0, () => 'v2')],
    ['another id, signed for this one', changed(ID, () => 'A'.repeat(43))],
    ['a deadline that is none', changed(DEADLINE, () => '0')],
    ['a later deadline', changed(DEADLINE, (deadline) => `${Number(deadline) + 1}`)],
    ['a later end of its idle time', changed(ALIVE_UNTIL, (end) => `${Number(end) + 1}`)],
    ['a key that there is not', changed(KEY_ID, () => 'another')],
    ['another signature', changed(SIGNATURE, () => 'A'.repeat(43))],
    ['other padding bits of the same signature', changed(SIGNATURE, respell)],
    ['no signature', (value: string) => value.split('.').slice(0, ALIVE_UNTIL).join('.')],
    ['more after the end', (value: string) => `${value}.`],
  ])('with a cookie of %s never reaches the store and starts afresh', async (_, spell) => {
    const mia = visitor();
    await mia.add('mug');
    const value = (await mia.cookie())?.value ?? '';
    expect(spell(value)).not.toBe(value);
    const forged = `__Host-session=${spell(value)}`;

    const calls = await shop.callsDuring(async () => {
      expect(await lookWith(front(), forged)).toEqual({ instance: expect.any(String), cart: {} });
    });
    expect(calls).toEqual([]);

    const added = await fetch(new URL('/cart', front()), {
      method: 'POST',
      headers: { cookie: forged },
      body: new URLSearchParams({ add: 'vase' }),
      redirect: 'manual',
    });
    const [fresh] = added.headers.getSetCookie();
    expect(await lookWith(front(), fresh?.split(';')[0] ?? '')).toMatchObject({ cart: { vase: 1 } });
    expect((await mia.look()).cart).toEqual({ mug: 1 });
  });
});

/** Makes a cookie with another one of its parts. */
function changed(index: number, change: (part: string) => string): (value: string) => string {
  return (value) => {
    const parts = value.split('.');
    return parts.with(index, change(parts[index] ?? '')).join('.');
  };
}

/** Another spelling that base64 decoders take for the same: the last of 43 characters has two bits to spare. */
function respell(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet.charAt(alphabet.indexOf(part.slice(-1)) + 1);
}
