import { createHash } from 'node:crypto';
import type { KeyDocument, MasterKey } from '../../../lib/contract/keys';

/** A key of the same name, age and secret each time. */
export function key(id: string, createdAt: number): MasterKey {
  return { id, secret: createHash('sha256').update(id).digest('base64url'), createdAt: Math.floor(createdAt / 1000) };
}

/** The document with some keys, the newest first. */
export function documentOf(...keys: readonly MasterKey[]): KeyDocument {
  return { version: 1, keys };
}
