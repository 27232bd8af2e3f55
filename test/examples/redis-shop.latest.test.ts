import { CfnReplicationGroup } from 'aws-cdk-lib/aws-elasticache';
import { acknowledgements } from '../../examples/redis-shop/acknowledgements.js';
import { RedisShopStack } from '../../examples/redis-shop/stack.js';
import { acknowledgeAll, findingsIn, needless, type Sample } from '../support/findings.js';

const sample: Sample = {
  create: (app) => new RedisShopStack(app, 'RedisShop', { env: { region: 'us-east-1' } }),
  acknowledgements,
};

test('the rules find nothing in the sample that is not acknowledged beside a reason', () => {
  expect(findingsIn(sample, (stack) => acknowledgeAll(stack, sample))).toEqual([]);
});

test('every acknowledgement is needed', () => {
  expect(needless(sample, findingsIn(sample))).toEqual([]);
});

test('the rules are awake: they name what a group lacks that is made without our construct', () => {
  const findings = findingsIn(sample, (stack) => {
    new CfnReplicationGroup(stack, 'Bare', {
      replicationGroupDescription: 'as CloudFormation makes it',
      engine: 'redis',
    });
  });
  const ofGroup = (id: string) => findings.filter(({ path }) => path === `RedisShop/${id}`).map(({ rule }) => rule);
  expect(ofGroup('Bare')).toEqual(
    expect.arrayContaining([
      'AwsSolutions::AwsSolutions-AEC3', // neither encrypted in transit
      'AwsSolutions::AwsSolutions-AEC4', // nor in two zones
      'cdk-validator-cfnguard::elasticache_repl_grp_auto_failover_enabled_check',
      'cdk-validator-cfnguard::elasticache_repl_grp_encrypted_at_rest_check',
      'cdk-validator-cfnguard::elasticache_repl_grp_encrypted_in_transit_check',
      'cdk-validator-cfnguard::elasticache_repl_grp_rbac_auth_enabled_check',
    ]),
  );
  expect(ofGroup('Sessions/ReplicationGroup').filter((rule) => rule.startsWith('cdk-validator-cfnguard'))).toEqual([]);
});
