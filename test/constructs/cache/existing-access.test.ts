import type { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { SessionReplicationGroup, SessionServerlessCache } from 'cdk-sessions';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, templateOf } from '../../support/stacks.js';
import { onlyLogicalId } from '../../support/template.js';

const PARTIAL = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:cache';
const COMPLETE = `${PARTIAL}-AbCdEf`;

/** Each kind of cache, imported with a secret. */
const imports = {
  'replication group': (stack: Stack, secret: ISecret) =>
    SessionReplicationGroup.fromSessionReplicationGroupAttributes(stack, 'Sessions', {
      replicationGroupId: 'sessions',
      endpointAddress: 'clustercfg.sessions.abc123.use1.cache.amazonaws.com',
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
      userName: 'web',
      secret,
    }),
  'serverless cache': (stack: Stack, secret: ISecret) =>
    SessionServerlessCache.fromSessionServerlessCacheAttributes(stack, 'Sessions', {
      serverlessCacheName: 'sessions',
      endpointAddress: 'sessions-abc123.serverless.use1.cache.amazonaws.com',
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
      userName: 'web',
      secret,
    }),
};

describe.each(Object.entries(imports))('an imported %s', (_, imported) => {
  test.each<[string, (stack: Stack) => ISecret]>([
    ['by its name', (stack) => Secret.fromSecretNameV2(stack, 'Secret', 'cache')],
    ['by a part of its ARN', (stack) => Secret.fromSecretPartialArn(stack, 'Secret', PARTIAL)],
  ])('fails with a secret that is known %s, as nobody could be let read it', (__, secretIn) => {
    const stack = deployedStack();
    expect(refusalOf(() => imported(stack, secretIn(stack)))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'the secret of a cache must be known by its whole ARN, its six random characters included, received the secret cache without them: import it with Secret.fromSecretCompleteArn() (at Stack)',
    });
  });

  test('grants reading a secret that is known by its whole ARN, and its key for that secret alone', () => {
    const stack = deployedStack();
    const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/1234';
    const secret = Secret.fromSecretAttributes(stack, 'Secret', {
      secretCompleteArn: COMPLETE,
      encryptionKey: Key.fromKeyArn(stack, 'Key', keyArn),
    });
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    imported(stack, secret).grantReadWrite(role);
    const template = templateOf(stack);
    const policy = template.Resources[onlyLogicalId(template, 'AWS::IAM::Policy')]?.Properties?.['PolicyDocument'];
    expect(policy).toHaveProperty('Statement', [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: COMPLETE },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: keyArn,
        Condition: {
          StringEquals: {
            'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com',
            'kms:EncryptionContext:SecretARN': COMPLETE,
          },
        },
      },
    ]);
  });

  test('takes a secret of the same app', () => {
    const stack = deployedStack();
    expect(() => imported(stack, new Secret(stack, 'Secret'))).not.toThrow();
  });
});
