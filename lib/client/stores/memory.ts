import { type Clock, systemClock } from '../clock.js';
import type { EpochMilliseconds, SessionKey, SessionStore, StoredSession, TouchResult, WriteResult } from './store.js';

/** What a memory store may be given. */
export interface MemoryStoreOptions {
  /**
   * Tells the time.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/** How often the sessions that nobody came back for are thrown away, in milliseconds. */
const COLLECT_EVERY = 60_000;

/**
 * Keeps sessions in this process: for tests, and as the reference of what every store does. Another process does not
 * see them, and they end with this one.
 */
export class MemoryStore implements SessionStore {
  readonly #sessions = new Map<string, StoredSession>();
  readonly #clock: Clock;
  #collectedAt: EpochMilliseconds;

  constructor(options: MemoryStoreOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#collectedAt = this.#clock();
  }

  async read(key: SessionKey): Promise<StoredSession | undefined> {
    return this.#alive(key);
  }

  async write(key: SessionKey, next: StoredSession, expected: string): Promise<WriteResult> {
    const current = this.#alive(key);
    if ((current?.version ?? 'absent') !== expected) {
      return { written: false, current };
    }
    this.#collect();
    // A copy, since the caller may use the buffer for something else.
    this.#sessions.set(nameOf(key), { ...next, value: Uint8Array.from(next.value) });
    return { written: true };
  }

  async touch(key: SessionKey, expiresAt: EpochMilliseconds, expected: string): Promise<TouchResult> {
    const current = this.#alive(key);
    if (current === undefined) {
      return 'gone';
    }
    if (current.version !== expected) {
      return 'changed';
    }
    this.#sessions.set(nameOf(key), { ...current, expiresAt: Math.max(current.expiresAt, expiresAt) });
    return 'ok';
  }

  async destroy(key: SessionKey): Promise<StoredSession | undefined> {
    const current = this.#alive(key);
    this.#sessions.delete(nameOf(key));
    return current;
  }

  #alive(key: SessionKey): StoredSession | undefined {
    const session = this.#sessions.get(nameOf(key));
    return session !== undefined && session.expiresAt > this.#clock() ? session : undefined;
  }

  #collect(): void {
    const now = this.#clock();
    if (now - this.#collectedAt < COLLECT_EVERY) {
      return;
    }
    this.#collectedAt = now;
    for (const [name, { expiresAt }] of this.#sessions) {
      if (expiresAt <= now) {
        this.#sessions.delete(name);
      }
    }
  }
}

function nameOf(key: SessionKey): string {
  return Buffer.from(key).toString('base64url');
}
