import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { reply } from '../../examples/serverless-shop/http.js';
import { ServerlessShopStack } from '../../examples/serverless-shop/stack.js';
import { simulate } from '../support/iam.js';
import { arnOf, type CfnTemplate, onlyLogicalId } from '../support/template.js';

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

/** The logical id of the function that answers visitors. */
const SHOP = 'Shop563325D0';

/** The template, without the hashes of the handler's bundle. */
function synthesize(props: { readonly certificateArn?: string } = {}): CfnTemplate {
  // The context leaves the handler unbundled: these tests look at the template alone.
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new ServerlessShopStack(app, 'ServerlessShop', { env: { region: 'us-east-1' }, ...props });
  const template = JSON.stringify(Template.fromStack(stack).toJSON());
  return JSON.parse(template.replaceAll(/[0-9a-f]{64}\.zip/g, 'handler.zip'));
}

test('the shop is a table, its keys, a function and its URL', () => {
  expect(synthesize()).toMatchSnapshot();
});

test('with a certificate it has a load balancer too', () => {
  expect(synthesize({ certificateArn })).toMatchSnapshot();
});

test('its sessions and their keys keep their logical ids, and go with the sample', () => {
  const { Resources } = synthesize();
  expect(Resources['KeysSecret88F3B70F']).toMatchObject({
    Type: 'AWS::SecretsManager::Secret',
    DeletionPolicy: 'Delete',
  });
  expect(Resources['SessionsTableA5E8383B']).toMatchObject({
    Type: 'AWS::DynamoDB::GlobalTable',
    DeletionPolicy: 'Delete',
    Properties: { Replicas: [{ DeletionProtectionEnabled: false }] },
  });
});

test.each([
  ['AWS::DynamoDB::GlobalTable', 'dynamodb:GetItem', 'Allowed'],
  ['AWS::DynamoDB::GlobalTable', 'dynamodb:PutItem', 'Allowed'],
  ['AWS::DynamoDB::GlobalTable', 'dynamodb:UpdateItem', 'Allowed'],
  ['AWS::DynamoDB::GlobalTable', 'dynamodb:Scan', 'ImplicitlyDenied'],
  ['AWS::SecretsManager::Secret', 'secretsmanager:GetSecretValue', 'Allowed'],
  ['AWS::SecretsManager::Secret', 'secretsmanager:PutSecretValue', 'ImplicitlyDenied'],
])('of what its function may do with the %s, %s is %s', async (type, action, verdict) => {
  const template = synthesize();
  const resourceArn = arnOf(template, onlyLogicalId(template, type));
  expect(await simulate(template, SHOP, { action, resourceArn })).toBe(verdict);
});

test('every reply is for its visitor alone, keeps browsers to HTTPS, and is of the type that it says', () => {
  expect(reply(303, { location: '/' })).toEqual({
    statusCode: 303,
    headers: {
      'cache-control': 'no-store',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      location: '/',
    },
    body: '',
  });
});
