import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { TableEncryptionV2 } from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { SessionPolicy, SessionTable, type SessionTableAttributes, type SessionTableProps } from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, templateOf } from '../support/stacks.js';
import { onlyLogicalId } from '../support/template.js';

function tableIn(stack: Stack) {
  const template = templateOf(stack);
  return template.Resources[onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable')];
}

function synthesized(props?: SessionTableProps) {
  const stack = deployedStack();
  new SessionTable(stack, 'Sessions', props);
  return tableIn(stack);
}

describe('a table', () => {
  test('has a key and time to live under the names that the client uses, and is protected', () => {
    expect(synthesized()).toEqual({
      Type: 'AWS::DynamoDB::GlobalTable',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'B' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        Replicas: [
          {
            Region: 'us-east-1',
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  test('keeps its logical id: a new one would replace the table and lose every session', () => {
    const stack = deployedStack();
    new SessionTable(stack, 'Sessions');
    expect(onlyLogicalId(templateOf(stack), 'AWS::DynamoDB::GlobalTable')).toBe('SessionsTableA5E8383B');
  });

  test('goes with its stack, unprotected, when that is asked for', () => {
    expect(synthesized({ removalPolicy: RemovalPolicy.DESTROY })).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { Replicas: [{ DeletionProtectionEnabled: false }] },
    });
  });

  test('takes a name, and can do without recovery and protection', () => {
    expect(
      synthesized({ tableName: 'sessions', pointInTimeRecovery: false, deletionProtection: false })?.Properties,
    ).toMatchObject({
      TableName: 'sessions',
      Replicas: [
        {
          DeletionProtectionEnabled: false,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
        },
      ],
    });
  });

  test('is reached by escape hatches through its default child', () => {
    const stack = deployedStack();
    const table = new SessionTable(stack, 'Sessions');
    table.applyRemovalPolicy(RemovalPolicy.DESTROY);
    expect(tableIn(stack)).toMatchObject({ DeletionPolicy: 'Delete' });
  });

  test('fails when it is both protected and to be destroyed', () => {
    expect(refusalOf(() => synthesized({ deletionProtection: true, removalPolicy: RemovalPolicy.DESTROY }))).toEqual({
      code: 'ERR_SESSION_TABLE',
      message:
        'a table with deletionProtection cannot be destroyed with its stack, received removalPolicy DESTROY and deletionProtection true: take one of the two (at Stack/Sessions)',
    });
  });
});

describe('a customer-managed key', () => {
  test('encrypts the table, and may be used through DynamoDB by who may use the table', () => {
    const stack = deployedStack();
    const encryptionKey = new Key(stack, 'Key');
    const table = new SessionTable(stack, 'Sessions', {
      encryption: TableEncryptionV2.customerManagedKey(encryptionKey),
    });
    table.grantReadWrite(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = templateOf(stack);
    const keyArn = { 'Fn::GetAtt': [onlyLogicalId(template, 'AWS::KMS::Key'), 'Arn'] };
    expect(tableIn(stack)?.Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [{ SSESpecification: { KMSMasterKeyId: keyArn } }],
    });
    expect(
      template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'],
    ).toHaveProperty('Statement.1', {
      Effect: 'Allow',
      Action: 'kms:Decrypt',
      Resource: keyArn,
      Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } },
    });
  });

  test('fails in a stack without a region', () => {
    const stack = new Stack(undefined, 'Anywhere');
    const encryption = TableEncryptionV2.customerManagedKey(new Key(stack, 'Key'));
    expect(refusalOf(() => new SessionTable(stack, 'Sessions', { encryption }))).toEqual({
      code: 'ERR_SESSION_TABLE',
      message:
        "a customer-managed key needs a stack with a region, received one without: new Stack(app, 'Anywhere', { env: { region: 'us-east-1' } }) (at Anywhere/Sessions)",
    });
  });
});

describe('an imported table', () => {
  const imported = (attributes: SessionTableAttributes, stack = deployedStack()) =>
    SessionTable.fromSessionTableAttributes(stack, 'Sessions', attributes);

  test('is known by its name, in the account and region of the stack', () => {
    const stack = deployedStack();
    const table = imported({ tableName: 'sessions' }, stack);
    expect(table.tableName).toBe('sessions');
    expect(stack.resolve(table.tableArn)).toEqual({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':dynamodb:us-east-1:123456789012:table/sessions']],
    });
    expect(table.bind(stack)).toEqual({ stores: { primary: { kind: 'dynamodb', table: 'sessions' } } });
  });

  test('is known by its ARN, which tells the region', () => {
    const stack = deployedStack();
    const table = imported({ tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions' }, stack);
    expect(table.bind(stack)).toEqual({
      stores: { primary: { kind: 'dynamodb', table: 'sessions', region: 'eu-west-1' } },
    });
  });

  test('grants on the table and its key, with the policy that it was given', () => {
    const stack = deployedStack();
    const policy = SessionPolicy.aal2();
    const table = imported(
      {
        tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions',
        encryptionKey: Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:123456789012:key/1234'),
        policy,
      },
      stack,
    );
    table.grantReadWrite(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    expect(table.policy).toBe(policy);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
            Resource: 'arn:aws:dynamodb:eu-west-1:123456789012:table/sessions',
          },
          {
            Effect: 'Allow',
            Action: 'kms:Decrypt',
            Resource: 'arn:aws:kms:eu-west-1:123456789012:key/1234',
            Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } },
          },
        ],
      },
    });
  });

  test.each<[string, SessionTableAttributes, string]>([
    [
      'neither name nor ARN',
      {},
      'a table is imported by its name or by its ARN, received neither: give tableName or tableArn',
    ],
    [
      'both',
      { tableName: 'sessions', tableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/sessions' },
      'a table is imported by its name or by its ARN, received both: take the ARN',
    ],
    [
      'the ARN of an index',
      { tableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/sessions/index/byUser' },
      'tableArn must be that of a DynamoDB table, received "arn:aws:dynamodb:us-east-1:123456789012:table/sessions/index/byUser"',
    ],
    [
      'a name that no table has',
      { tableName: 'my sessions' },
      'tableName must be 3 to 255 letters, digits, underscores, hyphens and dots, received "my sessions"',
    ],
  ])('fails with %s', (_, attributes, message) => {
    expect(refusalOf(() => imported(attributes))).toEqual({
      code: 'ERR_SESSION_TABLE',
      message: `${message}, importing Sessions (at Stack)`,
    });
  });
});

