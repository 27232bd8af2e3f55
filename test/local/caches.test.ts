import { Resolver } from '../../lib/local/intrinsics.js';
import { planOf } from '../../lib/local/plan.js';
import type { SecretDefinition } from '../../lib/local/secrets-manager.js';

type Properties = Readonly<Record<string, unknown>>;

const group = (properties: Properties = {}) => ({ Type: 'AWS::ElastiCache::ReplicationGroup', Properties: properties });
const serverless = (properties: Properties = {}) => ({
  Type: 'AWS::ElastiCache::ServerlessCache',
  Properties: properties,
});
const user = (properties: Properties) => ({ Type: 'AWS::ElastiCache::User', Properties: properties });
const userGroup = (...UserIds: unknown[]) => ({ Type: 'AWS::ElastiCache::UserGroup', Properties: { UserIds } });

/** What is read out of one stack. */
function plan(Resources: Properties) {
  const stack = {
    name: 'Web',
    artifactId: 'Web',
    region: 'us-east-1',
    template: { Resources },
    assets: new Map(),
    images: new Map(),
  };
  const secrets: SecretDefinition[] = [];
  const { caches, unsupported, secrets: all } = planOf([stack], new Resolver([stack], new Map(), secrets), secrets);
  return {
    caches,
    secrets: all,
    reasons: unsupported.map(({ logicalId, reason }) => `${logicalId}: ${reason}`),
  };
}

const ALWAYS = 'Cache: it has no snapshots, no maintenance and no limit to its memory here, and starts empty';
const RESTRICTED = [
  '-bgrewriteaof',
  '-bgsave',
  '-config',
  '-debug',
  '-migrate',
  '-replicaof',
  '-save',
  '-slaveof',
  '-shutdown',
  '-sync',
];

describe('a cache of a template', () => {
  test('is a group without TLS and without users unless it says otherwise', () => {
    const { caches, reasons } = plan({ Cache: group() });
    expect(caches).toEqual([
      expect.objectContaining({ name: 'Web-Cache', engine: 'redis', tls: false, cluster: false, shards: 1 }),
    ]);
    expect(caches[0]?.users).toEqual([
      { name: 'default', rules: ['on', '~*', '&*', '+@all', ...RESTRICTED, 'nopass'] },
    ]);
    expect(reasons).toEqual([ALWAYS]);
  });

  test('is told by its name and its engine', () => {
    const { caches } = plan({
      Group: group({ ReplicationGroupId: 'mine', Engine: 'valkey', EngineVersion: '8.1' }),
      Serverless: serverless({ ServerlessCacheName: 'yours', Engine: 'valkey', MajorEngineVersion: '8' }),
    });
    expect(caches.map(({ name, engine }) => [name, engine])).toEqual([
      ['mine', 'valkey 8.1'],
      ['yours', 'valkey 8'],
    ]);
  });

  test('that is serverless has TLS and cluster mode', () => {
    const { caches } = plan({ Cache: serverless({ Engine: 'redis' }) });
    expect(caches).toEqual([expect.objectContaining({ tls: true, cluster: true, shards: 1 })]);
  });

  test.each<[string, Properties, boolean]>([
    ['by its mode', { ClusterMode: 'enabled' }, true],
    ['by its mode for the time of a migration', { ClusterMode: 'compatible' }, true],
    ['not, by its mode', { ClusterMode: 'disabled', CacheParameterGroupName: 'default.valkey8.cluster.on' }, false],
    ['by the parameters that ElastiCache has for that', { CacheParameterGroupName: 'default.redis7.cluster.on' }, true],
    ['not, by the others that it has', { CacheParameterGroupName: 'default.redis7' }, false],
    ['by its own parameters', { CacheParameterGroupName: { Ref: 'Parameters' } }, true],
    ['by having two shards', { NumNodeGroups: 2 }, true],
    ['by describing two shards', { NodeGroupConfiguration: [{}, {}] }, true],
  ])('is in cluster mode %s', (_, properties, cluster) => {
    const Parameters = {
      Type: 'AWS::ElastiCache::ParameterGroup',
      Properties: { Properties: { 'Cluster-Enabled': 'yes' } },
    };
    const { caches } = plan({ Parameters, Cache: group(properties) });
    expect(caches[0]?.cluster).toBe(cluster);
  });

  test.each<[Properties, number, string[]]>([
    [{ NumNodeGroups: 3 }, 3, []],
    [{ NumNodeGroups: 12 }, 3, ['Cache: it has 3 shards here, not 12']],
    [{ ReplicasPerNodeGroup: 2 }, 1, ['Cache: it has no replicas here: whoever reads from one reads from its primary']],
    [{ NumCacheClusters: 2 }, 1, ['Cache: it has no replicas here: whoever reads from one reads from its primary']],
    [
      { NodeGroupConfiguration: [{ ReplicaCount: 1 }] },
      1,
      ['Cache: it has no replicas here: whoever reads from one reads from its primary'],
    ],
    [{ NumCacheClusters: 1, ReplicasPerNodeGroup: 0 }, 1, []],
    [
      { TransitEncryptionEnabled: true, TransitEncryptionMode: 'preferred' },
      1,
      ['Cache: it takes no connections without encryption here'],
    ],
    [{ NotificationTopicArn: 'arn:aws:sns:us-east-1:1:topic' }, 1, ['Cache: nobody is notified of its events']],
    [
      { CacheParameterGroupName: 'elsewhere' },
      1,
      ['Cache: its parameters are not known: there is no parameter group elsewhere in what runs'],
    ],
  ])('%j has %i shards here, and says what it lacks', (properties, shards, limits) => {
    const { caches, reasons } = plan({ Cache: group(properties) });
    expect(caches[0]?.shards).toBe(shards);
    expect(reasons).toEqual([ALWAYS, ...limits]);
  });

  test.each<[string, Properties, string]>([
    [
      'of another engine',
      serverless({ Engine: 'memcached' }),
      'its engine is memcached: only Valkey and Redis OSS run here',
    ],
    [
      'of a global datastore',
      group({ GlobalReplicationGroupId: 'world' }),
      'it is a part of a global datastore, in which another region writes',
    ],
    [
      'whose users are elsewhere',
      group({ UserGroupIds: ['theirs'] }),
      'its users are not known: there is no AWS::ElastiCache::UserGroup theirs in what runs',
    ],
    [
      'whose token is nowhere',
      group({ AuthToken: '{{resolve:secretsmanager:theirs}}' }),
      'stack Web: the dynamic reference {{resolve:secretsmanager:theirs}} has no value on this machine',
    ],
  ])('%s does not run, and says why', (_, Cache, reason) => {
    expect(plan({ Cache })).toMatchObject({ caches: [], reasons: [`Cache: ${reason}`] });
  });
});

