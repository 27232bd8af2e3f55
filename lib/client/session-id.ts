import { createHash, randomBytes } from 'node:crypto';
import type { SessionKey } from './stores/store.js';

/** Makes a session id: 256 random bits in base64url. It exists in the visitor's cookie and in memory, nowhere else. */
export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

/** The key under which a session is stored: the SHA-256 of its id, so that whoever reads the store signs in as nobody. */
export function keyOf(id: string): SessionKey {
  return createHash('sha256').update(Buffer.from(id, 'base64url')).digest();
}

/** A short name for a session that may stand in a log: it finds neither the id nor the stored key. */
export function fingerprint(key: SessionKey): string {
  return Buffer.from(key.subarray(0, 6)).toString('base64url');
}
