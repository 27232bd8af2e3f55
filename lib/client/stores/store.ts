import type { OwnerIndex } from './owner-index.js';
import type { CallOptions, EpochMilliseconds, SessionKey, Version } from './terms.js';

export type { CallOptions, EpochMilliseconds, SessionKey, Version } from './terms.js';

/** What a store keeps of a session. */
export interface StoredSession {
  /** The record as the engine encoded it; opaque to a store. */
  readonly value: Uint8Array;
  /** Which save made it. */
  readonly version: Version;
  /** When the session ends if it stays idle. Never later than `deadline`. */
  readonly expiresAt: EpochMilliseconds;
  /** When the session ends in any case. No use moves it; a policy that became tighter brings it forward. */
  readonly deadline: EpochMilliseconds;
}

/** What a write came to. A refused one answers with what is there now; `undefined`: nothing is. */
export type WriteResult =
  | { readonly written: true }
  | { readonly written: false; readonly current: StoredSession | undefined };

/** What a touch came to: `changed`, another save came first; `gone`, there is no such session any more. */
export type TouchResult = 'ok' | 'changed' | 'gone';

/**
 * The port between the engine and whatever keeps sessions. It keeps an opaque value with a version and an expiry;
 * encoding, merging and what a session is are not its business.
 *
 * A session that is past its `expiresAt` does not exist, whether or not the system below has collected it: no call
 * returns it, changes it or moves its expiry. Every call is atomic on its one key. A call rejects only when the system
 * fails, with the system's own error. `storeContract` of `cdk-sessions-client/testing` is this text as tests.
 */
export interface SessionStore {
  /**
   * The longest value that it can keep, in bytes: what is longer is refused before it is sent.
   * @default - no limit of its own
   */
  readonly capacity?: number;
  /**
   * Data of more characters is compressed before it gets here: from where on the bytes that this saves are worth its time.
   * What was stored stays readable whenever it changes.
   * @default 700
   */
  readonly compressAbove?: number;
  /**
   * What it keeps of the users whose sessions it has.
   * @default - nothing: their sessions can be neither listed nor limited nor revoked
   */
  readonly owners?: OwnerIndex;
  /** Consistent: sees every save that was acknowledged before the call. Expired, malformed or absent is `undefined`. */
  read(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined>;
  /** Writes if the version there is `expected` (`'absent'`: nothing is there); otherwise answers with what is there. */
  write(
    key: SessionKey,
    next: StoredSession,
    expected: Version | 'absent',
    options?: CallOptions,
  ): Promise<WriteResult>;
  /** Moves the expiry forward, never back, if the version is still `expected`; changes nothing else. */
  touch(key: SessionKey, expiresAt: EpochMilliseconds, expected: Version, options?: CallOptions): Promise<TouchResult>;
  /** Removes it and answers with what was there. */
  destroy(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined>;
  /**
   * The keys that begin with these bytes, of which there is at least one: each once, in no order, if its session is alive. Those of
   * sessions that begin or end meanwhile may be missing. It looks at everything that the system keeps: for administration,
   * never on the way of a request. It gives what each step found, also if that is nothing: the time of its options is for one.
   * @default - they cannot be listed
   */
  keys?(prefix: Uint8Array, options?: CallOptions): AsyncIterable<readonly SessionKey[]>;
}
