import type { Acknowledgement } from '../acknowledgement.js';
import { SHOP_FUNCTION } from '../shop-function.js';

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  ...SHOP_FUNCTION,
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
  {
    rules: [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]',
    ],
    at: 'Shop/ServiceRole',
    reason:
      'They allow writing logs and what Lambda does to put a function into a VPC, and nothing else; the cache is granted apart from them.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    at: 'Shop/ServiceRole',
    reason: 'The policy is for this one role: connecting to one cache as one user. Inline, no other role can have it.',
  },
  {
    rules: ['AwsSolutions-VPC7', 'VPCFlowLogsEnabled'],
    at: 'Vpc',
    reason: 'Sample setting: there is no route into this VPC and none out of it. In production: vpc.addFlowLog().',
  },
  {
    rules: ['VPCDefaultSecurityGroupClosed'],
    at: 'Vpc',
    reason: 'Nothing uses the default group; closing it takes a custom resource, which a sample can do without.',
  },
];