describe('the users of a cache', () => {
  /** The users of a serverless cache with these, by their names. */
  function usersOf(users: Readonly<Record<string, Properties>>, more: Properties = {}) {
    const planned = plan({
      ...Object.fromEntries(Object.entries(users).map(([id, properties]) => [id, user(properties)])),
      Users: userGroup(...Object.keys(users).map((id) => ({ Ref: id }))),
      Cache: serverless({ Engine: 'valkey', UserGroupId: { Ref: 'Users' } }),
      ...more,
    });
    return { ...planned, users: new Map(planned.caches[0]?.users.map(({ name, rules }) => [name, rules])) };
  }

  test('have the rules of their access strings, less what nobody may call, and their passwords', () => {
    const { users } = usersOf({
      One: {
        UserName: 'mia',
        AccessString: 'on ~session:* -@all +get',
        AuthenticationMode: { Type: 'password', Passwords: ['first', 'second'] },
      },
      Two: { UserName: 'bo', AccessString: ' off  -@all ', AuthenticationMode: { Type: 'no-password-required' } },
      Three: { UserName: 'ada', AccessString: 'on +@all', NoPasswordRequired: true },
      Four: { UserName: 'eve', AccessString: 'on +@all', Passwords: ['third'] },
    });
    expect([...users]).toEqual([
      ['mia', ['on', '~session:*', '-@all', '+get', ...RESTRICTED, '>first', '>second']],
      ['bo', ['off', '-@all', ...RESTRICTED, 'nopass']],
      ['ada', ['on', '+@all', ...RESTRICTED, 'nopass']],
      ['eve', ['on', '+@all', ...RESTRICTED, '>third']],
    ]);
  });

  test('may be the one who is in every account', () => {
    const { caches } = plan({ Users: userGroup('default'), Cache: group({ UserGroupIds: [{ Ref: 'Users' }] }) });
    expect(caches[0]?.users).toMatchObject([{ name: 'default', rules: expect.arrayContaining(['on', 'nopass']) }]);
  });

  test('have the password that a dynamic reference reads out of a secret', () => {
    const Secret = {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'password' } },
    };
    const reference = {
      'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: 'Secret' }, ':SecretString:password::}}']],
    };
    const { users, secrets } = usersOf(
      {
        One: { UserName: 'mia', AccessString: 'on', AuthenticationMode: { Type: 'password', Passwords: [reference] } },
      },
      { Secret },
    );
    const { password } = JSON.parse(secrets[0]?.text ?? '');
    expect(password).toHaveLength(32);
    expect(users.get('mia')?.at(-1)).toBe(`>${password}`);
  });

  test('whom IAM lets in get a password in a secret, which is said', () => {
    const { users, secrets, reasons } = usersOf({
      One: { UserId: 'mia', UserName: 'mia', AccessString: 'on', AuthenticationMode: { Type: 'iam' } },
    });
    expect(secrets).toMatchObject([
      {
        name: 'elasticache-iam/mia',
        arn: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:elasticache-iam/mia-Local1',
      },
    ]);
    const { password } = JSON.parse(secrets[0]?.text ?? '');
    expect(password).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(users.get('mia')?.at(-1)).toBe(`>${password}`);
    expect(reasons).toContain(
      'One: nobody checks signatures of IAM here: its clients get a password instead, in the secret elasticache-iam/mia',
    );
  });

  test('are a token, where there is one', () => {
    const Secret = {
      Type: 'AWS::SecretsManager::Secret',
      Properties: { Name: 'token', SecretString: 'open-sesame-1234' },
    };
    const { caches } = plan({ Secret, Cache: group({ AuthToken: '{{resolve:secretsmanager:token}}' }) });
    expect(caches[0]?.users[0]?.rules.at(-1)).toBe('>open-sesame-1234');
  });
});
