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
  /** (B) The hash of the user whose session it is; absent, and so out of the index, until somebody is signed in. */
  owner: 'owner',
  /** (N) When DynamoDB may delete the item, in epoch seconds: garbage collection, later than any logical end. */
  ttl: 'ttl',
} as const;

/** The index that lists an owner's sessions: `owner`, ordered by `deadline`, which no touch moves. Keys only. */
export const OWNER_INDEX = 'byOwner';

/** How much later than a session's logical end its item may be collected, in seconds: clocks differ. */
export const COLLECTION_DELAY = 3600;
