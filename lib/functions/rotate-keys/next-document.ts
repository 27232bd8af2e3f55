import { randomBytes } from 'node:crypto';
import { KEY_DOCUMENT_VERSION, type KeyDocument, type MasterKey } from '../../contract/keys.js';

/** A key that was never there before. 48 random bits tell it from all that were, in few characters of each cookie. */
export function newKey(createdAt: number): MasterKey {
  return {
    id: randomBytes(6).toString('base64url'),
    secret: randomBytes(32).toString('base64url'),
    createdAt,
  };
}

/**
 * The document that follows when a key is added. Whoever knows the two documents can tell whether the one follows from the
 * other: time is that of the new key.
 *
 * What makes a key old is its successor. It signs until that has become known, and is needed for as long as what it
 * signed last may live.
 *
 * @param overlap in seconds
 */
export function nextDocument(current: KeyDocument, added: MasterKey, overlap: number): KeyDocument {
  const keys = [added];
  let successor = added;
  for (const key of current.keys) {
    if (added.createdAt - successor.createdAt >= overlap) {
      break;
    }
    keys.push(key);
    successor = key;
  }
  return { version: KEY_DOCUMENT_VERSION, keys };
}
