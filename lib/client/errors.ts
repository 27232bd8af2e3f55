/** The stable codes of everything that can go wrong. */
export type SessionErrorCode =
  /** The environment, the options or the contract cannot be used. */
  | 'ERR_SESSION_CONFIG'
  /** The store's system failed or refused. */
  | 'ERR_SESSION_STORE_UNAVAILABLE'
  /** The keys that cookies are signed with cannot be read, and never have been. */
  | 'ERR_SESSION_KEYS_UNAVAILABLE'
  /** The store did not answer before the call's deadline. */
  | 'ERR_SESSION_STORE_TIMEOUT'
  /**
   * Other requests kept saving the same session until the deadline; with `concurrency: 'optimistic'`, one did since this
   * one read it.
   */
  | 'ERR_SESSION_CONFLICT'
  /** The session was changed after `destroy()`. */
  | 'ERR_SESSION_DESTROYED'
  /** The session was changed when it was saved already, or inside a function given to `update`. */
  | 'ERR_SESSION_CLOSED'
  /** A value is not JSON; the message names its path. */
  | 'ERR_SESSION_NOT_SERIALIZABLE'
  /** What was given for a user's id, a session's label or a time of revocation is none. */
  | 'ERR_SESSION_USER'
  /** The user has as many sessions as the policy allows, and signs in for one more. */
  | 'ERR_SESSION_LIMIT'
  /** The data does not fit the application's schema; the message names the paths. */
  | 'ERR_SESSION_DATA'
  /** The session does not fit into the store; the message names its biggest keys. */
  | 'ERR_SESSION_TOO_LARGE'
  /** The stored record is damaged, or of a newer format or data version. Never taken for "no session". */
  | 'ERR_SESSION_RECORD'
  /** The function was invoked with an event that is not an HTTP request. */
  | 'ERR_SESSION_EVENT';

/** What this library throws. Told apart by `code`; the message says what was wrong and what to do, and no secret. */
export class SessionError extends Error {
  override readonly name = 'SessionError';

  constructor(
    /** Which kind of error it is. Stable across releases. */
    readonly code: SessionErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const OUTAGES: ReadonlySet<SessionErrorCode> = new Set([
  'ERR_SESSION_STORE_UNAVAILABLE',
  'ERR_SESSION_STORE_TIMEOUT',
  'ERR_SESSION_KEYS_UNAVAILABLE',
  'ERR_SESSION_CONFLICT',
] as const);

/** Whether an error is the store's trouble, and trying again later may help: not a mistake, but for somebody to know. */
export function isOutage(error: unknown): error is SessionError {
  return error instanceof SessionError && OUTAGES.has(error.code);
}

/** Whether an error is that a user who signs in has as many sessions as they may have: no mistake, but a refusal. */
export function isLimit(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT';
}
