import type { CallOptions, EpochMilliseconds, SessionKey, Version } from './terms.js';

/** The hash of a user's id, 32 bytes: the only form of it that an index knows. */
export type OwnerKey = Uint8Array;

/** An entry of the index: a session that may be alive. Whether it is, its record says. */
export interface OwnedSession {
  readonly key: SessionKey;
  /** What it is called among the user's sessions, whatever key it goes on under: 6 bytes as 8 characters of base64url. */
  readonly handle: string;
  /** When it was entered. */
  readonly enteredAt: EpochMilliseconds;
  /** When it ends in any case, as it stood when it was entered. */
  readonly deadline: EpochMilliseconds;
}

/** What a store keeps of one user. */
export interface Owner {
  /** Their sessions, in no order: all that were entered and did not leave since, but for those past their deadline. */
  readonly sessions: readonly OwnedSession[];
  /** Sessions of theirs that began before are over; 0 if they never were revoked. */
  readonly notBefore: EpochMilliseconds;
}

/**
 * What a store can do beyond keeping sessions: it knows which of them are one user's. Every call is atomic, and a read
 * sees every call that was acknowledged before. What is kept of a user may be collected after the latest `keepUntil` of the
 * calls that entered or revoked something.
 */
export interface OwnerIndex {
  /** What is kept of a user: nothing, of one who is not known. */
  readOwner(owner: OwnerKey, options?: CallOptions): Promise<Owner>;
  /** Enters a session, and answers with what is there then. Again, it changes nothing. */
  enter(owner: OwnerKey, session: OwnedSession, keepUntil: EpochMilliseconds, options?: CallOptions): Promise<Owner>;
  /** Takes entries out. Those that are not there do not matter. */
  leave(owner: OwnerKey, sessions: readonly OwnedSession[], options?: CallOptions): Promise<void>;
  /** Moves `notBefore` forward, never back. */
  revoke(
    owner: OwnerKey,
    notBefore: EpochMilliseconds,
    keepUntil: EpochMilliseconds,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Ends whatever is under a session's key without looking at it: its version becomes `version`, its times stay, its
   * value need not. If nothing is there, a place without a value is kept until `until`. No `write` is accepted any more
   * that expects what was there, and until its end none that expects it to be absent; a `read` gives what there is of it,
   * with that version. What has expired may stay as it is.
   */
  block(key: SessionKey, version: Version, until: EpochMilliseconds, options?: CallOptions): Promise<void>;
}
