import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { KeyRing, type SessionKeyMaterial } from '../../../lib/client/keys/key-ring';
import { isSealed, keyIdOf, openRecord, sealRecord } from '../../../lib/client/keys/record-seal';
import { encodeRecord } from '../../../lib/client/record';
import { SessionData } from '../../../lib/client/session-data';
import { KEY_ID } from '../../../lib/contract/keys';
import { START } from '../support';
import { documentOf, key } from './keys';

const SESSION = createHash('sha256').update('session').digest();
const OTHER_SESSION = createHash('sha256').update('other session').digest();
const FIRST = materialOf('first');
const EXAMPLE = Buffer.from('\u0001{}\n{"user":"ada"}');

const REFUSED = expect.objectContaining({ code: 'ERR_SESSION_RECORD' });
const DAMAGED = expect.objectContaining({
  code: 'ERR_SESSION_RECORD',
  message: expect.stringContaining('the stored session is not what was saved'),
});

const bytes = fc.uint8Array({ maxLength: 2000, size: 'max' });
const sessionKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const keyId = fc.stringMatching(new RegExp(`^${KEY_ID}$`));

function materialOf(id: string): SessionKeyMaterial {
  return new KeyRing(documentOf(key(id, START))).signer(START);
}

test('a record comes back as it was, from under any key', () => {
  fc.assert(
    fc.property(bytes, sessionKey, keyId, (record, session, id) => {
      const sealed = sealRecord(record, session, materialOf(id));
      expect(isSealed(sealed)).toBe(true);
      expect(keyIdOf(sealed)).toBe(id);
      expect(Buffer.from(openRecord(sealed, session, materialOf(id)))).toEqual(Buffer.from(record));
    }),
  );
});

test('an empty record is as good as any', () => {
  const sealed = sealRecord(new Uint8Array(), SESSION, FIRST);
  expect(sealed).toHaveLength(2 + 'first'.length + 12 + 16);
  expect(openRecord(sealed, SESSION, FIRST)).toHaveLength(0);
});

test('a record is opened from within a larger buffer, as network clients hand them out', () => {
  const sealed = sealRecord(EXAMPLE, SESSION, FIRST);
  const larger = new Uint8Array(sealed.length + 20);
  larger.set(sealed, 7);
  const within = larger.subarray(7, 7 + sealed.length);
  expect(keyIdOf(within)).toBe('first');
  expect(openRecord(within, SESSION, FIRST)).toEqual(EXAMPLE);
});

test('what is not sealed is told from what is, and is not taken for it', () => {
  const data = SessionData.of(JSON.stringify({ text: 'often '.repeat(1000) }), 1);
  const fields = { createdAt: 1, renewedAt: 2, idleTimeout: 3, recent: '' };
  for (const value of [
    encodeRecord({ ...fields, data }),
    encodeRecord({ ...fields, data: SessionData.NONE }),
    new Uint8Array(),
  ]) {
    expect(isSealed(value)).toBe(false);
    expect(() => keyIdOf(value)).toThrow(DAMAGED);
    expect(() => openRecord(value, SESSION, FIRST)).toThrow(DAMAGED);
  }
});

describe('the envelope', () => {
  test('is opened by whoever reads its description and has the secret', () => {
    const sealed = sealRecord(EXAMPLE, SESSION, FIRST);
    const secret = Buffer.from(key('first', START).secret, 'base64url');
    const recordKey = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'cdk-sessions record v1', 32));
    const header = Buffer.concat([Buffer.of(3, 5), Buffer.from('first')]);
    expect(Buffer.from(sealed.subarray(0, 7))).toEqual(header);
    const decipher = createDecipheriv('aes-256-gcm', recordKey, sealed.subarray(7, 19));
    decipher.setAAD(Buffer.concat([header, SESSION]));
    decipher.setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(19, -16)), decipher.final()])).toEqual(EXAMPLE);
  });

  test('opens as another implementation made it: Python’s cryptography, with the nonce 00 01 … 0b', () => {
    const sealed = Buffer.from(
      '03056669727374000102030405060708090a0b47f994a84ebf560057acbc1af3d1bd33c239594ae072f805b64d21b12403bdde1a30',
      'hex',
    );
    expect(openRecord(sealed, SESSION, FIRST)).toEqual(EXAMPLE);
  });

  test('hides the record, and is another one each time', () => {
    const seals = Array.from({ length: 1000 }, () => Buffer.from(sealRecord(EXAMPLE, SESSION, FIRST)));
    expect(new Set(seals.map((sealed) => sealed.toString('hex', 7, 19))).size).toBe(1000);
    expect(new Set(seals.map((sealed) => sealed.toString('hex', 19))).size).toBe(1000);
    expect(seals.filter((sealed) => sealed.includes('ada'))).toEqual([]);
  });
});

