/**
 * How a session lies in a DynamoDB table: one item, its key a hash, its value opaque.
 *
 * The names are fixed: DynamoDB can rename a table's TTL attribute only by way of an hour without one. They are
 * short because every byte of an item is paid for, and none is a reserved word in the sense that matters: expressions
 * name all of them through placeholders.
 */
export const SESSION_ITEM = {
  /** Partition key (B): the SHA-256 of the session id. The id itself is nowhere at rest. */
  key: 'id',
  /** (B) The record, as the engine encoded it; its first byte tells the format. */
  value: 'value',
  /** (S) Changes with each save; conditional writes compare it. */
  version: 'version',
  /** (N) When the session ends if it stays idle, in epoch milliseconds. */
  expiresAt: 'expiresAt',
  /** (N) When the session ends in any case, in epoch milliseconds. No use moves it. */
  deadline: 'deadline',
  /** (N) When DynamoDB may delete the item, in epoch seconds: garbage collection, later than any logical end. */
  ttl: 'ttl',
} as const;

/**
 * What lies in the same table of a user who signed in, an owner of sessions: one item, so that it is read consistently
 * with one call, and changed by atomic updates alone.
 */
export const OWNER_ITEM = {
  /** Partition key (B): the hash of the user's id. */
  key: SESSION_ITEM.key,
  /**
   * (BS) The user's sessions: for each its key, 32 bytes, its handle, 6 bytes, and two times in epoch milliseconds, 6 bytes
   * each, big-endian: when it was entered, and its deadline.
   */
  sessions: 'sessions',
  /** (N) Sessions that began before are over, in epoch milliseconds. Absent, if they never were revoked. */
  notBefore: 'notBefore',
  /** (N) When DynamoDB may delete the item, in epoch seconds: later than the deadline of any session of theirs. */
  ttl: SESSION_ITEM.ttl,
} as const;

/** How much later than a session's logical end its item may be collected, in seconds: clocks differ. */
export const COLLECTION_DELAY = 3600;
