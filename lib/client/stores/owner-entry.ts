import type { OwnedSession } from './owner-index.js';

/** Where each part of an entry begins: see `OWNER_ITEM.sessions`. */
const HANDLE = 32;
const ENTERED_AT = 38;
const DEADLINE = 44;
const LENGTH = 50;
const TIME = 6;

/** An entry as it is kept. */
export function entryOf({ key, handle, enteredAt, deadline }: OwnedSession): Buffer {
  const entry = Buffer.alloc(LENGTH);
  entry.set(key);
  entry.write(handle, HANDLE, 'base64url');
  entry.writeUIntBE(enteredAt, ENTERED_AT, TIME);
  entry.writeUIntBE(deadline, DEADLINE, TIME);
  return entry;
}

/** The session of an entry; `undefined` for one that this library did not write. */
export function ownedSessionOf(bytes: Uint8Array): OwnedSession | undefined {
  if (bytes.length !== LENGTH) {
    return undefined;
  }
  const entry = Buffer.from(bytes);
  return {
    key: bytes.slice(0, HANDLE),
    handle: entry.toString('base64url', HANDLE, ENTERED_AT),
    enteredAt: entry.readUIntBE(ENTERED_AT, TIME),
    deadline: entry.readUIntBE(DEADLINE, TIME),
  };
}
