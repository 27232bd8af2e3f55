/**
 * The first byte of what a store keeps of a session: how the rest is to be read. A reader refuses what it does not know
 * instead of signing the visitor out.
 */
export const RECORD_FORMAT = {
  /** A JSON header, a line feed, and the data as JSON. */
  plain: 1,
  /** The same, the data deflated (RFC 1951). */
  deflated: 2,
  /** A record of another format, encrypted. */
  sealed: 3,
  /** A session of express-session, as JSON. */
  express: 4,
  /** The same, deflated. */
  expressDeflated: 5,
} as const;
