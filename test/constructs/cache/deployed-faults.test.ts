import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheAuthentication, CacheNodeType, SessionReplicationGroup, SessionServerlessCache } from 'cdk-sessions';
import { deployedStack } from '../../support/stacks.js';

type Cache = SessionReplicationGroup | SessionServerlessCache;

function caches(authentication = CacheAuthentication.iam()) {
  const stack = deployedStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const nodeType = CacheNodeType.R7G_LARGE;
  return {
    group: new SessionReplicationGroup(stack, 'Group', { vpc, nodeType, authentication }),
    serverless: new SessionServerlessCache(stack, 'Serverless', { vpc }),
  };
}

const faultsOf = (cache: Cache) => cache.node.validate();

test('caches that nobody reached into are as their consumers are told', () => {
  const { group, serverless } = caches();
  expect([...faultsOf(group), ...faultsOf(serverless)]).toEqual([]);
  expect(faultsOf(caches(CacheAuthentication.authToken()).group)).toEqual([]);
});

test('a name that was taken away fails at synth, as CloudFormation would then replace a cache without a word', () => {
  const { group, serverless } = caches();
  group.replicationGroup.addPropertyDeletionOverride('ReplicationGroupId');
  serverless.serverlessCache.addPropertyDeletionOverride('ServerlessCacheName');
  expect([...faultsOf(group), ...faultsOf(serverless)]).toEqual(
    ['ReplicationGroupId', 'ServerlessCacheName'].map(
      (name) =>
        `without a ${name} CloudFormation would replace a cache, and with it all that is in it, for some changes: leave the property there`,
    ),
  );
});

test('a cache without the users that its consumers are told of fails at synth', () => {
  const { group, serverless } = caches();
  group.replicationGroup.userGroupIds = [];
  serverless.serverlessCache.userGroupId = undefined;
  const { group: other } = caches(CacheAuthentication.authToken());
  other.replicationGroup.addPropertyDeletionOverride('AuthToken');
  expect([group, serverless, other].flatMap(faultsOf)).toEqual(
    ['UserGroupIds', 'UserGroupId', 'AuthToken'].map(
      (name) => `consumers are told to authenticate, received no ${name}: leave the property there`,
    ),
  );
});

test('a group without TLS fails at synth', () => {
  const { group } = caches();
  group.replicationGroup.addPropertyOverride('TransitEncryptionEnabled', false);
  expect(faultsOf(group)).toEqual([
    'consumers are told to connect with TLS, received TransitEncryptionEnabled false: leave it true',
  ]);
});

test('a group in several zones that does not fail over fails at synth', () => {
  const { group } = caches();
  group.replicationGroup.automaticFailoverEnabled = false;
  expect(faultsOf(group)).toEqual([
    'Multi-AZ means failing over to another zone, received AutomaticFailoverEnabled false: set both to the same',
  ]);
});
