/** What happens when a user signs in who has as many sessions as one may have. */
export enum WhenFull {
  /**
   * The session that began longest ago ends when the new one is stored: whoever signs in gets in. One of which nothing
   * can be read ends first.
   */
  EVICT_OLDEST = 'evict-oldest',
  /**
   * The sign-in fails before anything is stored, and the sessions stay, the one included that the visitor had before:
   * somebody must sign out, or a session end, before another can begin. Those of which nothing can be read do not count, as
   * no list shows them.
   */
  REFUSE = 'refuse',
}

/**
 * When it is looked up whether a user's sessions were revoked. Only the requests of visitors who signed in look it up.
 *
 * It costs one consistent read of what the table keeps of the user: one read unit for a user of up to some 80 sessions,
 * 13 for one of 1000, as DynamoDB charges a unit for each 4 KB begun. While it fails, whoever was to be looked up gets a
 * 503.
 */
export enum RevocationCheck {
  /**
   * At new ids, and by the first request after each `touchAfter`: one read for each session and `touchAfter`, however
   * busy the session is. A revoked session may be answered for up to `touchAfter` after its revocation was acknowledged.
   */
  AT_TOUCH = 'touch',
  /**
   * By every request: one read more with each request of a visitor who signed in. No request is answered with a
   * revoked session that begins after the revocation was acknowledged.
   */
  EVERY_REQUEST = 'request',
}
