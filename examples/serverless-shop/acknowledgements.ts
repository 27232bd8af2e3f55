import type { Acknowledgement } from '../acknowledgement.js';
import { SHOP_FRONT } from '../shop-front-acknowledgements.js';
import { SHOP_FUNCTION } from '../shop-function.js';

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  ...SHOP_FUNCTION,
  {
    rules: ['AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]'],
    at: 'Shop/ServiceRole',
    reason: 'AWSLambdaBasicExecutionRole allows writing logs and nothing else; the table is granted apart from it.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    at: 'Shop/ServiceRole',
    reason:
      'The policy is for this one role: four calls on one table and reading one secret. Inline, no other role can have it.',
  },
  {
    rules: ['LambdaInsideVPC', 'lambda_inside_vpc_check'],
    at: 'Shop',
    reason:
      'It calls DynamoDB and Secrets Manager only, over TLS and with IAM, and can reach nothing private; a VPC would add a route to guard.',
  },
  {
    rules: ['SecretsManagerUsingKMSKey'],
    at: 'Keys/Secret',
    reason:
      'The key aws/secretsmanager encrypts it, and IAM decides who reads it. For a key of one’s own: encryptionKey of SessionKeys.',
  },
  {
    rules: ['LambdaInsideVPC', 'lambda_inside_vpc_check'],
    at: 'Keys/Rotation/Function',
    reason: 'It calls Secrets Manager only, over TLS and with IAM, and can reach nothing private.',
  },
  {
    rules: ['LambdaConcurrency'],
    at: 'Keys/Rotation/Function',
    reason:
      'Only Secrets Manager calls it, a few times in a rotation; a reservation would be taken from the account for nothing.',
  },
  {
    rules: ['LambdaDLQ'],
    at: 'Keys/Rotation/Function',
    reason:
      'There is no event to keep: a rotation that failed is begun again by Secrets Manager, and CloudTrail records it.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    at: 'Keys/Rotation/Role',
    reason: 'The policy is for this one role: three calls on one secret, and writing its own log.',
  },
  {
    rules: ['CloudWatchLogGroupEncrypted', 'cloudwatch_log_group_encrypted_check'],
    at: 'Keys/Rotation/Logs',
    reason: 'CloudWatch Logs encrypts with its own key. Only failed rotations are logged, and never a key.',
  },
  ...SHOP_FRONT,
  {
    rules: ['VPCNoUnrestrictedRouteToIGW'],
    at: 'Vpc',
    reason: 'An internet-facing load balancer needs the route, and is all that these subnets hold.',
  },
  {
    rules: ['AwsSolutions-VPC7', 'VPCFlowLogsEnabled'],
    at: 'Vpc',
    reason: 'Sample setting: nothing but the load balancer has an address here. In production: vpc.addFlowLog().',
  },
  {
    rules: ['VPCDefaultSecurityGroupClosed'],
    at: 'Vpc',
    reason: 'Nothing uses the default group; closing it takes a custom resource, which a sample can do without.',
  },
];
