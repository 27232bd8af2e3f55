/**
 * Whether writes survive the loss of all nodes of a shard, in a transactional log in several availability zones. It can
 * be changed, taken up and given up later, alone in its deployment. For Valkey 9.0 or later in cluster mode with Multi-AZ, on
 * nodes of the classes m6g, m7g, r6g, r7g and c7gn and of later ones of their kind.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/durability.html
 */
export enum Durability {
  /** A write is acknowledged when the log has it, some milliseconds later than without. Nothing acknowledged is lost. */
  SYNC = 'sync',
  /** A write is acknowledged at once. Up to ten seconds of acknowledged writes may be lost. */
  ASYNC = 'async',
}
