import type { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { SessionServerlessCache, type SessionServerlessCacheAttributes } from 'cdk-sessions';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../../support/template.js';

function resourceOf(template: CfnTemplate, type: string) {
  return template.Resources[onlyLogicalId(template, type)];
}

describe('an imported serverless cache', () => {
  const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:cache-AbCdEf';
  const existing = (stack: Stack) => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', SECRET);

  function imported(attributes: Partial<SessionServerlessCacheAttributes> = {}, stack = deployedStack()) {
    return SessionServerlessCache.fromSessionServerlessCacheAttributes(stack, 'Sessions', {
      serverlessCacheName: 'sessions',
      endpointAddress: 'sessions-abc123.serverless.use1.cache.amazonaws.com',
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
      ...attributes,
    });
  }

  test.each<[string, (stack: Stack) => Partial<SessionServerlessCacheAttributes>, unknown]>([
    ['nobody in particular', () => ({}), undefined],
    ['a user of IAM', () => ({ userName: 'web' }), { kind: 'iam', user: 'web', cache: 'sessions', serverless: true }],
    [
      'a user with a password',
      (stack) => ({ userName: 'web', secret: existing(stack) }),
      { kind: 'password', user: 'web', secret: SECRET },
    ],
  ])('tells consumers of %s', (_, attributes, authentication) => {
    const stack = deployedStack();
    expect(imported(attributes(stack), stack).bind(stack).stores.primary).toEqual({
      kind: 'redis',
      endpoint: 'sessions-abc123.serverless.use1.cache.amazonaws.com',
      port: 6379,
      cluster: true,
      tls: true,
      ...(authentication !== undefined && { authentication }),
    });
  });

  test('lets consumers in at both ports', () => {
    const stack = deployedStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    imported({ vpc }, stack).attachFunction(plainFunction(stack, 'Web', { vpc }));
    expect(resourceOf(templateOf(stack), 'AWS::EC2::SecurityGroupIngress')?.Properties).toMatchObject({
      GroupId: 'sg-1',
      FromPort: 6379,
      ToPort: 6380,
    });
  });

  test('grants to connect as its user of IAM', () => {
    const stack = deployedStack();
    imported({ userName: 'web' }, stack).grantConnect(
      new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }),
    );
    const template = templateOf(stack);
    const policy = resourceOf(template, 'AWS::IAM::Policy')?.Properties?.['PolicyDocument'];
    expect(resolveIntrinsics(policy, template)).toHaveProperty('Statement', [
      {
        Effect: 'Allow',
        Action: 'elasticache:Connect',
        Resource: [
          'arn:aws:elasticache:us-east-1:123456789012:serverlesscache:sessions',
          'arn:aws:elasticache:us-east-1:123456789012:user:web',
        ],
      },
    ]);
  });

  test('grants nothing where nobody authenticates, and fails to be granted by itself', () => {
    const stack = deployedStack();
    const cache = imported({}, stack);
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    cache.grantReadWrite(role);
    expect(Object.values(templateOf(stack).Resources).map(({ Type }) => Type)).toEqual(['AWS::IAM::Role']);
    expect(refusalOf(() => cache.grantConnect(role))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'whoever reaches this cache may use it, as nobody authenticates: there is nothing to grant, open its connections instead (at Stack/Sessions)',
    });
  });

  test('has metrics, by its name', () => {
    expect(imported().metric('CurrItems').dimensions).toEqual({ clusterId: 'sessions' });
  });

  test('fails without security groups, to which nobody could be added', () => {
    expect(refusalOf(() => imported({ securityGroups: [] }))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'a cache has at least one security group, received an empty list of securityGroups: give those that the cache is to have, or has (at Stack/Sessions)',
    });
  });

  test('fails with a secret that is nobody’s', () => {
    const stack = deployedStack();
    expect(refusalOf(() => imported({ secret: existing(stack) }, stack))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'a serverless cache has no AUTH token, received a secret without a userName, importing Sessions: give the userName whose password it holds (at Stack)',
    });
  });
});
