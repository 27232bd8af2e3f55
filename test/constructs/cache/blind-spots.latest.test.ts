import { type App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import {
  CacheAuthentication,
  CacheEngine,
  CacheNodeType,
  SessionReplicationGroup,
  SessionServerlessCache,
} from 'cdk-sessions';
import { findingsIn } from '../../support/findings.js';
import { deployedStack, templateOf } from '../../support/stacks.js';
import { type CfnResource, type CfnTemplate, resolveIntrinsics } from '../../support/template.js';

/**
 * What to ask of serverless caches and users, of whom neither cdk-nag nor the Control Tower rules know anything. Serverless
 * caches are encrypted in transit and at rest whatever they are asked for.
 */
function faultsIn(template: CfnTemplate): string[] {
  const ofType = (type: string) =>
    Object.values(template.Resources).filter(({ Type }) => Type === `AWS::ElastiCache::${type}`);
  return [
    ...ofType('ServerlessCache').flatMap(cacheFaults),
    ...ofType('User').flatMap((user) => userFaults(user, template)),
  ];
}

function cacheFaults({ Properties = {} }: CfnResource): string[] {
  const { UserGroupId, SecurityGroupIds, SubnetIds, SnapshotRetentionLimit } = Properties;
  return [
    ...(UserGroupId === undefined ? ['whoever reaches the cache may use it'] : []),
    ...(Array.isArray(SecurityGroupIds) ? [] : ['it has the security group that everything in the VPC has']),
    ...(Array.isArray(SubnetIds) && SubnetIds.length > 1 ? [] : ['it may stand in one zone']),
    ...(Number(SnapshotRetentionLimit) >= 1 ? [] : ['it has no snapshots']),
  ];
}

interface AuthenticationMode {
  readonly Type?: string;
  readonly Passwords?: readonly unknown[];
}

function userFaults({ Properties = {} }: CfnResource, template: CfnTemplate): string[] {
  const { AccessString, NoPasswordRequired } = Properties;
  const mode: AuthenticationMode = Properties['AuthenticationMode'] ?? {};
  const passwords = [Properties['Passwords'] ?? [], mode.Passwords ?? []].flat();
  const off = AccessString === 'off -@all';
  const isReference = (value: unknown) => String(value).startsWith('{{resolve:secretsmanager:');
  return [
    ...(!off && (NoPasswordRequired === true || mode.Type === 'no-password-required')
      ? ['a user gets in without a password']
      : []),
    ...(passwords.every((password) => isReference(resolveIntrinsics(password, template)))
      ? []
      : ['a password is in the template']),
    ...(String(AccessString).includes('~*') ? ['a user reaches all keys'] : []),
  ];
}

function bare(stack: Stack): void {
  new elasticache.CfnServerlessCache(stack, 'Cache', { engine: 'valkey', serverlessCacheName: 'bare' });
  new elasticache.CfnUser(stack, 'Anybody', {
    engine: 'redis',
    userId: 'anybody',
    userName: 'default',
    accessString: 'on ~* +@all',
    noPasswordRequired: true,
  });
  new elasticache.CfnUser(stack, 'Known', {
    engine: 'redis',
    userId: 'known',
    userName: 'known',
    accessString: 'on ~* +@all',
    passwords: ['correct horse battery staple'],
  });
}

test('the packs of rules see nothing in a serverless cache and users with every fault', () => {
  const create = (app: App) => {
    const stack = new Stack(app, 'Bare', { env: { region: 'us-east-1' } });
    bare(stack);
    return stack;
  };
  const findings = findingsIn({ create, acknowledgements: [] });
  // CDK's own validation may have a word on how they are written.
  expect(findings.filter(({ rule }) => !rule.startsWith('CloudFormation Validate::'))).toEqual([]);
});

test('what is asked here names every fault of theirs', () => {
  const stack = deployedStack();
  bare(stack);
  expect(faultsIn(templateOf(stack))).toEqual([
    'whoever reaches the cache may use it',
    'it has the security group that everything in the VPC has',
    'it may stand in one zone',
    'it has no snapshots',
    'a user gets in without a password',
    'a user reaches all keys',
    'a password is in the template',
    'a user reaches all keys',
  ]);
});

describe.each([
  ['IAM', CacheAuthentication.iam()],
  ['a password', CacheAuthentication.password()],
])('and finds none in ours, with %s', (_, authentication) => {
  test.each([CacheEngine.VALKEY_9_1, CacheEngine.REDIS_7_1])('on %s', (engine) => {
    const stack = deployedStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
    new SessionServerlessCache(stack, 'Serverless', { vpc, engine, authentication });
    new SessionReplicationGroup(stack, 'Group', { vpc, engine, authentication, nodeType: CacheNodeType.R7G_LARGE });
    const template = templateOf(stack);
    expect(Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::ElastiCache::User')).not.toEqual([]);
    expect(faultsIn(template)).toEqual([]);
  });
});
