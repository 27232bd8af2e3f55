import { CfnResource } from 'aws-cdk-lib';
import { acknowledgements } from '../../examples/serverless-shop/acknowledgements.js';
import { ServerlessShopStack } from '../../examples/serverless-shop/stack.js';
import { acknowledgeAll, findingsIn, needless, type Sample } from '../support/findings.js';

const sample: Sample = {
  create: (app) =>
    new ServerlessShopStack(app, 'ServerlessShop', {
      env: { region: 'us-east-1' },
      certificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012',
    }),
  acknowledgements,
};

test('the rules find nothing in the sample that is not acknowledged beside a reason', () => {
  expect(findingsIn(sample, (stack) => acknowledgeAll(stack, sample))).toEqual([]);
});

test('every acknowledgement is needed', () => {
  expect(needless(sample, findingsIn(sample))).toEqual([]);
});

test('the rules are awake: CloudFormation would refuse this resource, and they say so', () => {
  const findings = findingsIn(sample, (stack) => {
    acknowledgeAll(stack, sample);
    new CfnResource(stack, 'Nonsense', { type: 'AWS::DynamoDB::GlobalTable', properties: { BillingMode: 'NONSENSE' } });
  });
  expect(findings).toContainEqual({ rule: 'CloudFormation Validate::W3030', path: 'ServerlessShop/Nonsense' });
});
