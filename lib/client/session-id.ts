import crypto, { createHash, createHmac, randomBytes } from 'node:crypto';
import type { SessionKey } from './stores/store.js';

/** Makes a session id: 256 random bits in base64url. It exists in the visitor's cookie and in memory, nowhere else. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * The id that follows `id` at a periodic renewal. It can be worked out from the old id and a nonce in the old record, so
 * that every request within the grace tells the browser the same new id: if one reply is lost, the next one has it too.
 */
export function successorOf(id: string, nonce: Uint8Array): string {
  return createHmac('sha256', Buffer.from(id, 'base64url')).update(nonce).digest('base64url');
}

/** A handle for a session among those of its user: 48 random bits. */
export function newHandle(): string {
  return randomBytes(6).toString('base64url');
}

/** The nonce of a renewal. */
export function newNonce(): Uint8Array {
  return randomBytes(32);
}

/** The key under which a session is stored: the SHA-256 of its id, so that whoever reads the store signs in as nobody. */
export function keyOf(id: string): SessionKey {
  return Buffer.from(sha256(Buffer.from(id, 'base64url')), 'base64url');
}

/** By way of a text: the memory of a digest that comes in bytes costs more than the hash. So does an object for each. */
const sha256: (bytes: Buffer) => string =
  // Node.js 20 has it since 20.12.
  'hash' in crypto
    ? (bytes) => crypto.hash('sha256', bytes, 'base64url')
    : (bytes) => createHash('sha256').update(bytes).digest('base64url');

/** A short name for a session that may stand in a log: it finds neither the id nor the stored key. */
export function fingerprint(key: SessionKey): string {
  return Buffer.from(key.buffer, key.byteOffset, 6).toString('base64url');
}
