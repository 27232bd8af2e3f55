import fc from 'fast-check';
import { StickyCodec } from '../../lib/local/sticky-cookie.js';

const NAME = fc.constantFrom('AWSALB', 'AWSALBTG', 'AWSALBAPP-0');
const BONDS = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'),
  fc.record({ to: fc.string({ unit: 'grapheme' }), until: fc.integer() }, { noNullPrototype: true }),
  { noNullPrototype: true },
);

test('whatever is sealed is opened again, and is a value that a cookie may have', () => {
  const codec = new StickyCodec();
  fc.assert(
    fc.property(NAME, BONDS, (name, bonds) => {
      const value = codec.seal(name, bonds);
      expect(value).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(codec.open(name, value)).toEqual(bonds);
    }),
  );
});

test('a value says nothing to who reads it, and is another one each time', () => {
  const codec = new StickyCodec();
  const bonds = { group: { to: 'server-1', until: 1 } };
  const [one, other] = [codec.seal('AWSALB', bonds), codec.seal('AWSALB', bonds)];
  expect(one).not.toBe(other);
  expect(Buffer.from(one, 'base64').toString('latin1')).not.toContain('server-1');
});

test('whatever else somebody sends is not opened', () => {
  const codec = new StickyCodec();
  fc.assert(
    fc.property(NAME, fc.string({ unit: 'binary' }), fc.base64String(), (name, text, base64) => {
      expect([codec.open(name, text), codec.open(name, base64)]).toEqual([undefined, undefined]);
    }),
  );
});

test('nor is a value in which one bit was changed', () => {
  const codec = new StickyCodec();
  const sealed = Buffer.from(codec.seal('AWSALB', { group: { to: 'a', until: 1 } }), 'base64');
  fc.assert(
    fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
      const changed = Buffer.from(sealed);
      const at = bit >> 3;
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
      expect(codec.open('AWSALB', changed.toString('base64'))).toBeUndefined();
    }),
  );
});

test('nor one of another cookie, or of another run', () => {
  const codec = new StickyCodec();
  const value = codec.seal('AWSALB', { group: { to: 'a', until: 1 } });
  expect(codec.open('AWSALBTG', value)).toBeUndefined();
  expect(new StickyCodec().open('AWSALB', value)).toBeUndefined();
});
