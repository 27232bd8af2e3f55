import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type CookieValue, cookieFault, formatCookieValue, parseCookieValue } from '../../lib/contract/cookie.js';

const base64url = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));

const seconds = fc.integer({ min: 0, max: 99_999_999_999 });

const cookieValues: fc.Arbitrary<CookieValue> = fc
  .record({
    id: base64url,
    deadline: seconds,
    signature: fc.option(
      fc.record({ aliveUntil: seconds, keyId: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/), mac: base64url }),
      { nil: undefined },
    ),
  })
  .map(({ signature, ...value }) => ({ ...value, ...(signature && { signature }) }));

test('a value reads as it was spelt', () => {
  fc.assert(fc.property(cookieValues, (value) => expect(parseCookieValue(formatCookieValue(value))).toEqual(value)));
});

test('a value has one spelling: any other text is refused, or is the one spelling of another value', () => {
  const character = fc.oneof(fc.constantFrom('.', '=', '+', '/', '-', '_', ' ', '\n', '0', 'A', 'v'), fc.string());
  fc.assert(
    fc.property(cookieValues, fc.nat(), fc.nat({ max: 2 }), character, (value, at, removed, inserted) => {
      const canonical = formatCookieValue(value);
      const position = at % (canonical.length + 1);
      const text = canonical.slice(0, position) + inserted + canonical.slice(position + removed);
      const parsed = parseCookieValue(text);
      if (parsed !== undefined) {
        expect(formatCookieValue(parsed)).toBe(text);
      }
    }),
    { numRuns: 5000 },
  );
});

describe('a value that is not canonical is refused', () => {
  const id = randomBytes(32).toString('base64url').replace(/.$/, 'A');
  const value = `v1.${id}.1800000000`;

  test('although this one is not', () => {
    expect(parseCookieValue(value)).toEqual({ id, deadline: 1_800_000_000 });
    expect(parseCookieValue(`${value}.1700000000.k1.${id}`)).toEqual({
      id,
      deadline: 1_800_000_000,
      signature: { aliveUntil: 1_700_000_000, keyId: 'k1', mac: id },
    });
  });

  test.each([
    ['empty', ''],
    ['an id alone', id],
    ['another version', value.replace('v1', 'v2')],
    ['bits in the padding of the id', value.replace(id, id.replace(/A$/, 'B'))],
    ['base64 with padding', value.replace(id, `${id}=`)],
    ['an id of 31 bytes', value.replace(id, id.slice(0, 42))],
    ['a deadline with a leading zero', value.replace('.18', '.018')],
    ['a deadline with a fraction', `${value}.5`],
    ['a deadline in exponents', value.replace('1800000000', '18e8')],
    ['a deadline of zero in two digits', value.replace('1800000000', '00')],
    ['a negative deadline', value.replace('1800000000', '-1')],
    ['a deadline of twelve digits', value.replace('1800000000', '180000000000')],
    ['a key without a MAC', `${value}.1700000000.k1`],
    ['a MAC without a key', `${value}.1700000000..${id}`],
    ['a key and a MAC without a time until which it is alive', `${value}.k1.${id}`],
    ['a time until which it is alive with a leading zero', `${value}.01700000000.k1.${id}`],
    ['a key id that is too long', `${value}.1700000000.${'k'.repeat(33)}.${id}`],
    ['something behind the MAC', `${value}.1700000000.k1.${id}.`],
    ['quotes', `"${value}"`],
    ['a line break at the end', `${value}\n`],
    ['8 KB', `${value}.${'k'.repeat(8192)}`],
  ])('%s', (_, text) => {
    expect(parseCookieValue(text)).toBeUndefined();
  });
});

describe('a clock that a test has set back', () => {
  const id = randomBytes(32).toString('base64url').replace(/.$/, 'A');

  test.each([0, 1, 1800])('makes a value with the deadline %d, which is read', (deadline) => {
    expect(parseCookieValue(`v1.${id}.${deadline}`)).toEqual({ id, deadline });
  });
});

describe('browsers would drop', () => {
  const prefixes = ['__Secure-', '__Host-', '__Http-', '__Host-Http-', '__HTTP-'];

  test.each(prefixes)('a cookie with the prefix %s that is not secure', (prefix) => {
    const cookie = { name: `${prefix}shop`, sameSite: 'lax' };
    expect(cookieFault({ ...cookie, secure: true })).toBeUndefined();
    expect(cookieFault({ ...cookie, secure: false })).toBe(
      `a cookie with the prefix of ${prefix}shop must be secure: take another name for an insecure one`,
    );
  });

  test.each(['__Host-shop', '__Host-Http-shop'])('a cookie %s that has a domain', (name) => {
    const fault = cookieFault({ name, sameSite: 'lax', secure: true, domain: 'example.com' });
    expect(fault).toMatch(/belongs to one host/);
  });

  test.each([
    'localhost',
    '.example.com',
    'example.com.',
    'Example.com',
    '192.0.2.1',
    '192.0.2',
    '0x7f.0x1',
    '2001:db8::1',
    '[::1]',
  ])('a cookie of the domain %s', (domain) => {
    expect(cookieFault({ name: 'shop', sameSite: 'lax', secure: true, domain })).toBe(
      `the cookie's domain must be a lower-case host name with a dot and no leading one, not an address, received ${JSON.stringify(domain)}`,
    );
  });

  test.each(['example.com', 'shop.example.co.uk', '3.example.com', 'example.xn--p1ai'])(
    'no cookie of the domain %s',
    (domain) => {
      expect(cookieFault({ name: 'shop', sameSite: 'lax', secure: true, domain })).toBeUndefined();
    },
  );
});
