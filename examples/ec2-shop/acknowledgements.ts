import type { Acknowledgement } from '../acknowledgement.js';
import { publicNetwork, SHOP_FRONT } from '../shop-front-acknowledgements.js';

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  ...SHOP_FRONT,
  ...publicNetwork('Vpc'),
  {
    rules: ['ec2_launch_template_public_ip_disabled_check'],
    at: 'Launch',
    reason: 'It spares a NAT gateway. Nobody but the load balancer may connect: the security group says so.',
  },
  {
    rules: [
      'AwsSolutions-IAM5[Action::s3:GetBucket*]',
      'AwsSolutions-IAM5[Action::s3:GetObject*]',
      'AwsSolutions-IAM5[Action::s3:List*]',
      'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-us-east-1/*]',
    ],
    at: 'Role',
    reason: 'CDK grants reading the bucket of its assets, which has the code of this app and no data.',
  },
  {
    rules: ['IAMNoInlinePolicy'],
    at: 'Role',
    reason:
      'The policy is for this one role: a few calls on one table, and reading the code. Inline, no other role can have it.',
  },
  {
    rules: ['AwsSolutions-AS3'],
    at: 'Instances',
    reason: 'Whom to notify of instances that come and go is the application’s to say: notifications of the group.',
  },
  {
    rules: ['autoscaling_multiple_az_check'],
    at: 'Instances',
    reason: 'The rule looks for AvailabilityZones. The group has subnets instead, in two zones.',
  },
  {
    rules: ['autoscaling_mixed_instances_policy_multiple_instance_types_check'],
    at: 'Instances',
    reason: 'One type does for two instances. A mixed instances policy is for large groups, and for Spot.',
  },
];
