import { App } from 'aws-cdk-lib';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { SessionAccess, SessionKeys, SessionTable } from 'cdk-sessions';
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

  test.each(['dynamodb:Query', 'dynamodb:Scan'])('may not call %s on an index that somebody adds', async (action) => {
    const resourceArn = `${tableArn}/index/byUser`;
    expect(await simulate(template, fn, { action, resourceArn })).toBe('ImplicitlyDenied');
  });
});

describe('a function that only ends sessions', () => {
  const stack = deployedStack();
  const keys = new SessionKeys(stack, 'Keys');
  const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
  const table = new SessionTable(stack, 'Sessions', { encryption, keys, encryptData: true });
  const admin = plainFunction(stack, 'Admin');
  table.attachFunction(admin, { access: SessionAccess.REVOKE });
  const template = templateOf(stack);
  const fn = stack.getLogicalId(admin.node.defaultChild as CfnFunction);
  const tableArn = arnOf(template, onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable'));

  /** A request as DynamoDB describes it to IAM: `Select` and `ReturnValues` are there even where it leaves them out. */
  const read = (attributes: string[], select = 'SPECIFIC_ATTRIBUTES') => ({
    action: 'dynamodb:GetItem',
    resourceArn: tableArn,
    context: { 'dynamodb:Attributes': attributes, 'dynamodb:Select': select },
  });
  const update = (attributes: string[], returnValues = 'NONE') => ({
    action: 'dynamodb:UpdateItem',
    resourceArn: tableArn,
    context: { 'dynamodb:Attributes': attributes, 'dynamodb:ReturnValues': returnValues },
  });

  test.each([
    ['read which sessions are a user’s, and since when they are valid', read(['id', 'sessions', 'notBefore'])],
    ['take sessions out of what is kept of a user', update(['id', 'sessions'])],
    ['revoke all of a user’s sessions', update(['id', 'notBefore', 'ttl'])],
    ['end a session, or keep its place', update(['id', 'version', 'expiresAt', 'deadline', 'ttl'])],
  ])('may %s', async (_, call) => {
    expect(await simulate(template, fn, call)).toBe('Allowed');
    expect(await simulate(template, fn, { ...call, resourceArn: `${tableArn}2` })).toBe('ImplicitlyDenied');
  });

  test.each([
    ['read a whole item', read(['id'], 'ALL_ATTRIBUTES')],
    ['read a whole item without naming anything', read([], 'ALL_ATTRIBUTES')],
    ['read nothing by name', read([])],
    ['read the value of a session', read(['id', 'value'])],
    ['read the value beside what it may read', read(['id', 'sessions', 'notBefore', 'value'])],
    ['read when a session ends', read(['id', 'expiresAt'])],
    ['change the value of a session', update(['id', 'value'])],
    ['compare the value of a session', update(['id', 'version', 'value'])],
    ['change what DynamoDB does not name', update([])],
    ['be told what was there before', update(['id', 'version'], 'ALL_OLD')],
    ['be told what is there now', update(['id', 'version'], 'ALL_NEW')],
    ['be told what it changed', update(['id', 'version'], 'UPDATED_OLD')],
  ])('may not %s', async (_, call) => {
    expect(await simulate(template, fn, call)).toBe('ImplicitlyDenied');
  });

  test('may not call without saying what it reads or gets', async () => {
    for (const action of ['dynamodb:GetItem', 'dynamodb:UpdateItem']) {
      expect(await simulate(template, fn, { action, resourceArn: tableArn })).toBe('ImplicitlyDenied');
      const context = { 'dynamodb:Attributes': ['id', 'sessions'] };
      expect(await simulate(template, fn, { action, resourceArn: tableArn, context })).toBe('ImplicitlyDenied');
    }
  });

  test.each(['dynamodb:PutItem', 'dynamodb:DeleteItem', ...ITEM_CALLS_NOT_MADE, ...TABLE_CALLS_NOT_MADE])(
    'may not call %s, whatever it names',
    async (action) => {
      expect(await simulate(template, fn, { action, resourceArn: tableArn })).toBe('ImplicitlyDenied');
    },
  );

  test('may have DynamoDB decrypt with the table’s key, and not read the store’s keys', async () => {
    const context = { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' };
    const decrypt = { action: 'kms:Decrypt', resourceArn: arnOf(template, onlyLogicalId(template, 'AWS::KMS::Key')) };
    expect(await simulate(template, fn, { ...decrypt, context })).toBe('Allowed');
    expect(await simulate(template, fn, decrypt)).toBe('ImplicitlyDenied');
    const resourceArn = arnOf(template, onlyLogicalId(template, 'AWS::SecretsManager::Secret'));
    const readKeys = { action: 'secretsmanager:GetSecretValue', resourceArn };
    expect(await simulate(template, fn, readKeys)).toBe('ImplicitlyDenied');
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

/** Keys under a customer-managed key, a store that has them, and a function that the store is attached to. */
function withKeys() {
  const stack = deployedStack();
  const keys = new SessionKeys(stack, 'Keys', { encryptionKey: new Key(stack, 'Key') });
  new SessionTable(stack, 'Sessions', { keys }).attachFunction(plainFunction(stack));
  const template = templateOf(stack);
  const functions = Object.keys(template.Resources).filter(
    (id) => template.Resources[id]?.Type === 'AWS::Lambda::Function',
  );
  const [rotation = '', ...others] = functions.filter((id) => id.startsWith('KeysRotation'));
  const [web = ''] = functions.filter((id) => id !== rotation);
  expect(others).toEqual([]);
  return {
    template,
    rotation,
    web,
    secretArn: arnOf(template, onlyLogicalId(template, 'AWS::SecretsManager::Secret')),
    keyArn: arnOf(template, onlyLogicalId(template, 'AWS::KMS::Key')),
    logsArn: arnOf(template, onlyLogicalId(template, 'AWS::Logs::LogGroup')),
  };
}

const SECRET_CALLS_NOT_MADE = [
  'secretsmanager:DescribeSecret',
  'secretsmanager:UpdateSecret',
  'secretsmanager:DeleteSecret',
  'secretsmanager:RotateSecret',
  'secretsmanager:PutResourcePolicy',
];

describe.each([
  {
    who: 'a function with a store that has keys',
    role: 'web' as const,
    calls: ['secretsmanager:GetSecretValue'],
    callsNotMade: [
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
      ...SECRET_CALLS_NOT_MADE,
    ],
    keyCalls: ['kms:Decrypt'],
    keyCallsNotMade: ['kms:GenerateDataKey', 'kms:Encrypt', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'],
  },
  {
    who: 'the function that rotates keys',
    role: 'rotation' as const,
    calls: [
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    callsNotMade: SECRET_CALLS_NOT_MADE,
    keyCalls: ['kms:Decrypt', 'kms:GenerateDataKey'],
    keyCallsNotMade: ['kms:Encrypt', 'kms:CreateGrant', 'kms:ScheduleKeyDeletion'],
  },
])('$who', ({ role, calls, callsNotMade, keyCalls, keyCallsNotMade }) => {
  const { template, [role]: fn, secretArn, keyArn } = withKeys();
  const context = {
    'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com',
    'kms:EncryptionContext:SecretARN': secretArn,
  };

  test.each(calls)('may call %s on the secret, and on no other', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: secretArn })).toBe('Allowed');
    const resourceArn = secretArn.replace('AbCdEf', 'GhIjKl');
    expect(await simulate(template, fn, { action, resourceArn })).toBe('ImplicitlyDenied');
  });

  test.each(callsNotMade)('may not call %s', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: secretArn })).toBe('ImplicitlyDenied');
  });

  test.each(keyCalls)('may have Secrets Manager call %s for this secret, and for nothing else', async (action) => {
    const call = { action, resourceArn: keyArn };
    expect(await simulate(template, fn, { ...call, context })).toBe('Allowed');
    expect(await simulate(template, fn, call)).toBe('ImplicitlyDenied');
    for (const [name, value] of [
      ['kms:ViaService', 's3.us-east-1.amazonaws.com'],
      ['kms:EncryptionContext:SecretARN', `${secretArn}2`],
    ] as const) {
      const other = { ...context, [name]: value };
      expect(await simulate(template, fn, { ...call, context: other })).toBe('ImplicitlyDenied');
    }
  });

  test.each(keyCallsNotMade)('may not have it call %s', async (action) => {
    expect(await simulate(template, fn, { action, resourceArn: keyArn, context })).toBe('ImplicitlyDenied');
  });
});

describe('the function that rotates keys', () => {
  const { template, rotation, logsArn } = withKeys();

  test('may write to its own log, and reach no session', async () => {
    expect(await simulate(template, rotation, { action: 'logs:PutLogEvents', resourceArn: logsArn })).toBe('Allowed');
    const resourceArn = arnOf(template, onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable'));
    for (const action of CALLS) {
      expect(await simulate(template, rotation, { action, resourceArn })).toBe('ImplicitlyDenied');
    }
  });
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
