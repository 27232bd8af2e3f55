import fc from 'fast-check';
import { decodeRecord, encodeRecord, type SessionRecord, type SignIn, tombstoneOf } from '../../lib/client/record';
import { SessionData } from '../../lib/client/session-data';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const data = fc
  .tuple(fc.string({ unit: 'binary', minLength: 3, maxLength: 2000, size: 'max' }), fc.integer({ min: 1, max: 9 }))
  // As they are in reality, texts repeat themselves; some are long enough to be compressed.
  .map(([text, version]) => SessionData.of(JSON.stringify({ text }).repeat(3), version));
const grace = fc.record({ nonce: bytes, until: fc.integer() });
const end = fc.oneof(
  fc.constant({ kind: 'destroyed' as const }),
  fc.record({ kind: fc.constant('retired' as const), successor: bytes, at: fc.integer() }),
  fc.record({ kind: fc.constant('retired' as const), successor: bytes, at: fc.integer(), grace }),
);
const signIn: fc.Arbitrary<SignIn> = fc.record(
  {
    user: fc.string({ unit: 'binary', minLength: 1 }),
    handle: fc.string(),
    enteredAt: fc.integer(),
    deadline: fc.integer(),
    checkedAt: fc.integer(),
    label: fc.string(),
  },
  { requiredKeys: ['user', 'handle', 'enteredAt', 'deadline', 'checkedAt'] },
);
const record: fc.Arbitrary<SessionRecord> = fc.record(
  {
    createdAt: fc.integer(),
    renewedAt: fc.integer(),
    idleTimeout: fc.nat(),
    recent: fc.string(),
    signIn,
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

test('a record is read from within a larger buffer, as network clients hand them out', () => {
  const encoded = encodeRecord({
    createdAt: 1,
    renewedAt: 2,
    idleTimeout: 3,
    recent: '',
    data: SessionData.of('{"a":1}', 1),
  });
  const larger = new Uint8Array(encoded.byteLength + 20);
  larger.set(encoded, 7);
  expect(decodeRecord(larger.subarray(7, 7 + encoded.byteLength)).data.text).toBe('{"a":1}');
});

test('data of the first version takes no room for saying so', () => {
  const record = { createdAt: 1, renewedAt: 2, idleTimeout: 3, recent: '', data: SessionData.of('{"a":1}', 1) };
  expect(Buffer.from(encodeRecord(record)).toString()).toBe(
    '\u0001{"createdAt":1,"renewedAt":2,"idleTimeout":3,"recent":""}\n{"a":1}',
  );
});

test('a tombstone keeps neither data nor user', () => {
  const record = {
    createdAt: 1,
    renewedAt: 2,
    idleTimeout: 3,
    recent: 'aaaaaaaa',
    signIn: { user: 'ada', handle: 'aaaaaaaa', enteredAt: 1, deadline: 4, checkedAt: 1 },
    data: SessionData.of('[1]', 1),
  };
  expect(tombstoneOf(record, { kind: 'destroyed' })).toEqual({
    createdAt: 1,
    renewedAt: 2,
    idleTimeout: 3,
    end: { kind: 'destroyed' },
    data: SessionData.NONE,
  });
});

test('a record of another format is refused with what to do', () => {
  expect(() => decodeRecord(Uint8Array.of(4, 1, 1))).toThrow(
    'the stored session has record format 4, and this release reads formats up to 3: ' +
      'deploy the newer cdk-sessions-client to every consumer of the store',
  );
});

test('a place without a value is refused with that it has none', () => {
  expect(() => decodeRecord(new Uint8Array())).toThrow(
    expect.objectContaining({
      code: 'ERR_SESSION_RECORD',
      message: 'the stored session is not what was saved: it has no value',
    }),
  );
});

const HEADER = '{"createdAt":1,"renewedAt":1,"idleTimeout":1,"recent":""';

test.each([
  ['', 'it is not JSON'],
  ['{"data":{"card":"4111', 'it is not JSON'],
  ['null\n{}', 'an object is missing'],
  ['[]\n{}', 'an object is missing'],
  ['{}\n{}', 'a field is missing'],
  ['{"createdAt":"1","renewedAt":1,"idleTimeout":1,"recent":""}\n{}', 'a field is missing'],
  ['{"createdAt":1,"renewedAt":1,"idleTimeout":1,"recent":[]}\n{}', 'a field is missing'],
  [`${HEADER},"signIn":{"user":7}}\n{}`, 'its sign-in is incomplete'],
  [`${HEADER},"dataVersion":"2"}\n{}`, 'a field is missing'],
  [`${HEADER},"end":3}\n{}`, 'an object is missing'],
  [`${HEADER},"end":{"kind":"lost"}}\n{}`, 'its end is of an unknown kind'],
  [`${HEADER},"end":{"kind":"retired"}}\n{}`, 'its end is of an unknown kind'],
  [`${HEADER},"end":{"kind":"retired","successor":"AA"}}\n{}`, 'its end is of an unknown kind'],
  [`${HEADER},"end":{"kind":"retired","successor":"AA","at":1,"grace":{}}}\n{}`, 'its grace is incomplete'],
])('a damaged record is refused without a word of what is in it: %j', (text, reason) => {
  expect(() => decodeRecord(Uint8Array.of(1, ...Buffer.from(text)))).toThrow(
    expect.objectContaining({
      code: 'ERR_SESSION_RECORD',
      message: `the stored session is not what was saved: ${reason}`,
    }),
  );
});

/** Makes a Buffer and a Uint8Array of the same bytes equal to a matcher, and data whatever of it is worked out. */
function plain(value: unknown): unknown {
  if (value instanceof SessionData) {
    return [value.version, value.text];
  }
  if (value instanceof Uint8Array) {
    return [...value];
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
    : value;
}
