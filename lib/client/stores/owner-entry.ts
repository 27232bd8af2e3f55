import type { OwnedSession } from './owner-index.js';

const KEY_LENGTH = 32;
const DEADLINE_LENGTH = 6;

/** An entry as it is kept: see `OWNER_ITEM.sessions`. */
export function entryOf({ key, deadline }: OwnedSession): Buffer {
  const entry = Buffer.alloc(KEY_LENGTH + DEADLINE_LENGTH);
  entry.set(key);
  entry.writeUIntBE(deadline, KEY_LENGTH, DEADLINE_LENGTH);
  return entry;
}

/** The session of an entry; `undefined` for one that this library did not write. */
export function ownedSessionOf(entry: Uint8Array): OwnedSession | undefined {
  if (entry.length !== KEY_LENGTH + DEADLINE_LENGTH) {
    return undefined;
  }
  return {
    key: entry.slice(0, KEY_LENGTH),
    deadline: Buffer.from(entry).readUIntBE(KEY_LENGTH, DEADLINE_LENGTH),
  };
}
