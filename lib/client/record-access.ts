import type { CallBudget } from './call-budget.js';
import { SessionError } from './errors.js';
import type { RecordVault } from './keys/record-vault.js';
import type { Ends } from './lifetime.js';
import { asSaved, blockedRecord, decodeRecord, encodeRecord, type Located, type UnsavedRecord } from './record.js';
import { fingerprint, keyOf, successorOf } from './session-id.js';
import type {
  EpochMilliseconds,
  SessionKey,
  SessionStore,
  StoredSession,
  TouchResult,
  Version,
  WriteResult,
} from './stores/store.js';
import { nextVersion, remember, remembers } from './version.js';

/** A record whose session id is known. */
export interface Identified extends Located {
  readonly id: string;
}

export function identified({ key, stored, record }: Located, id: string): Identified {
  return { id, key, stored, record };
}

/** The version of what was ended by somebody who did not look at it. */
export const BLOCKED: Version = 'blocked';

/** The version of what was found to be over, so that nothing comes to life there unnoticed. It reads as if nothing was. */
export const VACANT: Version = 'vacant';

/** What a save came to: the record as it is now, ours or, if another save came first, that one's. */
export type SaveResult =
  | { readonly saved: true; readonly located: Located }
  | { readonly saved: false; readonly current: Located | undefined };

/** One request's way to the store: records instead of bytes, versions made here, a deadline on every call. */
export class RecordAccess {
  constructor(
    private readonly store: SessionStore,
    readonly budget: CallBudget,
    private readonly vault: RecordVault | undefined,
  ) {}

  /** Reads the record of an id. */
  async read(id: string): Promise<Identified | undefined> {
    const key = keyOf(id);
    const located = await this.#locate(key, await this.#stored(key));
    return located && identified(located, id);
  }

  /** Reads the record under a key. */
  async readKey(key: SessionKey): Promise<Located | undefined> {
    return this.#locate(key, await this.#stored(key));
  }

  /**
   * Saves a record in place of the one that was located, or where nothing is. A save that went through although no
   * reply, or a refusal, came back is recognised by its version among those that the record remembers.
   */
  async save(key: SessionKey, record: UnsavedRecord, ends: Ends, expected: Located | undefined): Promise<SaveResult> {
    const version = nextVersion(expected?.stored.version);
    const saved = asSaved(record, remember(expected?.record.recent ?? '', version));
    const encoded = encodeRecord(saved);
    const value = this.vault === undefined ? encoded : await this.vault.close(encoded, key, this.budget);
    const stored: StoredSession = { value, version, expiresAt: ends.expiresAt, deadline: ends.deadline };
    const result = await this.budget
      .call('write', (options) => this.store.write(key, stored, expected?.stored.version ?? 'absent', options))
      .catch((error: unknown) => this.#lookWhetherSaved(error, key, version, expected?.stored.version));
    const current = result.written ? undefined : await this.#locate(key, result.current);
    return result.written || (current !== undefined && remembers(current.record.recent, version))
      ? { saved: true, located: { key, stored, record: saved } }
      : { saved: false, current };
  }

  /** Saves under a key that nobody else has yet, so that no conflict is possible. `undefined`: it was blocked before. */
  async saveUnshared(
    key: SessionKey,
    record: UnsavedRecord,
    ends: Ends,
    expected: Located | undefined,
  ): Promise<Located | undefined> {
    const result = await this.save(key, record, ends, expected);
    if (result.saved) {
      return result.located;
    }
    // Nobody else has the key; but whoever ends all sessions of a user also ends those that are about to be written.
    if (record.signIn !== undefined && (result.current === undefined || result.current.record.end !== undefined)) {
      return undefined;
    }
    throw new SessionError(
      'ERR_SESSION_CONFLICT',
      `somebody else wrote session ${fingerprint(key)} before its id was given out: is the store shared with other code?`,
    );
  }

  touch({ key, stored }: Located, expiresAt: EpochMilliseconds): Promise<TouchResult> {
    return this.budget.call('touch', (options) => this.store.touch(key, expiresAt, stored.version, options));
  }

  /** Takes a record away, whatever it is now, and gives it back. */
  async remove(key: SessionKey): Promise<Located | undefined> {
    return this.#locate(key, await this.budget.call('destroy', (options) => this.store.destroy(key, options)));
  }

  /**
   * Where a session lives now: in the record itself, or under the id that it was renewed to a moment ago. `undefined` if
   * it ended, or if its old id is not to be answered any more.
   */
  async follow(found: Identified | undefined, now: EpochMilliseconds): Promise<Identified | undefined> {
    let current = found;
    while (current?.record.end !== undefined) {
      const { end } = current.record;
      const grace = end.kind === 'retired' ? end.grace : undefined;
      current = grace && now < grace.until ? await this.read(successorOf(current.id, grace.nonce)) : undefined;
    }
    return current;
  }

  /**
   * A write whose reply did not come may have gone through: it is looked for. If something else took the place of what
   * it was made for, it was refused, and always will be. If nobody knows, its error stands.
   */
  async #lookWhetherSaved(
    error: unknown,
    key: SessionKey,
    version: Version,
    expected: Version | undefined,
  ): Promise<WriteResult> {
    const current = await this.readKey(key).catch(() => undefined);
    if (current === undefined) {
      // It may have been there, and have expired since.
      throw error;
    }
    if (remembers(current.record.recent, version)) {
      return { written: true };
    }
    if (expected !== undefined && current.stored.version !== expected) {
      return { written: false, current: current.stored };
    }
    throw error;
  }

  #stored(key: SessionKey): Promise<StoredSession | undefined> {
    return this.budget.call('read', (options) => this.store.read(key, options));
  }

  /** At once, unless it is encrypted: most reads need nothing that is to be waited for. */
  #locate(key: SessionKey, stored: StoredSession | undefined): Located | undefined | Promise<Located> {
    if (stored === undefined || stored.version === VACANT) {
      return undefined;
    }
    if (stored.version === BLOCKED) {
      return { key, stored, record: blockedRecord() };
    }
    return this.vault === undefined
      ? { key, stored, record: decodeRecord(stored.value) }
      : this.vault.open(stored.value, key, this.budget).then((value) => ({ key, stored, record: decodeRecord(value) }));
  }
}
