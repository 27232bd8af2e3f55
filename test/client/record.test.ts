import fc from 'fast-check';
import { decodeRecord, encodeRecord, formatData, parseData, type SessionRecord } from '../../lib/client/record';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '1', '\n'));
const data = fc
  .array(fc.tuple(key, fc.jsonValue({ stringUnit: 'binary' })))
  .map((entries) => formatData(new Map(entries)));
const grace = fc.record({ nonce: bytes, until: fc.integer() });
const end = fc.oneof(
  fc.constant({ kind: 'destroyed' as const }),
  fc.record({ kind: fc.constant('retired' as const), successor: bytes }),
  fc.record({ kind: fc.constant('retired' as const), successor: bytes, grace }),
);
const record: fc.Arbitrary<SessionRecord> = fc.record(
  {
    createdAt: fc.integer(),
    renewedAt: fc.integer(),
    idleTimeout: fc.nat(),
    recent: fc.array(fc.string(), { maxLength: 8 }),
    data,
    end,
  },
  { requiredKeys: ['createdAt', 'renewedAt', 'idleTimeout', 'recent', 'data'] },
);

test('a record comes back as it was', () => {
  fc.assert(
    fc.property(record, (original) => {
      expect(plain(decodeRecord(encodeRecord(original)))).toEqual(plain(original));
    }),
  );
});

test('values come back as they were, whatever their keys', () => {
  fc.assert(
    fc.property(data, (text) => {
      expect(formatData(parseData(text))).toBe(text);
    }),
  );
});

test('a record is read from within a larger buffer, as network clients hand them out', () => {
  const encoded = encodeRecord({ createdAt: 1, renewedAt: 2, idleTimeout: 3, recent: [], data: '{"a":1}' });
  const larger = new Uint8Array(encoded.byteLength + 20);
  larger.set(encoded, 7);
  expect(decodeRecord(larger.subarray(7, 7 + encoded.byteLength)).data).toBe('{"a":1}');
});

test('a record of another format is refused with what to do', () => {
  expect(() => decodeRecord(Uint8Array.of(2, 1, 1))).toThrow(
    'the stored session has record format 2, and this release reads format 1: ' +
      'deploy the newer cdk-sessions-client to every consumer of the store',
  );
  expect(() => decodeRecord(new Uint8Array())).toThrow(expect.objectContaining({ code: 'ERR_SESSION_RECORD' }));
});

const HEADER = '{"createdAt":1,"renewedAt":1,"idleTimeout":1,"recent":[]';

test.each([
  ['', 'it is not JSON'],
  ['{"data":{"card":"4111', 'it is not JSON'],
  ['null\n{}', 'an object is missing'],
  ['[]\n{}', 'an object is missing'],
  ['{}\n{}', 'a field is missing'],
  ['{"createdAt":"1","renewedAt":1,"idleTimeout":1,"recent":[]}\n{}', 'a field is missing'],
  ['{"createdAt":1,"renewedAt":1,"idleTimeout":1,"recent":[1]}\n{}', 'a field is missing'],
  [`${HEADER},"end":3}\n{}`, 'an object is missing'],
  [`${HEADER},"end":{"kind":"lost"}}\n{}`, 'its end is of an unknown kind'],
  [`${HEADER},"end":{"kind":"retired"}}\n{}`, 'its end is of an unknown kind'],
  [`${HEADER},"end":{"kind":"retired","successor":"AA","grace":{}}}\n{}`, 'its grace is incomplete'],
])('a damaged record is refused without a word of what is in it: %j', (text, reason) => {
  expect(() => decodeRecord(Uint8Array.of(1, ...Buffer.from(text)))).toThrow(
    expect.objectContaining({
      code: 'ERR_SESSION_RECORD',
      message: `the stored session is not what was saved: ${reason}`,
    }),
  );
});

test.each(['', '4111', '[]', '{"card":4111'])('damaged values are refused likewise: %j', (text) => {
  expect(() => parseData(text)).toThrow(/^the stored session is not what was saved: [a-zA-Z ]+$/);
});

/** Makes a Buffer and a Uint8Array of the same bytes equal to a matcher. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) {
    return [...value];
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
    : value;
}
