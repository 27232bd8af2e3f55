import type { Acknowledgement } from './acknowledgement.js';

/** What the rules find in a replication group of any sample. */
export const SHOP_GROUP: readonly Acknowledgement[] = [
  {
    rules: ['AwsSolutions-AEC6'],
    at: 'Sessions/ReplicationGroup',
    reason:
      'The rule looks for a token. Clients of this group authenticate with IAM, as a user of its user group: the one way that leaves no secret.',
  },
  {
    rules: ['ElastiCacheRedisClusterAutomaticBackup'],
    at: 'Sessions/ReplicationGroup',
    reason:
      'It wants backups of 15 days. A session lives for hours, and one of two weeks ago must not come back: the last day is enough to restore from.',
  },
  {
    rules: ['CloudWatchLogGroupEncrypted', 'cloudwatch_log_group_encrypted_check'],
    at: 'Sessions',
    reason:
      'CloudWatch Logs encrypts with its own key. These logs name commands and events, never a key or a value. For a key of one’s own: CacheLog.cloudWatch({ logGroup }).',
  },
  {
    rules: ['cloudwatch_log_group_retention_period_check'],
    at: 'Sessions',
    reason:
      'Slow commands and events of the engine are of use for a month. To keep them longer: CacheLog.cloudWatch({ logGroup }).',
  },
];
