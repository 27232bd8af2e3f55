import { App, CfnOutput, CfnParameter, Duration, Fn, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  CacheAuthentication,
  CacheEngine,
  CacheLog,
  CacheLogFormat,
  CacheNodeType,
  ClusterMode,
  DailyWindow,
  Durability,
  EvictionPolicy,
  SessionReplicationGroup,
  type SessionReplicationGroupAttributes,
  type SessionReplicationGroupProps,
  TransitEncryption,
  Weekday,
  WeeklyWindow,
} from 'cdk-sessions';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, templateOf, warningsOf } from '../support/stacks.js';
import { onlyLogicalId, resolveIntrinsics } from '../support/template.js';

/** Props by the stack that they are for, as many of them are constructs. */
type Options = (stack: Stack) => Partial<SessionReplicationGroupProps>;

function isolatedVpc(stack: Stack, maxAzs = 2): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', {
    maxAzs,
    natGateways: 0,
    subnetConfiguration: [{ name: 'isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }],
  });
}

function groupIn(stack: Stack, options: Options = () => ({})): SessionReplicationGroup {
  return new SessionReplicationGroup(stack, 'Sessions', {
    vpc: isolatedVpc(stack),
    nodeType: CacheNodeType.R7G_LARGE,
    ...options(stack),
  });
}

function synthesized(options?: Options) {
  const stack = deployedStack();
  groupIn(stack, options);
  return templateOf(stack);
}

function resourceOf(template: ReturnType<typeof templateOf>, type: string) {
  return template.Resources[onlyLogicalId(template, type)];
}

const GROUP = 'AWS::ElastiCache::ReplicationGroup';
const PARAMETERS = 'AWS::ElastiCache::ParameterGroup';

describe('a replication group', () => {
  test('is a highly available, encrypted cluster whose clients authenticate, and nothing that costs more, by default', () => {
    const template = synthesized();
    const idOf = (type: string) => onlyLogicalId(template, type);
    expect(resourceOf(template, GROUP)).toEqual({
      Type: GROUP,
      DeletionPolicy: 'Snapshot',
      UpdateReplacePolicy: 'Snapshot',
      UpdatePolicy: { UseOnlineResharding: true },
      DependsOn: expect.arrayContaining([idOf('AWS::ElastiCache::UserGroup')]),
      Properties: {
        ReplicationGroupId: 'stack-sessions-ad7d2b3d52',
        ReplicationGroupDescription: 'Stack/Sessions',
        Engine: 'valkey',
        EngineVersion: '9.1',
        CacheNodeType: 'cache.r7g.large',
        ClusterMode: 'enabled',
        NumNodeGroups: 1,
        ReplicasPerNodeGroup: 1,
        AutomaticFailoverEnabled: true,
        MultiAZEnabled: true,
        CacheParameterGroupName: { Ref: idOf(PARAMETERS) },
        CacheSubnetGroupName: { Ref: idOf('AWS::ElastiCache::SubnetGroup') },
        SecurityGroupIds: [{ 'Fn::GetAtt': [idOf('AWS::EC2::SecurityGroup'), 'GroupId'] }],
        Port: 6379,
        AtRestEncryptionEnabled: true,
        TransitEncryptionEnabled: true,
        TransitEncryptionMode: 'required',
        UserGroupIds: [{ Ref: idOf('AWS::ElastiCache::UserGroup') }],
        LogDeliveryConfigurations: ['slow-log', 'engine-log'].map((LogType) => ({
          LogType,
          LogFormat: 'json',
          DestinationType: 'cloudwatch-logs',
          DestinationDetails: { CloudWatchLogsDetails: { LogGroup: { Ref: expect.stringMatching(/Log/) } } },
        })),
        SnapshotRetentionLimit: 1,
        AutoMinorVersionUpgrade: true,
      },
    });
    expect(resourceOf(template, PARAMETERS)?.Properties).toMatchObject({
      CacheParameterGroupFamily: 'valkey9',
      Properties: { 'cluster-enabled': 'yes', 'maxmemory-policy': 'volatile-ttl' },
    });
  });

  test('lets nobody in and nothing out by itself', () => {
    const template = synthesized();
    expect(resourceOf(template, 'AWS::EC2::SecurityGroup')?.Properties).toMatchObject({
      SecurityGroupEgress: [{ CidrIp: '255.255.255.255/32' }],
    });
    expect(resourceOf(template, 'AWS::EC2::SecurityGroup')?.Properties).not.toHaveProperty('SecurityGroupIngress');
  });

  test('keeps its logical ids and its name: others would replace it and lose every session', () => {
    const template = synthesized();
    expect(onlyLogicalId(template, GROUP)).toBe('SessionsReplicationGroupB1D76F8C');
    expect(onlyLogicalId(template, 'AWS::ElastiCache::SubnetGroup')).toBe('SessionsSubnets1DBC103F');
    expect(onlyLogicalId(template, PARAMETERS)).toBe('SessionsParametersvalkey9cluster2F7D0C7B');
    expect(onlyLogicalId(template, 'AWS::EC2::SecurityGroup')).toBe('SessionsSecurityGroupDC1B8A75');
  });

  test.each<[string, Options]>([
    ['another family', () => ({ engine: CacheEngine.VALKEY_8_1 })],
    ['cluster mode or not', () => ({ clusterMode: ClusterMode.DISABLED })],
  ])('moves to a new parameter group with %s, as one in use can change neither', (_, options) => {
    expect(onlyLogicalId(synthesized(options), PARAMETERS)).not.toBe(onlyLogicalId(synthesized(), PARAMETERS));
  });

  test('is reached by escape hatches through its default child', () => {
    const stack = deployedStack();
    groupIn(stack).applyRemovalPolicy(RemovalPolicy.DESTROY);
    expect(resourceOf(templateOf(stack), GROUP)).toMatchObject({ DeletionPolicy: 'Delete' });
  });

  test('stays under another name only when its replacement is asked for, and once for each text', () => {
    const nameOf = (options?: Options) => resourceOf(synthesized(options), GROUP)?.Properties?.['ReplicationGroupId'];
    expect(nameOf(() => ({ port: 6380 }))).toBe(nameOf());
    expect(nameOf(() => ({ allowReplacement: '1' }))).not.toBe(nameOf());
    expect(nameOf(() => ({ allowReplacement: '1' }))).toBe(nameOf(() => ({ allowReplacement: '1' })));
    expect(nameOf(() => ({ allowReplacement: '1' }))).not.toBe(nameOf(() => ({ allowReplacement: '2' })));
  });

  test('has the configuration endpoint in cluster mode, on the way there too, else those of primary and replicas', () => {
    const endpoints = (options?: Options) => {
      const stack = deployedStack();
      const { endpointAddress, readerEndpointAddress } = groupIn(stack, options);
      return stack.resolve([endpointAddress, readerEndpointAddress ?? 'none']);
    };
    const attribute = (name: string) => ({ 'Fn::GetAtt': ['SessionsReplicationGroupB1D76F8C', name] });
    expect(endpoints()).toEqual([attribute('ConfigurationEndPoint.Address'), 'none']);
    expect(endpoints(() => ({ clusterMode: ClusterMode.COMPATIBLE }))).toEqual([
      attribute('ConfigurationEndPoint.Address'),
      'none',
    ]);
    expect(endpoints(() => ({ clusterMode: ClusterMode.DISABLED }))).toEqual([
      attribute('PrimaryEndPoint.Address'),
      attribute('ReaderEndPoint.Address'),
    ]);
    expect(endpoints(() => ({ clusterMode: ClusterMode.DISABLED, replicasPerShard: 0 }))).toEqual([
      attribute('PrimaryEndPoint.Address'),
      'none',
    ]);
  });

  test('warns that nobody is kept out while encryption is only preferred', () => {
    const stack = deployedStack();
    const group = groupIn(stack, () => ({ transitEncryption: TransitEncryption.PREFERRED }));
    expect(warningsOf(stack)).toEqual([
      'whoever reaches this cache reads and writes all sessions, encrypted or not, as ElastiCache has no access control with TransitEncryption.PREFERRED: require encryption as soon as all clients have it [ack: cdk-sessions:cacheWithoutAccessControl]',
    ]);
    expect(refusalOf(() => group.grantConnect(new iam.ServicePrincipal('lambda.amazonaws.com')))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'whoever reaches this cache may use it, as nobody authenticates: there is nothing to grant, open its connections instead (at Stack/Sessions)',
    });
  });
});

