import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';
import { KEY_ID } from '../../contract/keys.js';
import { SessionError } from '../errors.js';
import { RECORD_FORMAT } from '../record-format.js';
import { damaged } from '../stored-json.js';
import type { SessionKey } from '../stores/store.js';
import type { SessionKeyMaterial } from './key-ring.js';

/**
 * A sealed record, encrypted with AES-256-GCM (NIST SP 800-38D):
 *
 *     format │ length of the key's id │ the key's id │ nonce │ ciphertext │ tag
 *        1   │           1            │    1 to 32   │  12   │  any, or 0 │  16   bytes
 *
 * What stands before the nonce is authenticated along with the key under which the session is stored: a row that is
 * copied over another one does not open there, and no other key's id can be put in.
 */
const CIPHER = 'aes-256-gcm';
const NONCE_LENGTH = 12;
const TAG = { authTagLength: 16 };

/** The format and the length of the key's id. */
const PREFIX_LENGTH = 2;
const ID = new RegExp(`^${KEY_ID}$`);

/**
 * Encrypts a record for the session under whose key it will be stored. Nonces are random: one key may seal 2³² records
 * before two with one nonce become likelier than NIST SP 800-38D, section 8.3, allows.
 */
export function sealRecord(record: Uint8Array, sessionKey: SessionKey, key: SessionKeyMaterial): Uint8Array {
  const nonceAt = PREFIX_LENGTH + key.id.length;
  const recordAt = nonceAt + NONCE_LENGTH;
  const sealed = Buffer.allocUnsafe(recordAt + record.length + TAG.authTagLength);
  sealed[0] = RECORD_FORMAT.sealed;
  sealed[1] = key.id.length;
  sealed.write(key.id, PREFIX_LENGTH, 'latin1');
  // Drawn when it is needed: from a stock in memory, two processes restored from one snapshot would take the same ones.
  randomFillSync(sealed, nonceAt, NONCE_LENGTH);
  const cipher = createCipheriv(CIPHER, key.record, sealed.subarray(nonceAt, recordAt), TAG);
  cipher.setAAD(boundTo(sealed.subarray(0, nonceAt), sessionKey));
  // A stream cipher: all of the ciphertext is there before the end, which makes only the tag.
  sealed.set(cipher.update(record), recordAt);
  cipher.final();
  sealed.set(cipher.getAuthTag(), recordAt + record.length);
  return sealed;
}

/** Whether a stored value is a sealed record; otherwise it is one that everybody can read. */
export function isSealed(value: Uint8Array): boolean {
  return value[0] === RECORD_FORMAT.sealed;
}

/**
 * The id of the key that a record says it is sealed with.
 *
 * @throws SessionError ERR_SESSION_RECORD if it is not a sealed record, or only a part of one
 */
export function keyIdOf(value: Uint8Array): string {
  const id = asBuffer(value).toString('latin1', PREFIX_LENGTH, nonceIndex(value));
  if (!ID.test(id)) {
    throw damaged('it names no key with which it could be encrypted');
  }
  return id;
}

/**
 * Decrypts a record.
 *
 * @throws SessionError ERR_SESSION_RECORD unless it is, to the last bit, what was sealed for this session with this key
 */
export function openRecord(value: Uint8Array, sessionKey: SessionKey, key: SessionKeyMaterial): Uint8Array {
  const nonceAt = nonceIndex(value);
  const recordAt = nonceAt + NONCE_LENGTH;
  const tagAt = value.length - TAG.authTagLength;
  const decipher = createDecipheriv(CIPHER, key.record, value.subarray(nonceAt, recordAt), TAG);
  decipher.setAAD(boundTo(value.subarray(0, nonceAt), sessionKey));
  decipher.setAuthTag(value.subarray(tagAt));
  const record = decipher.update(value.subarray(recordAt, tagAt));
  try {
    decipher.final();
  } catch (cause) {
    throw new SessionError(
      'ERR_SESSION_RECORD',
      `the stored session does not open with the key ${key.id}: it was changed in the store, or copied there from ` +
        'another session, or that key is not what it was when the session was saved',
      { cause },
    );
  }
  return record;
}

/** Where the nonce begins in a sealed record that has at least all that surrounds a ciphertext. */
function nonceIndex(value: Uint8Array): number {
  const nonceAt = PREFIX_LENGTH + (value[1] ?? 0);
  if (!isSealed(value) || value.length < nonceAt + NONCE_LENGTH + TAG.authTagLength) {
    throw damaged('it is not encrypted, or a part of it is missing');
  }
  return nonceAt;
}

/** What is authenticated and not encrypted. */
function boundTo(header: Uint8Array, sessionKey: SessionKey): Uint8Array {
  const bound = Buffer.allocUnsafe(header.length + sessionKey.length);
  bound.set(header);
  bound.set(sessionKey, header.length);
  return bound;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
