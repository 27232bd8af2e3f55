import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { SessionData } from '../../lib/client/session-data';

const PLAIN = { deflated: false, bytes: Buffer.from('{"a":1}') };

test('a text comes back from its bytes, and they say whether they are deflated', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3000, size: 'max' }).map((value) => JSON.stringify({ value }));
  fc.assert(
    fc.property(text, (original) => {
      const { encoded } = SessionData.of(original, 1);
      expect(SessionData.decode(encoded, 1).text).toBe(original);
    }),
  );
});

test.each([
  ['short, as it is', 700, undefined, false],
  ['long, deflated', 701, undefined, true],
  ['as short as the store wants it, as it is', 2048, 2048, false],
  ['longer than that, deflated', 2049, 2048, true],
])('%s', (_, length, compressAbove, deflated) => {
  expect(SessionData.of('a'.repeat(length), 1, compressAbove).encoded.deflated).toBe(deflated);
});

test('bytes that were read are written back as they were, without being looked at', () => {
  const encoded = { deflated: true, bytes: Uint8Array.of(0xff, 0xff) };
  expect(SessionData.decode(encoded, 1).encoded).toBe(encoded);
});

test('no data is the same whatever its version', () => {
  expect(SessionData.of('{}', 3)).toBe(SessionData.NONE);
  expect(SessionData.decode({ deflated: false, bytes: Buffer.from('{}') }, 7)).toBe(SessionData.NONE);
});

test('data is equal by text and version', () => {
  const data = SessionData.of('{"a":1}', 1);
  expect(data.equals(data)).toBe(true);
  expect(data.equals(SessionData.decode(PLAIN, 1))).toBe(true);
  expect(data.equals(SessionData.decode(PLAIN, 2))).toBe(false);
  expect(data.equals(SessionData.of('{"a":2}', 1))).toBe(false);
});

test('bytes that do not inflate are damaged', () => {
  expect(() => SessionData.decode({ deflated: true, bytes: Uint8Array.of(0xff, 0xff, 0xff) }, 1).text).toThrow(
    expect.objectContaining({
      code: 'ERR_SESSION_RECORD',
      message: 'the stored session is not what was saved: it does not inflate',
    }),
  );
});

test('bytes that would fill the memory are not inflated', () => {
  const bomb = deflateRawSync(Buffer.alloc(13 * 1024 * 1024));
  expect(() => SessionData.decode({ deflated: true, bytes: bomb }, 1).text).toThrow('it does not inflate');
});
