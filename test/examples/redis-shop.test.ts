import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { RedisShopStack } from '../../examples/redis-shop/stack.js';
import { parseContract } from '../../lib/contract/parse.js';
import { simulate } from '../support/iam.js';
import { ACCOUNT, type CfnTemplate, onlyLogicalId, REGION, resolveIntrinsics } from '../support/template.js';

/** The logical id of the function that answers visitors. */
const SHOP = 'Shop563325D0';

const GROUP = 'AWS::ElastiCache::ReplicationGroup';
/** Made of the cache's path: it stays when the cache is replaced. */
const USER_NAME = 'redisshopsessionsusersd35c9d1a';
const USER = 'AWS::ElastiCache::User';

/** The template, without the hashes of the handler's bundle. */
function synthesize(): CfnTemplate {
  // The context leaves the handler unbundled: these tests look at the template alone.
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new RedisShopStack(app, 'RedisShop', { env: { region: 'us-east-1' } });
  const template = JSON.stringify(Template.fromStack(stack).toJSON());
  return JSON.parse(template.replaceAll(/[0-9a-f]{64}\.zip/g, 'handler.zip'));
}

const template = synthesize();
const ofType = (type: string) => Object.values(template.Resources).filter(({ Type }) => Type === type);
const only = (type: string) => template.Resources[onlyLogicalId(template, type)];

test('the shop is a VPC, a replication group, a function and its URL', () => {
  expect(template).toMatchSnapshot();
});

test('its cache keeps its logical id and its name, and goes with the sample', () => {
  expect(template.Resources['SessionsReplicationGroupB1D76F8C']).toMatchObject({
    Type: GROUP,
    DeletionPolicy: 'Delete',
    UpdateReplacePolicy: 'Delete',
    Properties: { ReplicationGroupId: 'redisshop-sessions-d95478abaf' },
  });
});

test('two nodes are all of it that costs by the hour', () => {
  expect(ofType(GROUP)).toHaveLength(1);
  expect(only(GROUP)?.Properties).toMatchObject({
    CacheNodeType: 'cache.t4g.micro',
    NumNodeGroups: 1,
    ReplicasPerNodeGroup: 1,
  });
  const paid = /NatGateway|VPCEndpoint|::EIP|SecretsManager|KMS/;
  expect(Object.values(template.Resources).filter(({ Type }) => paid.test(Type))).toEqual([]);
});

test('nothing leads into its VPC or out of it', () => {
  expect(ofType('AWS::EC2::InternetGateway')).toEqual([]);
  expect(ofType('AWS::EC2::Route')).toEqual([]);
});

test('only the function may connect to the cache, and only to its port', () => {
  expect(only('AWS::EC2::SecurityGroupIngress')?.Properties).toMatchObject({
    SourceSecurityGroupId: { 'Fn::GetAtt': ['ShopSecurityGroup77912ED4', 'GroupId'] },
    FromPort: 6379,
    ToPort: 6379,
  });
  for (const group of ofType('AWS::EC2::SecurityGroup')) {
    expect(group.Properties).not.toHaveProperty('SecurityGroupIngress');
  }
});

test('the function is told where the cache is and as whom to connect', () => {
  const { Variables } = resolveIntrinsics(template.Resources[SHOP]?.Properties?.['Environment'], template) as {
    readonly Variables: Readonly<Record<string, string>>;
  };
  const group = onlyLogicalId(template, GROUP);
  expect(parseContract(Variables['CDK_SESSIONS'] ?? '').stores.primary).toEqual({
    kind: 'redis',
    endpoint: `${group}.ConfigurationEndPoint.Address`,
    port: 6379,
    cluster: true,
    tls: true,
    authentication: { kind: 'iam', user: USER_NAME, cache: group },
  });
});

describe('where the packs of rules are blind', () => {
  const arnOfUser = (name: string) => `arn:aws:elasticache:${REGION}:${ACCOUNT}:user:${name}`;
  const arnOfGroup = (id: string) => `arn:aws:elasticache:${REGION}:${ACCOUNT}:replicationgroup:${id}`;

  test('the users of the cache are one, whom IAM lets in, who reaches the keys of sessions and no command but theirs', () => {
    expect(only(USER)?.Properties).toMatchObject({
      // Users of either engine fit into the group of a Valkey cache: these stay when the engine changes.
      Engine: 'redis',
      AuthenticationMode: { Type: 'iam' },
      AccessString: expect.stringMatching(/^on ~session:\* -@all( \+[a-z|]+)+$/),
    });
    expect(only('AWS::ElastiCache::UserGroup')?.Properties).toMatchObject({
      Engine: 'valkey',
      UserIds: [{ Ref: onlyLogicalId(template, USER) }],
    });
    expect(only(GROUP)?.Properties?.['UserGroupIds']).toEqual([
      { Ref: onlyLogicalId(template, 'AWS::ElastiCache::UserGroup') },
    ]);
  });

  test.each([
    ['this cache', () => arnOfGroup(onlyLogicalId(template, GROUP)), 'Allowed'],
    ['this user', () => arnOfUser(USER_NAME), 'Allowed'],
    ['another cache', () => arnOfGroup('another'), 'ImplicitlyDenied'],
    ['another user', () => arnOfUser(`${USER_NAME}2`), 'ImplicitlyDenied'],
  ])('connecting to or as %s', async (_, resourceArn, verdict) => {
    expect(await simulate(template, SHOP, { action: 'elasticache:Connect', resourceArn: resourceArn() })).toBe(verdict);
  });
});
