import fc from 'fast-check';
import { decodeRecord, encodeRecord } from '../../lib/client/record';

const json = fc.jsonValue({ noUnicodeString: false });
const record = fc.record(
  {
    createdAt: fc.integer(),
    renewedAt: fc.integer(),
    idleTimeout: fc.nat(),
    data: fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '1')), json))
      .map((entries) => new Map(entries)),
    retired: fc.record({ successor: fc.uint8Array({ minLength: 32, maxLength: 32 }), graceUntil: fc.integer() }),
  },
  { requiredKeys: ['createdAt', 'renewedAt', 'idleTimeout', 'data'] },
);

test('a record comes back as it was', () => {
  fc.assert(
    fc.property(record, (original) => {
      const back = decodeRecord(encodeRecord(original));
      expect({ ...back, data: undefined, retired: undefined }).toEqual({
        ...original,
        data: undefined,
        retired: undefined,
      });
      expect(JSON.stringify(sorted(back.data))).toBe(JSON.stringify(sorted(original.data)));
      expect(back.retired?.graceUntil).toBe(original.retired?.graceUntil);
      expect([...(back.retired?.successor ?? [])]).toEqual([...(original.retired?.successor ?? [])]);
    }),
  );
});

test('a record is read from within a larger buffer, as network clients hand them out', () => {
  const encoded = encodeRecord({ createdAt: 1, renewedAt: 2, idleTimeout: 3, data: new Map([['a', 1]]) });
  const larger = new Uint8Array(encoded.byteLength + 20);
  larger.set(encoded, 7);
  expect(decodeRecord(larger.subarray(7, 7 + encoded.byteLength)).data.get('a')).toBe(1);
});

test('a record of another format is refused with what to do', () => {
  expect(() => decodeRecord(Uint8Array.of(2, 1, 1))).toThrow(
    'the stored session has record format 2, and this release reads format 1: ' +
      'deploy the newer cdk-sessions-client to every consumer of the store',
  );
  expect(() => decodeRecord(new Uint8Array())).toThrow(expect.objectContaining({ code: 'ERR_SESSION_RECORD' }));
});

test('a damaged record is refused without a word of what is in it', () => {
  const damaged = Uint8Array.of(1, ...Buffer.from('{"data":{"card":"4111'));
  expect(() => decodeRecord(damaged)).toThrow('the stored session is not the JSON that was saved (SyntaxError)');
});

function sorted(data: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...data].sort(([a], [b]) => (a < b ? -1 : 1));
}
