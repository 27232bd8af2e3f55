import { App } from 'aws-cdk-lib';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { SessionTable } from 'cdk-sessions';
import { simulate } from '../support/iam.js';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';
import { arnOf, onlyLogicalId } from '../support/template.js';

const CALLS = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];
const ITEM_CALLS_NOT_MADE = [
  'dynamodb:Scan',
  'dynamodb:Query',
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:PartiQLDelete',
];
const TABLE_CALLS_NOT_MADE = [
  'dynamodb:DescribeTable',
  'dynamodb:UpdateTable',
  'dynamodb:DeleteTable',
  'dynamodb:UpdateTimeToLive',
  'dynamodb:CreateBackup',
];

describe('a function with a session table attached', () => {
  const stack = deployedStack();
  new SessionTable(stack, 'Sessions').attachFunction(plainFunction(stack));
  const template = templateOf(stack);
  const fn = onlyLogicalId(template, 'AWS::Lambda::Function');
  const tableArn = arnOf(template, onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable'));

  test.each(CALLS)('may call %s on the table', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: tableArn })).toBe('Allowed');
  });

  test.each([...ITEM_CALLS_NOT_MADE, ...TABLE_CALLS_NOT_MADE])('may not call %s on the table', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: tableArn })).toBe('ImplicitlyDenied');
  });

  test.each(CALLS)('may not call %s on another table', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: `${tableArn}2` })).toBe('ImplicitlyDenied');
  });

  test.each(['dynamodb:Query', 'dynamodb:Scan'])('may not call %s on the index of owners', async (action) => {
    const resourceArn = `${tableArn}/index/byOwner`;
    expect(await simulate(template, fn, { action, resourceArn })).toBe('ImplicitlyDenied');
  });
});

describe('a function with a session table under a customer-managed key', () => {
  const stack = deployedStack();
  const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
  new SessionTable(stack, 'Sessions', { encryption }).attachFunction(plainFunction(stack));
  const template = templateOf(stack);
  const fn = onlyLogicalId(template, 'AWS::Lambda::Function');
  const keyArn = arnOf(template, onlyLogicalId(template, 'AWS::KMS::Key'));
  const through = (service: string) => ({ 'kms:ViaService': `${service}.us-east-1.amazonaws.com` });

  test('may have DynamoDB decrypt with the key', async () => {
    const call = { action: 'kms:Decrypt', resourceArn: keyArn, context: through('dynamodb') };
    expect(await simulate(template, fn, call)).toBe('Allowed');
  });

  test('may not decrypt with the key itself, nor through another service', async () => {
    const call = { action: 'kms:Decrypt', resourceArn: keyArn };
    expect(await simulate(template, fn, call)).toBe('ImplicitlyDenied');
    expect(await simulate(template, fn, { ...call, context: through('s3') })).toBe('ImplicitlyDenied');
  });

  test.each(['kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'])(
    'may not call %s',
    async (action) => {
      const call = { action, resourceArn: keyArn, context: through('dynamodb') };
      expect(await simulate(template, fn, call)).toBe('ImplicitlyDenied');
    },
  );
});

test('a function in another stack may call the table as well', async () => {
  const app = new App();
  const storage = deployedStack(app, 'Storage');
  const web = deployedStack(app, 'Web');
  new SessionTable(storage, 'Sessions').attachFunction(plainFunction(web));
  const [storageTemplate, webTemplate] = [templateOf(storage), templateOf(web)];
  const resourceArn = arnOf(storageTemplate, onlyLogicalId(storageTemplate, 'AWS::DynamoDB::GlobalTable'));
  const fn = onlyLogicalId(webTemplate, 'AWS::Lambda::Function');
  for (const action of CALLS) {
    expect(await simulate(webTemplate, fn, { action, resourceArn }, [storageTemplate])).toBe('Allowed');
  }
});
