import type { Acknowledgement } from '../acknowledgement.js';
import { SHOP_GROUP } from '../shop-cache-acknowledgements.js';
import { SHOP_FUNCTION } from '../shop-function.js';

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export const acknowledgements: readonly Acknowledgement[] = [
  ...SHOP_FUNCTION,
  ...SHOP_GROUP,
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