describe('metrics', () => {
  const stack = deployedStack();
  const table = SessionTable.fromSessionTableAttributes(stack, 'Sessions', { tableName: 'sessions' }) as SessionTable;

  test.each<[string, IMetric]>([
    ['ConsumedReadCapacityUnits', table.metricConsumedReadCapacityUnits()],
    ['ConsumedWriteCapacityUnits', table.metricConsumedWriteCapacityUnits()],
    ['ReadThrottleEvents', table.metricReadThrottleEvents()],
    ['WriteThrottleEvents', table.metricWriteThrottleEvents()],
    ['ConditionalCheckFailedRequests', table.metricConditionalCheckFailedRequests()],
    ['TimeToLiveDeletedItemCount', table.metricTimeToLiveDeletedItems()],
  ])('%s is a sum under the dimension TableName', (metricName, metric) => {
    expect(metric.toMetricConfig().metricStat).toMatchObject({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensions: [{ name: 'TableName', value: 'sessions' }],
      statistic: 'Sum',
      region: 'us-east-1',
      account: '123456789012',
    });
  });

  test('any other metric can be asked for by name, with what it needs', () => {
    const metric = table.metric('SuccessfulRequestLatency', {
      statistic: 'Average',
      period: Duration.minutes(1),
      dimensionsMap: { TableName: table.tableName, Operation: 'GetItem' },
    });
    expect(metric.toMetricConfig().metricStat).toMatchObject({
      metricName: 'SuccessfulRequestLatency',
      dimensions: [
        { name: 'Operation', value: 'GetItem' },
        { name: 'TableName', value: 'sessions' },
      ],
      statistic: 'Average',
    });
  });

  test('SystemErrors are summed over the operations that the client calls', () => {
    const { expression, usingMetrics } = table.metricSystemErrors().toMetricConfig().mathExpression ?? {};
    expect(expression).toBe('SUM([errorsOfGetItem, errorsOfPutItem, errorsOfUpdateItem, errorsOfDeleteItem])');
    expect(usingMetrics?.['errorsOfPutItem']?.toMetricConfig().metricStat).toMatchObject({
      metricName: 'SystemErrors',
      dimensions: [
        { name: 'Operation', value: 'PutItem' },
        { name: 'TableName', value: 'sessions' },
      ],
    });
  });
});
