/** What happens when a user signs in who has as many sessions as one may have. */
export enum WhenFull {
  /** The oldest of the sessions ends, and the new one begins: whoever signs in gets in. */
  EVICT_OLDEST = 'evict-oldest',
  /** The sign-in fails, and the sessions stay: somebody must sign out, or a session end, before another can begin. */
  REFUSE = 'refuse',
}

/**
 * When it is looked up whether a user's sessions were revoked. Only the requests of visitors who signed in look it up.
 *
 * It costs one consistent read of what the table keeps of the user: one read unit for a user of up to 100 sessions, ten
 * for one of 1000, as DynamoDB charges a unit for each 4 KB begun.
 */
export enum RevocationCheck {
  /**
   * At sign-ins and renewals, and by the first request after each `touchAfter`: one read for each session and
   * `touchAfter`, however busy the session is. A revoked session may be answered for up to `touchAfter` after its
   * revocation was acknowledged.
   */
  AT_TOUCH = 'touch',
  /**
   * By every request: one read more with each request of a visitor who signed in. No request is answered with a
   * revoked session that begins after the revocation was acknowledged.
   */
  EVERY_REQUEST = 'request',
}
