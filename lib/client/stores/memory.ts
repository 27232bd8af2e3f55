import { type Clock, systemClock } from '../clock.js';
import { CollectingMap } from './collecting-map.js';
import { hasPrefix } from './key-name.js';
import { MemoryOwners } from './memory-owners.js';
import type { OwnerIndex } from './owner-index.js';
import type { EpochMilliseconds, SessionKey, SessionStore, StoredSession, TouchResult, WriteResult } from './store.js';

/** What a memory store may be given. */
export interface MemoryStoreOptions {
  /**
   * Tells the time.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/**
 * Keeps sessions in this process: for tests, and as the reference of what every store does. Another process does not
 * see them, and they end with this one.
 */
export class MemoryStore implements SessionStore {
  readonly owners: OwnerIndex;
  readonly #sessions: CollectingMap<StoredSession>;

  constructor({ clock = systemClock }: MemoryStoreOptions = {}) {
    this.#sessions = new CollectingMap(clock, ({ expiresAt }) => expiresAt);
    this.owners = new MemoryOwners(this.#sessions, clock);
  }

  async read(key: SessionKey): Promise<StoredSession | undefined> {
    return this.#sessions.get(key);
  }

  async write(key: SessionKey, next: StoredSession, expected: string): Promise<WriteResult> {
    const current = this.#sessions.get(key);
    if ((current?.version ?? 'absent') !== expected) {
      return { written: false, current };
    }
    // A copy, since the caller may use the buffer for something else.
    const { value, version, expiresAt, deadline } = next;
    this.#sessions.set(key, { value: new Uint8Array(value), version, expiresAt, deadline });
    return { written: true };
  }

  async touch(key: SessionKey, expiresAt: EpochMilliseconds, expected: string): Promise<TouchResult> {
    const current = this.#sessions.get(key);
    if (current === undefined) {
      return 'gone';
    }
    if (current.version !== expected) {
      return 'changed';
    }
    this.#sessions.set(key, { ...current, expiresAt: Math.max(current.expiresAt, expiresAt) });
    return 'ok';
  }

  async destroy(key: SessionKey): Promise<StoredSession | undefined> {
    const current = this.#sessions.get(key);
    this.#sessions.delete(key);
    return current;
  }

  async *keys(prefix: Uint8Array): AsyncGenerator<readonly SessionKey[]> {
    yield this.#sessions.keys().filter((key) => hasPrefix(key, prefix));
  }
}
