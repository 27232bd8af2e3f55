/**
 * How clients talk to a replication group. It can be changed in place in one direction only: from disabled to compatible,
 * and, when all clients speak to a cluster, to enabled. Each change must be alone in its deployment. The nodes may keep the
 * ids that they have, which are not those of a group that was made in cluster mode: see `cacheClusterIds`.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/modify-cluster-mode.html
 */
export enum ClusterMode {
  /** Keys are spread over shards, of which there may be one; more can be added while the group is in use. */
  ENABLED = 'enabled',
  /**
   * One shard, which clients of either kind can talk to. On the way from disabled to enabled, for Valkey and Redis OSS 7.0 or
   * later, with a replica that takes over.
   */
  COMPATIBLE = 'compatible',
  /** One shard, for clients that know no cluster. */
  DISABLED = 'disabled',
}