describe('each option', () => {
  test.each<[string, Options, Record<string, unknown>]>([
    ['engine', () => ({ engine: CacheEngine.REDIS_7_1 }), { Engine: 'redis', EngineVersion: '7.1' }],
    ['nodeType', () => ({ nodeType: CacheNodeType.T4G_MICRO }), { CacheNodeType: 'cache.t4g.micro' }],
    [
      'nodeType with data tiering',
      () => ({ nodeType: CacheNodeType.R6GD_XLARGE }),
      { CacheNodeType: 'cache.r6gd.xlarge', DataTieringEnabled: true },
    ],
    ['clusterMode', () => ({ clusterMode: ClusterMode.COMPATIBLE }), { ClusterMode: 'compatible' }],
    ['clusterMode off', () => ({ clusterMode: ClusterMode.DISABLED }), { ClusterMode: 'disabled' }],
    ['shards', () => ({ shards: 3 }), { NumNodeGroups: 3 }],
    ['replicasPerShard', () => ({ replicasPerShard: 2 }), { ReplicasPerNodeGroup: 2 }],
    [
      'no replicas',
      () => ({ clusterMode: ClusterMode.DISABLED, replicasPerShard: 0 }),
      { ReplicasPerNodeGroup: 0, AutomaticFailoverEnabled: false, MultiAZEnabled: false },
    ],
    [
      'automaticFailover',
      () => ({ clusterMode: ClusterMode.DISABLED, automaticFailover: false, multiAz: false }),
      { AutomaticFailoverEnabled: false },
    ],
    ['multiAz', () => ({ multiAz: false }), { MultiAZEnabled: false, AutomaticFailoverEnabled: true }],
    ['durability', () => ({ durability: Durability.SYNC }), { Durability: 'sync' }],
    ['durability of a newer class', () => durableOn('cache.r8g.large'), { Durability: 'async' }],
    [
      'transitEncryption',
      () => ({ transitEncryption: TransitEncryption.PREFERRED }),
      { TransitEncryptionEnabled: true, TransitEncryptionMode: 'preferred' },
    ],
    [
      'encryptionKey',
      (stack) => ({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1') }),
      { KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' },
    ],
    [
      'authentication',
      () => ({ authentication: CacheAuthentication.authToken() }),
      { AuthToken: { 'Fn::Join': ['', expect.arrayContaining(['{{resolve:secretsmanager:'])] } },
    ],
    [
      'slowLog and engineLog',
      (stack) => ({
        slowLog: CacheLog.cloudWatch({
          logGroup: logs.LogGroup.fromLogGroupName(stack, 'Slow', 'slow'),
          format: CacheLogFormat.TEXT,
        }),
        engineLog: CacheLog.firehose(firehose.DeliveryStream.fromDeliveryStreamName(stack, 'Stream', 'engine')),
      }),
      {
        LogDeliveryConfigurations: [
          {
            LogType: 'slow-log',
            LogFormat: 'text',
            DestinationType: 'cloudwatch-logs',
            DestinationDetails: { CloudWatchLogsDetails: { LogGroup: 'slow' } },
          },
          {
            LogType: 'engine-log',
            LogFormat: 'json',
            DestinationType: 'kinesis-firehose',
            DestinationDetails: { KinesisFirehoseDetails: { DeliveryStream: 'engine' } },
          },
        ],
      },
    ],
    ['no logs', () => ({ slowLog: CacheLog.none(), engineLog: CacheLog.none() }), { LogDeliveryConfigurations: [] }],
    ['snapshotRetention', () => ({ snapshotRetention: Duration.days(35) }), { SnapshotRetentionLimit: 35 }],
    ['no snapshots', () => ({ snapshotRetention: Duration.days(0) }), { SnapshotRetentionLimit: 0 }],
    ['snapshotWindow', () => ({ snapshotWindow: DailyWindow.utc('02:30') }), { SnapshotWindow: '02:30-03:30' }],
    [
      'maintenanceWindow',
      () => ({ maintenanceWindow: WeeklyWindow.utc(Weekday.SUNDAY, '23:30') }),
      { PreferredMaintenanceWindow: 'sun:23:30-mon:00:30' },
    ],
    [
      'notificationTopic',
      (stack) => ({
        notificationTopic: sns.Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:us-east-1:123456789012:cache'),
      }),
      { NotificationTopicArn: 'arn:aws:sns:us-east-1:123456789012:cache' },
    ],
    ['autoMinorVersionUpgrade', () => ({ autoMinorVersionUpgrade: false }), { AutoMinorVersionUpgrade: false }],
    ['port', () => ({ port: 6380 }), { Port: 6380 }],
    ['description', () => ({ description: 'Sessions' }), { ReplicationGroupDescription: 'Sessions' }],
    ['replicationGroupId', () => ({ replicationGroupId: 'sessions' }), { ReplicationGroupId: 'sessions' }],
    [
      'securityGroups',
      (stack) => ({ securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')] }),
      { SecurityGroupIds: ['sg-1'] },
    ],
  ])('%s', (_, options, expected) => {
    expect(resourceOf(synthesized(options), GROUP)?.Properties).toMatchObject(expected);
  });

  function durableOn(name: string): Partial<SessionReplicationGroupProps> {
    return { durability: Durability.ASYNC, nodeType: CacheNodeType.custom(name) };
  }

  test.each<[string, Options, Record<string, unknown>, Record<string, string>]>([
    [
      'evictionPolicy',
      () => ({ evictionPolicy: EvictionPolicy.NO_EVICTION }),
      {},
      { 'maxmemory-policy': 'noeviction', 'cluster-enabled': 'yes' },
    ],
    [
      'data tiering, which knows no volatile-ttl',
      () => ({ nodeType: CacheNodeType.R6GD_XLARGE }),
      {},
      { 'maxmemory-policy': 'volatile-lru', 'cluster-enabled': 'yes' },
    ],
    [
      'sessionEvents and parameters',
      () => ({ sessionEvents: true, parameters: { 'reserved-memory-percent': '40' } }),
      {},
      {
        'maxmemory-policy': 'volatile-ttl',
        'cluster-enabled': 'yes',
        'notify-keyspace-events': 'Egxe',
        'reserved-memory-percent': '40',
      },
    ],
    [
      'engine, with no cluster',
      () => ({ engine: CacheEngine.REDIS_6_2, ...withPassword(), clusterMode: ClusterMode.DISABLED }),
      { CacheParameterGroupFamily: 'redis6.x' },
      { 'maxmemory-policy': 'volatile-ttl' },
    ],
  ])('in the parameter group: %s', (_, options, expected, parameters) => {
    const properties = resourceOf(synthesized(options), PARAMETERS)?.Properties;
    expect(properties).toMatchObject(expected);
    expect(properties?.['Properties']).toEqual(parameters);
  });

  test('vpcSubnets', () => {
    const template = synthesized((stack) => ({
      vpc: new ec2.Vpc(stack, 'Other', { maxAzs: 2, natGateways: 0 }),
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    }));
    expect(resourceOf(template, 'AWS::ElastiCache::SubnetGroup')?.Properties?.['SubnetIds']).toEqual([
      { Ref: expect.stringMatching(/^OtherIsolatedSubnet1/) },
      { Ref: expect.stringMatching(/^OtherIsolatedSubnet2/) },
    ]);
  });

  test.each([
    [RemovalPolicy.DESTROY, 'Delete'],
    [RemovalPolicy.RETAIN, 'Retain'],
    [RemovalPolicy.SNAPSHOT, 'Snapshot'],
  ])('removalPolicy %s, when it is removed and when it is replaced', (removalPolicy, policy) => {
    expect(
      resourceOf(
        synthesized(() => ({ removalPolicy })),
        GROUP,
      ),
    ).toMatchObject({
      DeletionPolicy: policy,
      UpdateReplacePolicy: policy,
    });
  });

  test('engine: Redis OSS 6 is told no mode of encryption, and has no engine log before 6.2', () => {
    const properties = resourceOf(
      synthesized(() => ({ engine: CacheEngine.redis('6.0'), ...withPassword() })),
      GROUP,
    )?.Properties;
    expect(properties).toMatchObject({ TransitEncryptionEnabled: true });
    expect(properties).not.toHaveProperty('TransitEncryptionMode');
    expect(properties).toHaveProperty('LogDeliveryConfigurations.length', 1);
  });

  test('what only the deployment knows passes through', () => {
    const number = (stack: Stack, id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const properties = resourceOf(
      synthesized((stack) => ({
        engine: CacheEngine.valkey(Fn.ref('Version'), 'valkey9'),
        nodeType: CacheNodeType.custom(Fn.ref('NodeType')),
        shards: number(stack, 'Shards'),
        replicasPerShard: number(stack, 'Replicas'),
        port: number(stack, 'Port'),
        snapshotRetention: Duration.days(number(stack, 'Retention')),
        replicationGroupId: Fn.ref('Id'),
        description: Fn.ref('Description'),
        durability: Durability.SYNC,
      })),
      GROUP,
    )?.Properties;
    expect(properties).toMatchObject({
      EngineVersion: { Ref: 'Version' },
      CacheNodeType: { Ref: 'NodeType' },
      NumNodeGroups: { Ref: 'Shards' },
      ReplicasPerNodeGroup: { Ref: 'Replicas' },
      Port: { Ref: 'Port' },
      SnapshotRetentionLimit: { Ref: 'Retention' },
      ReplicationGroupId: { Ref: 'Id' },
      ReplicationGroupDescription: { Ref: 'Description' },
    });
  });
});

function withPassword(): Partial<SessionReplicationGroupProps> {
  return { authentication: CacheAuthentication.password() };
}

describe('what ElastiCache would refuse is refused at synth', () => {
  const off = ClusterMode.DISABLED;

  test.each<[string, Options, string]>([
    ['no shard', () => ({ shards: 0 }), 'shards must be a whole number from 1 to 500, received 0'],
    [
      'a sixth replica',
      () => ({ replicasPerShard: 6 }),
      'replicasPerShard must be a whole number from 0 to 5, received 6',
    ],
    [
      'more nodes than a group has',
      () => ({ shards: 200, replicasPerShard: 2 }),
      'a group has at most 500 nodes, received 200 shards with 2 replicas each: take fewer of either',
    ],
    [
      'shards without cluster mode',
      () => ({ shards: 2, clusterMode: ClusterMode.COMPATIBLE }),
      'only in cluster mode has a group more than one shard, received 2 with ClusterMode.COMPATIBLE: take one shard, or ClusterMode.ENABLED',
    ],
    [
      'cluster mode without replicas, which could never be updated',
      () => ({ replicasPerShard: 0 }),
      'in cluster mode CloudFormation can never update a group without replicas, received replicasPerShard 0: take one replica, or ClusterMode.DISABLED',
    ],
    [
      'Multi-AZ without replicas',
      () => ({ clusterMode: off, replicasPerShard: 0, multiAz: true }),
      'without replicas there is nothing to fail over to, received replicasPerShard 0 and multiAz true: take one replica, or leave it out',
    ],
    [
      'failover without replicas',
      () => ({ clusterMode: off, replicasPerShard: 0, automaticFailover: true }),
      'without replicas there is nothing to fail over to, received replicasPerShard 0 and automaticFailover true: take one replica, or leave it out',
    ],
    [
      'cluster mode without failover',
      () => ({ automaticFailover: false }),
      'in cluster mode and on the way there a group always fails over, received ClusterMode.ENABLED with automaticFailover false: leave it out, or take ClusterMode.DISABLED',
    ],
    [
      'the way to cluster mode without failover',
      () => ({ clusterMode: ClusterMode.COMPATIBLE, automaticFailover: false, multiAz: false }),
      'in cluster mode and on the way there a group always fails over, received ClusterMode.COMPATIBLE with automaticFailover false: leave it out, or take ClusterMode.DISABLED',
    ],
    [
      'the way to cluster mode without replicas',
      () => ({ clusterMode: ClusterMode.COMPATIBLE, replicasPerShard: 0 }),
      'on the way to cluster mode a group has replicas to fail over to, received ClusterMode.COMPATIBLE with replicasPerShard 0: take one replica, or ClusterMode.DISABLED',
    ],
    [
      'the way to cluster mode before 7.0',
      () => ({ clusterMode: ClusterMode.COMPATIBLE, engine: CacheEngine.REDIS_6_2, ...withPassword() }),
      'ClusterMode.COMPATIBLE needs Valkey, or Redis OSS 7.0 or later, received redis 6.2: take a later engine first, or another cluster mode',
    ],
    [
      'no security group, for which ElastiCache would take the default one of the VPC',
      () => ({ securityGroups: [] }),
      'a cache has at least one security group, received an empty list of securityGroups: give those that the cache is to have, or has',
    ],
    [
      'Multi-AZ without failover',
      () => ({ clusterMode: off, automaticFailover: false }),
      'multiAz means failing over to another zone, received multiAz true and automaticFailover false: set both to the same',
    ],
    [
      'Multi-AZ in one zone',
      (stack) => ({
        vpcSubnets: { availabilityZones: ['us-east-1a'] },
        vpc: new ec2.Vpc(stack, 'Zones', { availabilityZones: ['us-east-1a', 'us-east-1b'], natGateways: 0 }),
      }),
      'Multi-AZ needs subnets in two availability zones or more, received 1 in us-east-1a: give other vpcSubnets, or multiAz false',
    ],
    [
      'no subnet',
      () => ({ vpcSubnets: { subnets: [] } }),
      'a group needs at least one subnet, received a selection without any: give other vpcSubnets',
    ],
    [
      'durability before Valkey 9',
      () => ({ durability: Durability.SYNC, engine: CacheEngine.VALKEY_8_2 }),
      'durability needs Valkey 9.0 or later, received valkey 8.2: take CacheEngine.VALKEY_9_0, or leave it out',
    ],
    [
      'durability without cluster mode',
      () => ({ durability: Durability.SYNC, clusterMode: off }),
      'durability needs cluster mode, received ClusterMode.DISABLED: take ClusterMode.ENABLED, or leave it out',
    ],
    [
      'durability in one zone',
      () => ({ durability: Durability.ASYNC, multiAz: false }),
      'durability needs Multi-AZ, received multiAz false: take true, or leave durability out',
    ],
    [
      'durability on burstable nodes',
      () => ({ durability: Durability.ASYNC, nodeType: CacheNodeType.T4G_MEDIUM }),
      'durability needs nodes of the classes m6g, m7g, r6g, r7g or c7gn, or later ones of their kind, received cache.t4g.medium: take one of these, or leave it out',
    ],
    [
      'durability with data tiering',
      () => ({ durability: Durability.ASYNC, nodeType: CacheNodeType.R6GD_XLARGE }),
      'durability needs nodes of the classes m6g, m7g, r6g, r7g or c7gn, or later ones of their kind, received cache.r6gd.xlarge: take one of these, or leave it out',
    ],
    [
      'data tiering before Redis OSS 6.2',
      () => ({ nodeType: CacheNodeType.R6GD_XLARGE, engine: CacheEngine.redis('6.0') }),
      'nodes with data tiering need Valkey, or Redis OSS 6.2 or later, received cache.r6gd.xlarge with redis 6.0: take a later engine',
    ],
    [
      'an eviction policy that data tiering does not know',
      () => ({ nodeType: CacheNodeType.R6GD_XLARGE, evictionPolicy: EvictionPolicy.VOLATILE_TTL }),
      'with data tiering the eviction policy must be one of noeviction, volatile-lru, volatile-lfu, allkeys-lru, allkeys-lfu, received volatile-ttl with cache.r6gd.xlarge: leave it out for volatile-lru',
    ],
    [
      'encryption that is only preferred before 7.0',
      () => ({ transitEncryption: TransitEncryption.PREFERRED, engine: CacheEngine.REDIS_6_2 }),
      'TransitEncryption.PREFERRED needs Valkey, or Redis OSS 7.0 or later, received redis 6.2: take a later engine, or TransitEncryption.REQUIRED',
    ],
    [
      'an authentication while encryption is only preferred',
      () => ({ transitEncryption: TransitEncryption.PREFERRED, authentication: CacheAuthentication.authToken() }),
      'with TransitEncryption.PREFERRED ElastiCache lets nobody authenticate, received an authentication: leave it out until encryption is required',
    ],
    [
      'an engine log before Redis OSS 6.2',
      () => ({ engine: CacheEngine.redis('6.0'), engineLog: CacheLog.cloudWatch() }),
      'the engine log needs Valkey, or Redis OSS 6.2 or later, received redis 6.0: take a later engine, or CacheLog.none()',
    ],
    [
      'snapshots kept for too long',
      () => ({ snapshotRetention: Duration.days(36) }),
      'snapshotRetention must be a whole number of days from 0 to 35, received Duration.days(36)',
    ],
    [
      'snapshots kept for half a day',
      () => ({ snapshotRetention: Duration.hours(12) }),
      'snapshotRetention must be a whole number of days from 0 to 35, received Duration.hours(12)',
    ],
    [
      'a window for snapshots that are not taken',
      () => ({ snapshotRetention: Duration.days(0), snapshotWindow: DailyWindow.utc('02:30') }),
      'without snapshots there is no window for them, received snapshotRetention 0 days and the window 02:30-03:30: leave one of them out',
    ],
    [
      'windows that overlap',
      () => ({
        snapshotWindow: DailyWindow.utc('02:30'),
        maintenanceWindow: WeeklyWindow.utc(Weekday.TUESDAY, '03:00'),
      }),
      'snapshotWindow and maintenanceWindow must not overlap, received 02:30-03:30 and tue:03:00-tue:04:00: move one of them',
    ],
    [
      'an id in upper case',
      () => ({ replicationGroupId: 'Sessions' }),
      'replicationGroupId must be up to 40 lower-case letters, digits and single hyphens, a letter first and no hyphen last, received "Sessions"',
    ],
    [
      'an id of 41 characters',
      () => ({ replicationGroupId: 'x'.repeat(41) }),
      `replicationGroupId must be up to 40 lower-case letters, digits and single hyphens, a letter first and no hyphen last, received "${'x'.repeat(41)}"`,
    ],
    [
      'two ways to a new id',
      () => ({ replicationGroupId: 'sessions', allowReplacement: '1' }),
      'a group with a given id is replaced by giving it another, received both replicationGroupId and allowReplacement: change the id, and leave allowReplacement out',
    ],
    [
      'no description',
      () => ({ description: '' }),
      'description must be one line of 1 to 255 characters, received 0 characters',
    ],
    ['no port', () => ({ port: 65536 }), 'port must be a whole number from 1 to 65535, received 65536'],
    [
      'a FIFO topic',
      (stack) => ({ notificationTopic: new sns.Topic(stack, 'Topic', { fifo: true }) }),
      'ElastiCache publishes to no FIFO topic, received Stack/Topic: give a standard one',
    ],
    [
      'a parameter that is an option, in any case',
      () => ({ parameters: { 'Maxmemory-Policy': 'noeviction' } }),
      'the parameter maxmemory-policy has an option of its own, received it among parameters: take evictionPolicy',
    ],
    [
      'a parameter that is an option',
      () => ({ parameters: { 'maxmemory-policy': 'noeviction' } }),
      'the parameter maxmemory-policy has an option of its own, received it among parameters: take evictionPolicy',
    ],
  ])('%s', (_, options, message) => {
    expect(refusalOf(() => synthesized(options))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message: `${message} (at Stack/Sessions)`,
    });
  });

  test('not what only the deployment knows: zones of a stack that can be deployed anywhere', () => {
    expect(
      synthesized((stack) => ({
        vpc: ec2.Vpc.fromVpcAttributes(stack, 'Imported', {
          vpcId: Fn.importValue('vpc'),
          availabilityZones: Fn.split(',', Fn.importValue('zones'), 2),
          isolatedSubnetIds: Fn.split(',', Fn.importValue('subnets'), 2),
        }),
      })),
    ).toBeDefined();
  });
});

describe('a group that stays when it is removed from its stack', () => {
  const madeForIt =
    /^AWS::(?:ElastiCache::(?:SubnetGroup|ParameterGroup|User|UserGroup)|EC2::SecurityGroup|Logs::LogGroup)$/;
  const policiesWith = (removalPolicy: RemovalPolicy) =>
    Object.values(synthesized(() => ({ removalPolicy })).Resources)
      .filter(({ Type }) => madeForIt.test(Type))
      .map((resource) => [resource.Type, Reflect.get(resource, 'DeletionPolicy')]);

  test('keeps all that it has in use, which could not be deleted', () => {
    const policies = policiesWith(RemovalPolicy.RETAIN);
    expect(policies).toHaveLength(7);
    expect(policies.filter(([, policy]) => policy !== 'Retain')).toEqual([]);
  });

  test('and one that goes leaves none of it behind', () => {
    expect(policiesWith(RemovalPolicy.SNAPSHOT).filter(([, policy]) => policy !== 'Delete')).toEqual([]);
  });
});

describe('to clients in another stack, which imports from that of the group', () => {
  const exportsWith = (options: Partial<SessionReplicationGroupProps>) => {
    const app = new App();
    const stack = deployedStack(app);
    const group = groupIn(stack, () => options);
    const client = deployedStack(app, 'Client');
    new CfnOutput(client, 'Stores', { value: client.toJsonString(group.bind(client).stores) });
    group.grantReadWrite(new iam.Role(client, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    app.synth();
    return Object.keys(templateOf(stack)['Outputs'] ?? {});
  };

  test('the same is given with another engine, as CloudFormation keeps what is imported from being changed', () => {
    const given = exportsWith({ engine: CacheEngine.REDIS_7_1 });
    expect(exportsWith({})).toEqual(given);
    expect(given.filter((name) => /User/.test(name))).toEqual([]);
  });

  test('the endpoint that they have is still given on the way to cluster mode', () => {
    const before = exportsWith({ clusterMode: ClusterMode.DISABLED });
    const after = exportsWith({ clusterMode: ClusterMode.COMPATIBLE });
    expect(after).toEqual(expect.arrayContaining(before));
    expect(after).toEqual(expect.arrayContaining(exportsWith({ clusterMode: ClusterMode.ENABLED })));
    expect(before.filter((name) => /PrimaryEndPoint/.test(name))).toHaveLength(1);
  });
});

describe('a consumer', () => {
  test('is told of the endpoint and how to authenticate', () => {
    const stack = deployedStack();
    const { stores, network } = groupIn(stack).bind(stack);
    const template = templateOf(stack);
    expect(resolveIntrinsics(stack.resolve(stores), template)).toEqual({
      primary: {
        kind: 'redis',
        endpoint: 'SessionsReplicationGroupB1D76F8C.ConfigurationEndPoint.Address',
        port: 6379,
        cluster: true,
        tls: true,
        authentication: {
          kind: 'iam',
          user: resourceOf(template, 'AWS::ElastiCache::User')?.Properties?.['UserName'],
          cache: 'SessionsReplicationGroupB1D76F8C',
        },
      },
    });
    expect(network?.ports.map(String)).toEqual(['6379']);
  });

  test('may connect to exactly this group as exactly its user', () => {
    const stack = deployedStack();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    groupIn(stack).grantReadWrite(role);
    const template = templateOf(stack);
    expect(resourceOf(template, 'AWS::IAM::Policy')?.Properties?.['PolicyDocument']).toHaveProperty('Statement', [
      {
        Effect: 'Allow',
        Action: 'elasticache:Connect',
        Resource: [
          {
            'Fn::Join': [
              '',
              [
                'arn:',
                { Ref: 'AWS::Partition' },
                ':elasticache:us-east-1:123456789012:replicationgroup:',
                { Ref: 'SessionsReplicationGroupB1D76F8C' },
              ],
            ],
          },
          {
            'Fn::Join': [
              '',
              [
                'arn:',
                { Ref: 'AWS::Partition' },
                `:elasticache:us-east-1:123456789012:user:${resourceOf(template, 'AWS::ElastiCache::User')?.Properties?.['UserName']}`,
              ],
            ],
          },
        ],
      },
    ]);
  });

  test('is granted nothing where nobody authenticates', () => {
    const stack = deployedStack();
    const group = groupIn(stack, () => ({ transitEncryption: TransitEncryption.PREFERRED }));
    group.grantReadWrite(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const types = Object.values(templateOf(stack).Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::IAM::Policy');
    expect(types).not.toContain('AWS::ElastiCache::User');
    expect(group.bind(stack).stores.primary).not.toHaveProperty('authentication');
  });

  test('fails to be let end sessions and read none, which a cache cannot tell apart', () => {
    const stack = deployedStack();
    const group = groupIn(stack);
    expect(refusalOf(() => group.grantRevoke(new iam.ServicePrincipal('lambda.amazonaws.com')))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'a cache has no such grant yet: who connects to it may read as well, take grantReadWrite(), or a SessionTable (at Stack/Sessions)',
    });
  });
});

describe('metrics', () => {
  test('of one node, the first unless another is named', () => {
    const stack = deployedStack();
    const group = groupIn(stack, () => ({ replicationGroupId: 'sessions' }));
    expect(stack.resolve(group.metric('CurrItems').toMetricConfig().metricStat)).toMatchObject({
      namespace: 'AWS/ElastiCache',
      metricName: 'CurrItems',
      statistic: 'Average',
      dimensions: [
        {
          name: 'CacheClusterId',
          value: { 'Fn::Join': ['', [{ Ref: 'SessionsReplicationGroupB1D76F8C' }, '-0001-001']] },
        },
      ],
    });
    expect(group.metric('CurrItems', { dimensionsMap: { CacheClusterId: 'sessions-0001-002' } }).dimensions).toEqual({
      CacheClusterId: 'sessions-0001-002',
    });
  });

  test.each([
    ['EngineCPUUtilization', 'MAX', 'Maximum', (group: SessionReplicationGroup) => group.metricEngineCpuUtilization()],
    ['CPUUtilization', 'MAX', 'Maximum', (group: SessionReplicationGroup) => group.metricCpuUtilization()],
    [
      'DatabaseMemoryUsagePercentage',
      'MAX',
      'Maximum',
      (group: SessionReplicationGroup) => group.metricDatabaseMemoryUsagePercentage(),
    ],
    ['CurrConnections', 'MAX', 'Maximum', (group: SessionReplicationGroup) => group.metricCurrConnections()],
    ['Evictions', 'SUM', 'Sum', (group: SessionReplicationGroup) => group.metricEvictions()],
    ['ReplicationLag', 'MAX', 'Maximum', (group: SessionReplicationGroup) => group.metricReplicationLag()],
    [
      'AuthenticationFailures',
      'SUM',
      'Sum',
      (group: SessionReplicationGroup) => group.metricAuthenticationFailures({ label: 'failures' }),
    ],
  ])('%s is the %s of all nodes', (metricName, operation, statistic, metricOf) => {
    const stack = deployedStack();
    const metric = metricOf(groupIn(stack, () => ({ shards: 2 })));
    expect(metric.expression).toBe(`${operation}([node1, node2, node3, node4])`);
    const parts = Object.values(metric.usingMetrics).map((part) => stack.resolve(part.toMetricConfig().metricStat));
    expect(parts).toHaveLength(4);
    for (const part of parts) {
      expect(part).toMatchObject({ namespace: 'AWS/ElastiCache', metricName, statistic });
    }
    expect(nodesOf(parts)).toEqual(['-0001-001', '-0001-002', '-0002-001', '-0002-002']);
  });

  test('name the nodes of a group without cluster mode as ElastiCache does', () => {
    const stack = deployedStack();
    const { cacheClusterIds } = groupIn(stack, () => ({ clusterMode: ClusterMode.DISABLED, replicasPerShard: 2 }));
    expect(stack.resolve(cacheClusterIds).map(suffixOf)).toEqual(['-001', '-002', '-003']);
  });

  test('fail where only the deployment knows how many nodes there are', () => {
    const stack = deployedStack();
    const shards = new CfnParameter(stack, 'Shards', { type: 'Number' }).valueAsNumber;
    const group = groupIn(stack, () => ({ shards }));
    expect(refusalOf(() => group.metricEvictions())).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'ElastiCache publishes Evictions by node, and the nodes of this group are not known: import it with cacheClusterIds, or create it with a number of shards and replicas that is known at synth (at Stack/Sessions)',
    });
  });

  const suffixOf = (id: unknown) => (id as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1].at(-1);
  const nodesOf = (parts: { dimensions: { value: unknown }[] }[]) =>
    parts.map(({ dimensions: [dimension] }) => suffixOf(dimension?.value));
});

describe('an imported group', () => {
  const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:cache-AbCdEf';

  function imported(attributes: Partial<SessionReplicationGroupAttributes> = {}, stack = deployedStack()) {
    return SessionReplicationGroup.fromSessionReplicationGroupAttributes(stack, 'Sessions', {
      replicationGroupId: 'sessions',
      endpointAddress: 'clustercfg.sessions.abc123.use1.cache.amazonaws.com',
      securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')],
      ...attributes,
    });
  }

  const token = (stack: Stack) => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', SECRET);

  test.each<[string, (stack: Stack) => Partial<SessionReplicationGroupAttributes>, Record<string, unknown>]>([
    ['a cluster with TLS', () => ({}), { port: 6379, cluster: true, tls: true }],
    [
      'no cluster, and no TLS',
      () => ({ clusterMode: false, transitEncryption: false, port: 6380 }),
      { port: 6380, cluster: false, tls: false },
    ],
    ['a user of IAM', () => ({ userName: 'web' }), { authentication: { kind: 'iam', user: 'web', cache: 'sessions' } }],
    [
      'a user with a password',
      (stack) => ({ userName: 'web', secret: token(stack) }),
      { authentication: { kind: 'password', user: 'web', secret: SECRET } },
    ],
    ['a token', (stack) => ({ secret: token(stack) }), { authentication: { kind: 'token', secret: SECRET } }],
  ])('tells consumers of %s', (_, attributes, expected) => {
    const stack = deployedStack();
    expect(imported(attributes(stack), stack).bind(stack).stores.primary).toMatchObject({
      kind: 'redis',
      endpoint: 'clustercfg.sessions.abc123.use1.cache.amazonaws.com',
      ...expected,
    });
  });

  test.each<[string, (stack: Stack) => Partial<SessionReplicationGroupAttributes>, unknown]>([
    [
      'to connect as its user of IAM',
      () => ({ userName: 'web' }),
      {
        Effect: 'Allow',
        Action: 'elasticache:Connect',
        Resource: [
          'arn:aws:elasticache:us-east-1:123456789012:replicationgroup:sessions',
          'arn:aws:elasticache:us-east-1:123456789012:user:web',
        ],
      },
    ],
    [
      'to read the secret',
      (stack) => ({ secret: token(stack) }),
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
    ],
  ])('grants %s', (_, attributes, statement) => {
    const stack = deployedStack();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
    imported(attributes(stack), stack).grantReadWrite(role);
    const template = templateOf(stack);
    const policy = resourceOf(template, 'AWS::IAM::Policy')?.Properties?.['PolicyDocument'];
    expect(resolveIntrinsics(policy, template)).toHaveProperty('Statement', [statement]);
  });

  test('has metrics if its nodes are known', () => {
    const group = imported({ cacheClusterIds: ['sessions-0001-001', 'sessions-0001-002'] });
    expect(group.metricReplicationLag().expression).toBe('MAX([node1, node2])');
    expect(group.metric('CurrItems').dimensions).toEqual({ CacheClusterId: 'sessions-0001-001' });
    expect(refusalOf(() => imported().metric('CurrItems')).code).toBe('ERR_SESSION_CACHE');
  });

  test('fails without security groups, to which nobody could be added', () => {
    expect(refusalOf(() => imported({ securityGroups: [] }))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'a cache has at least one security group, received an empty list of securityGroups: give those that the cache is to have, or has (at Stack/Sessions)',
    });
  });

  test('fails if it authenticates over connections that are not encrypted', () => {
    expect(refusalOf(() => imported({ userName: 'web', transitEncryption: false }))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'nobody authenticates without TLS, received transitEncryption false with a userName or a secret, importing Sessions: leave out what is not so (at Stack)',
    });
  });
});
