import type { CallBudget } from './call-budget.js';
import type { Ends } from './lifetime.js';
import { decodeRecord, encodeRecord, type Located, type SessionRecord } from './record.js';
import type { EpochMilliseconds, SessionKey, SessionStore, StoredSession, TouchResult } from './stores/store.js';
import { nextVersion } from './version.js';

/** What a save came to: the record as it is now, ours or, if another save came first, that one's. */
export type SaveResult =
  | { readonly saved: true; readonly located: Located }
  | { readonly saved: false; readonly current: Located | undefined };

/** One request's way to the store: records instead of bytes, versions made here, a deadline on every call. */
export class RecordAccess {
  constructor(
    private readonly store: SessionStore,
    readonly budget: CallBudget,
  ) {}

  async read(key: SessionKey): Promise<Located | undefined> {
    return locate(key, await this.budget.call('read', (options) => this.store.read(key, options)));
  }

  /** Saves a record in place of the one that was located, or where nothing is. */
  async save(key: SessionKey, record: SessionRecord, ends: Ends, expected: Located | undefined): Promise<SaveResult> {
    const stored: StoredSession = {
      ...expected?.stored,
      value: encodeRecord(record),
      version: nextVersion(expected?.stored.version),
      ...ends,
    };
    const result = await this.budget.call('write', (options) =>
      this.store.write(key, stored, expected?.stored.version ?? 'absent', options),
    );
    // A refusal because of our own version means that the write went through and the reply to it was lost.
    if (result.written || result.current?.version === stored.version) {
      return { saved: true, located: { key, stored, record } };
    }
    return { saved: false, current: locate(key, result.current) };
  }

  touch({ key, stored }: Located, expiresAt: EpochMilliseconds): Promise<TouchResult> {
    return this.budget.call('touch', (options) => this.store.touch(key, expiresAt, stored.version, options));
  }

  async destroy(key: SessionKey): Promise<Located | undefined> {
    return locate(key, await this.budget.call('destroy', (options) => this.store.destroy(key, options)));
  }

  /**
   * Where a session is now: the record itself, or the successor of one that was retired by a periodic renewal a moment
   * ago. `undefined` if it ended, or if its old id is not to be answered any more.
   */
  async follow(located: Located | undefined, now: EpochMilliseconds): Promise<Located | undefined> {
    let current = located;
    while (current?.record.retired !== undefined) {
      const { successor, graceUntil } = current.record.retired;
      current = now < graceUntil ? await this.read(successor) : undefined;
    }
    return current;
  }
}

function locate(key: SessionKey, stored: StoredSession | undefined): Located | undefined {
  return stored && { key, stored, record: decodeRecord(stored.value) };
}