describe('a record is refused', () => {
  const sealed = sealRecord(EXAMPLE, SESSION, FIRST);

  test('when any one of its bits is another', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = flipped(sealed, bit);
      expect(() => openRecord(changed, SESSION, FIRST)).toThrow(REFUSED);
    }
  });

  test('when it ends at any byte before its last', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(() => openRecord(sealed.subarray(0, length), SESSION, FIRST)).toThrow(REFUSED);
    }
  });

  test('when anything of any record is changed, cut off or added', () => {
    fc.assert(
      fc.property(bytes, keyId, fc.nat(), fc.uint8Array({ minLength: 1 }), (record, id, position, more) => {
        const material = materialOf(id);
        const original = sealRecord(record, SESSION, material);
        const at = position % original.length;
        for (const changed of [
          flipped(original, position % (original.length * 8)),
          original.subarray(0, at),
          original.subarray(at + 1),
          Buffer.concat([original, more]),
          Buffer.concat([original.subarray(0, at), more, original.subarray(at)]),
        ]) {
          expect(() => openRecord(changed, SESSION, material)).toThrow(REFUSED);
        }
      }),
    );
  });

  test('in another session’s place', () => {
    expect(() => openRecord(sealed, OTHER_SESSION, FIRST)).toThrow(REFUSED);
  });

  test('under another key, whether or not that is given out for the one it was sealed with', () => {
    const second = materialOf('second');
    const renamed = { ...second, id: 'first' };
    expect(() => openRecord(sealed, SESSION, second)).toThrow(REFUSED);
    expect(() => openRecord(sealed, SESSION, renamed)).toThrow(REFUSED);
  });

  test('when it names another key than it was sealed with, though that one were the same', () => {
    const named = Buffer.from(sealed);
    named.write('third', 2);
    expect(keyIdOf(named)).toBe('third');
    expect(() => openRecord(named, SESSION, { ...FIRST, id: 'third' })).toThrow(REFUSED);
  });

  test('with what it can mean, and no secret', () => {
    expect(() => openRecord(sealed, OTHER_SESSION, FIRST)).toThrow(
      'the stored session does not open with the key first: it was changed in the store, or copied there from another ' +
        'session, or that key is not what it was when the session was saved',
    );
  });
});

describe('the id of a record’s key', () => {
  test('is none of what is no id', () => {
    for (const id of ['', 'a b', 'a\n', 'é', 'a'.repeat(33)]) {
      const value = Buffer.concat([Buffer.of(3, id.length), Buffer.from(id, 'latin1'), Buffer.alloc(28)]);
      expect(() => keyIdOf(value)).toThrow(DAMAGED);
    }
  });

  test('is an id, or the value is damaged, whatever the store gives back', () => {
    const sealedLike = fc.uint8Array({ maxLength: 100 }).map((rest) => Uint8Array.of(3, ...rest));
    fc.assert(
      fc.property(fc.oneof(bytes, sealedLike), (value) => {
        try {
          expect(keyIdOf(value)).toMatch(new RegExp(`^${KEY_ID}$`));
        } catch (error) {
          expect(error).toEqual(DAMAGED);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function flipped(value: Uint8Array, bit: number): Uint8Array {
  const changed = Buffer.from(value);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
}
