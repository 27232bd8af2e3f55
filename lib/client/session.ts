/** What a save is going to do: leave the session as it is, write what changed, or end it. */
export type SessionStatus = 'unchanged' | 'changed' | 'destroyed';

/** The keys of an application's session data. */
export type SessionDataKey<Data extends object> = keyof Data & string;

/**
 * One visitor's session during one request.
 *
 * Reading and changing it is synchronous and local; the host saves what changed, in one write, before the reply leaves.
 * If another request saved the same session meanwhile, the changes are made again on top of what it saved: other keys
 * keep what they were given there, and an `update` function runs again on the value it finds, so keep those free of
 * side effects. Values are JSON values, at most 100 levels deep; a key that is not there reads as `undefined`.
 *
 * Changes after the handler returned are refused with ERR_SESSION_CLOSED: by then the session is saved.
 */
export interface Session<Data extends object = Record<string, unknown>> {
  /** Whether the request brought no session that is alive. A new one is stored only if something is written to it. */
  readonly isNew: boolean;
  /** What the save at the end of the request is going to do. */
  readonly status: SessionStatus;
  /** When the session began. `undefined` while it is new. */
  readonly createdAt: Date | undefined;
  /**
   * When the session ends if no further request comes, as it stood when this request began. Requests move it, in steps
   * of the policy's touch threshold. `undefined` while it is new.
   */
  readonly expiresAt: Date | undefined;
  /** When the session ends in any case. `undefined` while it is new. */
  readonly deadline: Date | undefined;

  /** The value of a key. A change made inside an object or array that was got is saved like a `set` of its key. */
  get<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined;
  /** Whether the key has a value. */
  has(key: SessionDataKey<Data>): boolean;
  /**
   * Gives a key a copy of a value. Of two requests that set one key, the one saved last wins; `update` loses neither.
   *
   * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if it is not a JSON value, ERR_SESSION_DESTROYED after `destroy`
   */
  set<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void;
  /**
   * Computes a key's value from the one it has. `fn` runs at once, and again if another request saved first.
   *
   * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if the result is not a JSON value, ERR_SESSION_DESTROYED after
   *   `destroy`
   */
  update<K extends SessionDataKey<Data>>(key: K, fn: (current: Data[K] | undefined) => Data[K] | undefined): void;
  /** Takes a key away. @throws SessionError ERR_SESSION_DESTROYED after `destroy` */
  unset(key: SessionDataKey<Data>): void;
  /** Takes every key away, also those that a parallel request adds. @throws SessionError ERR_SESSION_DESTROYED after `destroy` */
  clear(): void;
  /**
   * Moves the session to a new id when the request ends; the old one is dead from then on. Do this whenever the
   * visitor's rights change, above all at sign-in, so that nobody who knew the id before shares in them (OWASP ASVS
   * 5.0, 7.2.4). The data stays; `clear()` first to begin empty. The session's deadline stays too.
   *
   * @throws SessionError ERR_SESSION_DESTROYED after `destroy`
   */
  regenerate(): void;
  /** Ends the session for good when the request ends: no late save of a parallel request brings it back. */
  destroy(): void;
}
