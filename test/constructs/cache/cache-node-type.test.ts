import { Fn } from 'aws-cdk-lib';
import { CacheNodeClass, CacheNodeSize, CacheNodeType } from 'cdk-sessions';
import { refusalOf } from '../../support/refusal.js';

test.each([
  [CacheNodeType.T4G_MICRO, 'cache.t4g.micro'],
  [CacheNodeType.T4G_SMALL, 'cache.t4g.small'],
  [CacheNodeType.T4G_MEDIUM, 'cache.t4g.medium'],
  [CacheNodeType.M7G_LARGE, 'cache.m7g.large'],
  [CacheNodeType.M7G_XLARGE, 'cache.m7g.xlarge'],
  [CacheNodeType.R7G_LARGE, 'cache.r7g.large'],
  [CacheNodeType.R7G_XLARGE, 'cache.r7g.xlarge'],
  [CacheNodeType.R6GD_XLARGE, 'cache.r6gd.xlarge'],
  [CacheNodeType.of(CacheNodeClass.M5, CacheNodeSize.XLARGE24), 'cache.m5.24xlarge'],
  [CacheNodeType.custom('cache.r8g.2xlarge'), 'cache.r8g.2xlarge'],
])('%s is called %s', (type, name) => {
  expect(type.toString()).toBe(name);
});

test('a type that only the deployment knows passes through', () => {
  const name = Fn.ref('NodeType');
  expect(CacheNodeType.custom(name).toString()).toBe(name);
});

test.each([
  [
    'a size that its class does not have',
    () => CacheNodeType.of(CacheNodeClass.T4G, CacheNodeSize.LARGE),
    "nodes of the class t4g come as micro, small, medium, received large: take one of these, or CacheNodeType.custom('cache.t4g.large')",
  ],
  [
    'T2, of which there are no new ones either',
    () => CacheNodeType.custom('cache.t2.micro'),
    'ElastiCache makes no new nodes of previous generations, received cache.t2.micro: take a current type, like CacheNodeType.T4G_MICRO',
  ],
  [
    'the name of an instance',
    () => CacheNodeType.custom('r7g.large'),
    'a node type must look like cache.r7g.large, received "r7g.large"',
  ],
  [
    'a previous generation, which has neither failover nor snapshots',
    () => CacheNodeType.custom('cache.t1.micro'),
    'ElastiCache makes no new nodes of previous generations, received cache.t1.micro: take a current type, like CacheNodeType.T4G_MICRO',
  ],
])('fails with %s', (_, action, message) => {
  expect(refusalOf(action)).toEqual({ code: 'ERR_SESSION_CACHE', message });
});
