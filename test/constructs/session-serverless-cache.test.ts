import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { App, CfnParameter, Duration, Fn, RemovalPolicy, Size, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import {
  CacheAuthentication,
  CacheEngine,
  SessionServerlessCache,
  type SessionServerlessCacheProps,
} from 'cdk-sessions';
import { parseContract } from '../../lib/contract/parse.js';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../support/template.js';

/** Props by the stack that they are for, as many of them are constructs. */
type Options = (stack: Stack) => Partial<SessionServerlessCacheProps>;

const CACHE = 'AWS::ElastiCache::ServerlessCache';
/** What CloudFormation knows the cache by. Another would replace it. */
const LOGICAL_ID = 'SessionsServerlessCacheDF93926A';
const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c', 'us-east-1d'];

/** Subnets without a way out: one or two in each of as many zones. */
function isolatedVpc(stack: Stack, zones = 2, subnetsInEach = 1): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', {
    availabilityZones: ZONES.slice(0, zones),
    natGateways: 0,
    subnetConfiguration: ['one', 'two'].slice(0, subnetsInEach).map((name) => ({
      name,
      subnetType: ec2.SubnetType.PRIVATE_ISOLATED,
    })),
  });
}

function cacheIn(stack: Stack, options: Options = () => ({})): SessionServerlessCache {
  const { vpc = isolatedVpc(stack), ...props } = options(stack);
  return new SessionServerlessCache(stack, 'Sessions', { vpc, ...props });
}

function synthesized(options?: Options): CfnTemplate {
  const stack = deployedStack();
  cacheIn(stack, options);
  return templateOf(stack);
}

function resourceOf(template: CfnTemplate, type: string) {
  return template.Resources[onlyLogicalId(template, type)];
}

const propertiesWith = (options?: Options) => resourceOf(synthesized(options), CACHE)?.Properties;

describe('a serverless cache', () => {
  test('is encrypted, has users who authenticate and a day of snapshots, and no limits, by default', () => {
    const template = synthesized();
    const idOf = (type: string) => onlyLogicalId(template, type);
    expect(resourceOf(template, CACHE)).toEqual({
      Type: CACHE,
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      DependsOn: expect.arrayContaining([idOf('AWS::ElastiCache::UserGroup')]),
      Properties: {
        ServerlessCacheName: 'stack-sessions-ad7d2b3d52',
        Description: 'Stack/Sessions',
        Engine: 'valkey',
        MajorEngineVersion: '9',
        SubnetIds: [{ Ref: expect.stringMatching(/^VpconeSubnet1/) }, { Ref: expect.stringMatching(/^VpconeSubnet2/) }],
        SecurityGroupIds: [{ 'Fn::GetAtt': [idOf('AWS::EC2::SecurityGroup'), 'GroupId'] }],
        UserGroupId: { Ref: idOf('AWS::ElastiCache::UserGroup') },
        SnapshotRetentionLimit: 1,
        FinalSnapshotName: 'stack-sessions-ad7d2b3d52-final',
      },
    });
  });

  test('lets nobody in and nothing out by itself', () => {
    const properties = resourceOf(synthesized(), 'AWS::EC2::SecurityGroup')?.Properties;
    expect(properties).toMatchObject({ SecurityGroupEgress: [{ CidrIp: '255.255.255.255/32' }] });
    expect(properties).not.toHaveProperty('SecurityGroupIngress');
  });

  test('keeps its logical ids and its name: others would replace it and lose every session', () => {
    const template = synthesized();
    expect(onlyLogicalId(template, CACHE)).toBe(LOGICAL_ID);
    expect(onlyLogicalId(template, 'AWS::EC2::SecurityGroup')).toBe('SessionsSecurityGroupDC1B8A75');
  });

  test.each([
    [RemovalPolicy.RETAIN, 'Retain'],
    [RemovalPolicy.SNAPSHOT, 'Delete'],
  ])('has with removalPolicy %s a security group that goes or stays with it', (removalPolicy, policy) => {
    const template = synthesized(() => ({ removalPolicy }));
    expect(resourceOf(template, 'AWS::EC2::SecurityGroup')).toMatchObject({ DeletionPolicy: policy });
  });

  test('is reached by escape hatches through its default child', () => {
    const stack = deployedStack();
    cacheIn(stack).applyRemovalPolicy(RemovalPolicy.RETAIN);
    expect(resourceOf(templateOf(stack), CACHE)).toMatchObject({ DeletionPolicy: 'Retain' });
  });

  test('stays under another name only when its replacement is asked for, and once for each text', () => {
    const nameOf = (options?: Options) => propertiesWith(options)?.['ServerlessCacheName'];
    expect(nameOf((stack) => ({ vpc: isolatedVpc(stack, 3) }))).toBe(nameOf());
    expect(nameOf(() => ({ allowReplacement: '1' }))).not.toBe(nameOf());
    expect(nameOf(() => ({ allowReplacement: '1' }))).toBe(nameOf(() => ({ allowReplacement: '1' })));
    expect(nameOf(() => ({ allowReplacement: '1' }))).not.toBe(nameOf(() => ({ allowReplacement: '2' })));
  });

  test('leaves a last snapshot of another name when it is replaced, as ElastiCache takes no two of one name', () => {
    const snapshotOf = (allowReplacement: string) =>
      propertiesWith(() => ({ allowReplacement }))?.['FinalSnapshotName'];
    expect(snapshotOf('1')).not.toBe(snapshotOf('2'));
  });

  test('has an endpoint for each of its two ports', () => {
    const stack = deployedStack();
    const cache = cacheIn(stack);
    const attribute = (name: string) => ({ 'Fn::GetAtt': [onlyLogicalId(templateOf(stack), CACHE), name] });
    expect(stack.resolve([cache.endpointAddress, cache.port])).toEqual([attribute('Endpoint.Address'), 6379]);
    expect(stack.resolve([cache.readerEndpointAddress, cache.readerPort])).toEqual([
      attribute('ReaderEndpoint.Address'),
      6380,
    ]);
  });
});

describe('each option', () => {
  test.each<[string, Options, Record<string, unknown>]>([
    ['engine', () => ({ engine: CacheEngine.VALKEY_8_1 }), { Engine: 'valkey', MajorEngineVersion: '8' }],
    ['engine: Redis OSS', () => ({ engine: CacheEngine.REDIS_7_0 }), { Engine: 'redis', MajorEngineVersion: '7' }],
    [
      'minimumDataStorage and maximumDataStorage',
      () => ({ minimumDataStorage: Size.gibibytes(1), maximumDataStorage: Size.tebibytes(2) }),
      { CacheUsageLimits: { DataStorage: { Minimum: 1, Maximum: 2048, Unit: 'GB' } } },
    ],
    [
      'minimumEcpuPerSecond and maximumEcpuPerSecond',
      () => ({ minimumEcpuPerSecond: 1000, maximumEcpuPerSecond: 15_000_000 }),
      { CacheUsageLimits: { ECPUPerSecond: { Minimum: 1000, Maximum: 15_000_000 } } },
    ],
    [
      'one end of each limit',
      () => ({ maximumDataStorage: Size.gibibytes(5000), minimumEcpuPerSecond: 2000 }),
      { CacheUsageLimits: { DataStorage: { Maximum: 5000, Unit: 'GB' }, ECPUPerSecond: { Minimum: 2000 } } },
    ],
    [
      'limits of one number',
      () => ({ minimumDataStorage: Size.gibibytes(3), maximumDataStorage: Size.gibibytes(3) }),
      { CacheUsageLimits: { DataStorage: { Minimum: 3, Maximum: 3, Unit: 'GB' } } },
    ],
    [
      'encryptionKey',
      (stack) => ({ encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1') }),
      { KmsKeyId: 'arn:aws:kms:us-east-1:123456789012:key/1' },
    ],
    ['snapshotRetention', () => ({ snapshotRetention: Duration.days(35) }), { SnapshotRetentionLimit: 35 }],
    ['no snapshots', () => ({ snapshotRetention: Duration.days(0) }), { SnapshotRetentionLimit: 0 }],
    ['dailySnapshotTime', () => ({ dailySnapshotTime: '02:30' }), { DailySnapshotTime: '02:30' }],
    ['finalSnapshotName', () => ({ finalSnapshotName: 'last-one' }), { FinalSnapshotName: 'last-one' }],
    ['description', () => ({ description: 'Sessions' }), { Description: 'Sessions' }],
    [
      'serverlessCacheName, which the last snapshot has in its name',
      () => ({ serverlessCacheName: 'sessions' }),
      { ServerlessCacheName: 'sessions', FinalSnapshotName: 'sessions-final' },
    ],
    [
      'securityGroups',
      (stack) => ({ securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')] }),
      { SecurityGroupIds: ['sg-1'] },
    ],
  ])('%s', (_, options, expected) => {
    expect(propertiesWith(options)).toEqual({ ...propertiesWith(), ...expected, ...sameUsers(options, expected) });
  });

  /** An engine of its own has users of its own. */
  function sameUsers(options: Options, { Engine }: Record<string, unknown>) {
    return Engine === undefined ? {} : { UserGroupId: propertiesWith(options)?.['UserGroupId'] };
  }

  test('authentication: users by their passwords, which are rotated', () => {
    const template = synthesized((stack) => ({
      vpc: new ec2.Vpc(stack, 'Own', { availabilityZones: ZONES.slice(0, 2) }),
      authentication: CacheAuthentication.password(),
    }));
    expect(resourceOf(template, 'AWS::ElastiCache::User')?.Properties).toMatchObject({
      AuthenticationMode: { Type: 'password' },
    });
    expect(resourceOf(template, CACHE)?.Properties?.['UserGroupId']).toEqual({
      Ref: onlyLogicalId(template, 'AWS::ElastiCache::UserGroup'),
    });
    expect(onlyLogicalId(template, 'AWS::SecretsManager::RotationSchedule')).toBeDefined();
    expect(resourceOf(template, 'AWS::Lambda::Function')?.Properties).toMatchObject({
      Environment: {
        Variables: { ENDPOINT: { 'Fn::GetAtt': [LOGICAL_ID, 'Endpoint.Address'] }, PORT: '6379' },
      },
    });
  });

  test.each<[RemovalPolicy, string, boolean]>([
    [RemovalPolicy.SNAPSHOT, 'Delete', true],
    [RemovalPolicy.DESTROY, 'Delete', false],
    [RemovalPolicy.RETAIN, 'Retain', false],
  ])('removalPolicy %s, when it is removed and when it is replaced', (removalPolicy, policy, snapshot) => {
    const cache = resourceOf(
      synthesized(() => ({ removalPolicy })),
      CACHE,
    );
    expect(cache).toMatchObject({ DeletionPolicy: policy, UpdateReplacePolicy: policy });
    expect('FinalSnapshotName' in (cache?.Properties ?? {})).toBe(snapshot);
  });

  describe('vpcSubnets', () => {
    const subnetsOf = (options: Options) => {
      const { SubnetIds } = propertiesWith(options) ?? {};
      return (SubnetIds as { Ref: string }[]).map(({ Ref }) => Ref.slice(0, -8));
    };

    test('are, unless given, one in each zone', () => {
      expect(subnetsOf((stack) => ({ vpc: isolatedVpc(stack, 2, 2) }))).toEqual([
        'VpconeSubnet1Subnet',
        'VpconeSubnet2Subnet',
      ]);
    });

    test('are, unless given, in no more zones than a cache takes', () => {
      expect(subnetsOf((stack) => ({ vpc: isolatedVpc(stack, 4) }))).toHaveLength(3);
    });

    test('are taken as given', () => {
      expect(
        subnetsOf((stack) => ({
          vpc: isolatedVpc(stack, 4, 2),
          vpcSubnets: { subnetGroupName: 'two', availabilityZones: ['us-east-1b', 'us-east-1d'] },
        })),
      ).toEqual(['VpctwoSubnet2Subnet', 'VpctwoSubnet4Subnet']);
    });
  });

  test('what only the deployment knows passes through', () => {
    const number = (stack: Stack, id: string) => new CfnParameter(stack, id, { type: 'Number' }).valueAsNumber;
    const properties = propertiesWith((stack) => ({
      engine: CacheEngine.valkey(Fn.ref('Version'), 'valkey9'),
      minimumDataStorage: Size.gibibytes(number(stack, 'LeastStorage')),
      maximumDataStorage: Size.gibibytes(2),
      minimumEcpuPerSecond: 2000,
      maximumEcpuPerSecond: number(stack, 'MostEcpu'),
      snapshotRetention: Duration.days(number(stack, 'Retention')),
      dailySnapshotTime: Fn.ref('Time'),
      finalSnapshotName: Fn.ref('Snapshot'),
      serverlessCacheName: Fn.ref('Name'),
      description: Fn.ref('Description'),
    }));
    expect(properties).toMatchObject({
      MajorEngineVersion: { 'Fn::Select': [0, { 'Fn::Split': ['.', { Ref: 'Version' }] }] },
      CacheUsageLimits: {
        DataStorage: { Minimum: { Ref: 'LeastStorage' }, Maximum: 2, Unit: 'GB' },
        ECPUPerSecond: { Minimum: 2000, Maximum: { Ref: 'MostEcpu' } },
      },
      SnapshotRetentionLimit: { Ref: 'Retention' },
      DailySnapshotTime: { Ref: 'Time' },
      FinalSnapshotName: { Ref: 'Snapshot' },
      ServerlessCacheName: { Ref: 'Name' },
      Description: { Ref: 'Description' },
    });
  });

  test('subnets that CDK has yet to look up pass through', () => {
    const lookedUp: Options = (stack) => ({
      vpc: ec2.Vpc.fromLookup(stack, 'Imported', { vpcId: 'vpc-1' }),
      vpcSubnets: { availabilityZones: ['us-east-1a'] },
    });
    expect(propertiesWith(lookedUp)).toHaveProperty('SubnetIds');
  });

  test('zones that only the deployment knows pass through', () => {
    const properties = propertiesWith((stack) => ({
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Imported', {
        vpcId: Fn.importValue('vpc'),
        availabilityZones: Fn.split(',', Fn.importValue('zones'), 2),
        isolatedSubnetIds: Fn.split(',', Fn.importValue('subnets'), 2),
      }),
    }));
    expect(properties?.['SubnetIds']).toHaveLength(2);
  });
});

/** CloudFormation refuses to replace a resource of a given name, so that what replaces it fails and loses nothing. */
describe('an update', () => {
  const impactOf = (options: Options) =>
    fullDiff(synthesized(), synthesized(options)).resources.get(LOGICAL_ID).changeImpact;
  const key: Options = (stack) => ({
    encryptionKey: kms.Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:us-east-1:123456789012:key/1'),
  });

  test.each<[string, Options]>([
    ['encryptionKey', key],
    ['vpcSubnets', (stack) => ({ vpc: isolatedVpc(stack, 3) })],
    ['serverlessCacheName', () => ({ serverlessCacheName: 'sessions' })],
    ['allowReplacement', () => ({ allowReplacement: '1' })],
  ])('of %s replaces the cache', (_, options) => {
    expect(impactOf(options)).toBe(ResourceImpact.WILL_REPLACE);
  });

  test('that would replace it leaves it its name, so that CloudFormation refuses', () => {
    expect(propertiesWith(key)?.['ServerlessCacheName']).toBe(propertiesWith()?.['ServerlessCacheName']);
  });

  test.each<[string, Options]>([
    ['engine and users', () => ({ engine: CacheEngine.REDIS_7_1 })],
    ['the limits', () => ({ maximumDataStorage: Size.gibibytes(5), maximumEcpuPerSecond: 5000 })],
    [
      'securityGroups',
      (stack) => ({ securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1')] }),
    ],
    [
      'the snapshots',
      () => ({ snapshotRetention: Duration.days(2), dailySnapshotTime: '02:30', finalSnapshotName: 'last' }),
    ],
    ['description', () => ({ description: 'Sessions' })],
  ])('of %s is made in place', (_, options) => {
    expect(impactOf(options)).toBe(ResourceImpact.WILL_UPDATE);
  });
});

describe('what ElastiCache would refuse or leave out is refused at synth', () => {
  const LOWER_CASE = 'lower-case letters, digits and single hyphens, a letter first and no hyphen last, received';

  test.each<[string, Options, string]>([
    [
      'Redis OSS before 7',
      () => ({ engine: CacheEngine.REDIS_6_2 }),
      'a serverless cache runs Valkey, or Redis OSS 7, received redis 6.2: take a later engine',
    ],
    [
      'an AUTH token',
      () => ({ authentication: CacheAuthentication.authToken() }),
      'a serverless cache has users and no AUTH token, received CacheAuthentication.authToken(): take CacheAuthentication.iam(), or CacheAuthentication.password()',
    ],
    [
      'no security group, for which ElastiCache would take the default one of the VPC',
      () => ({ securityGroups: [] }),
      'a cache has at least one security group, received an empty list of securityGroups: give those that the cache is to have, or has',
    ],
    [
      'less than a gibibyte',
      () => ({ minimumDataStorage: Size.mebibytes(512) }),
      'minimumDataStorage must be a whole number of gibibytes from 1 to 5000, received 0.5',
    ],
    [
      'more data than a cache holds',
      () => ({ maximumDataStorage: Size.gibibytes(5001) }),
      'maximumDataStorage must be a whole number of gibibytes from 1 to 5000, received 5001',
    ],
    [
      'limits of data the wrong way round',
      () => ({ minimumDataStorage: Size.gibibytes(10), maximumDataStorage: Size.gibibytes(9) }),
      'minimumDataStorage must not be above maximumDataStorage, received 10 and 9',
    ],
    [
      'fewer ECPUs than can be asked for',
      () => ({ minimumEcpuPerSecond: 999 }),
      'minimumEcpuPerSecond must be a whole number from 1000 to 15000000, received 999',
    ],
    [
      'more ECPUs than a cache serves',
      () => ({ maximumEcpuPerSecond: 15_000_001 }),
      'maximumEcpuPerSecond must be a whole number from 1000 to 15000000, received 15000001',
    ],
    [
      'half an ECPU',
      () => ({ maximumEcpuPerSecond: 1000.5 }),
      'maximumEcpuPerSecond must be a whole number from 1000 to 15000000, received 1000.5',
    ],
    [
      'limits of ECPUs the wrong way round',
      () => ({ minimumEcpuPerSecond: 3000, maximumEcpuPerSecond: 2000 }),
      'minimumEcpuPerSecond must not be above maximumEcpuPerSecond, received 3000 and 2000',
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
      'a time that no clock shows',
      () => ({ dailySnapshotTime: '24:00' }),
      'dailySnapshotTime must be a time from 00:00 to 23:59 in UTC, received "24:00"',
    ],
    [
      'a time for snapshots that are not taken',
      () => ({ snapshotRetention: Duration.days(0), dailySnapshotTime: '02:30' }),
      'without snapshots there is no time for them, received snapshotRetention 0 days and dailySnapshotTime 02:30: leave one of them out',
    ],
    [
      'a name for a last snapshot that is not taken',
      () => ({ removalPolicy: RemovalPolicy.DESTROY, finalSnapshotName: 'last-one' }),
      'only RemovalPolicy.SNAPSHOT takes a last snapshot, received finalSnapshotName with the removalPolicy destroy: leave one of them out',
    ],
    [
      'a snapshot with two hyphens together',
      () => ({ finalSnapshotName: 'last--one' }),
      `finalSnapshotName must be up to 255 ${LOWER_CASE} "last--one"`,
    ],
    [
      'a snapshot of 256 characters',
      () => ({ finalSnapshotName: 'x'.repeat(256) }),
      `finalSnapshotName must be up to 255 ${LOWER_CASE} "${'x'.repeat(256)}"`,
    ],
    [
      'a name in upper case, which tokens of IAM would not be signed for',
      () => ({ serverlessCacheName: 'Sessions' }),
      `serverlessCacheName must be up to 40 ${LOWER_CASE} "Sessions"`,
    ],
    [
      'a name of 41 characters',
      () => ({ serverlessCacheName: 'x'.repeat(41) }),
      `serverlessCacheName must be up to 40 ${LOWER_CASE} "${'x'.repeat(41)}"`,
    ],
    [
      'two ways to a new name',
      () => ({ serverlessCacheName: 'sessions', allowReplacement: '1' }),
      'a cache with a given name is replaced by giving it another, received both serverlessCacheName and allowReplacement: change the name, and leave allowReplacement out',
    ],
    [
      'no description',
      () => ({ description: '' }),
      'description must be one line of 1 to 255 characters without < and >, received ""',
    ],
    [
      'a description that looks like markup',
      () => ({ description: 'of <b>all</b>' }),
      'description must be one line of 1 to 255 characters without < and >, received "of <b>all</b>"',
    ],
    [
      'one subnet',
      (stack) => ({ vpc: isolatedVpc(stack, 1) }),
      'a serverless cache takes two or three subnets, each in another availability zone, received 1 in us-east-1a: give other vpcSubnets',
    ],
    [
      'no subnet',
      () => ({ vpcSubnets: { subnetFilters: [ec2.SubnetFilter.byIds([])] } }),
      'a serverless cache takes two or three subnets, each in another availability zone, received 0: give other vpcSubnets',
    ],
    [
      'four subnets that were asked for',
      (stack) => ({
        vpc: isolatedVpc(stack, 4),
        vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      }),
      'a serverless cache takes two or three subnets, each in another availability zone, received 4 in us-east-1a,us-east-1b,us-east-1c,us-east-1d: give other vpcSubnets',
    ],
    [
      'two subnets in one zone',
      (stack) => ({ vpc: isolatedVpc(stack, 2, 2), vpcSubnets: { availabilityZones: ['us-east-1b'] } }),
      'a serverless cache takes two or three subnets, each in another availability zone, received 2 in us-east-1b,us-east-1b: give other vpcSubnets',
    ],
  ])('%s', (_, options, message) => {
    expect(refusalOf(() => synthesized(options))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message: `${message} (at Stack/Sessions)`,
    });
  });
});

describe('a consumer', () => {
  test('is told of the endpoint and how to authenticate', () => {
    const stack = deployedStack();
    const { stores } = cacheIn(stack).bind(stack);
    const template = templateOf(stack);
    expect(resolveIntrinsics(stack.resolve(stores), template)).toEqual({
      primary: {
        kind: 'redis',
        endpoint: `${LOGICAL_ID}.Endpoint.Address`,
        port: 6379,
        cluster: true,
        tls: true,
        authentication: {
          kind: 'iam',
          user: resourceOf(template, 'AWS::ElastiCache::User')?.Properties?.['UserName'],
          cache: LOGICAL_ID,
          serverless: true,
        },
      },
    });
  });

  test('may connect to exactly this cache as exactly its user', () => {
    const stack = deployedStack();
    cacheIn(stack).grantReadWrite(new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = templateOf(stack);
    const policy = resolveIntrinsics(
      resourceOf(template, 'AWS::IAM::Policy')?.Properties?.['PolicyDocument'],
      template,
    );
    expect(policy).toHaveProperty('Statement', [
      {
        Effect: 'Allow',
        Action: 'elasticache:Connect',
        Resource: [
          `arn:aws:elasticache:us-east-1:123456789012:serverlesscache:${LOGICAL_ID}`,
          `arn:aws:elasticache:us-east-1:123456789012:user:${resourceOf(template, 'AWS::ElastiCache::User')?.Properties?.['UserId']}`,
        ],
      },
    ]);
  });

  test('fails to be let end sessions and read none, which a cache cannot tell apart', () => {
    const cache = cacheIn(deployedStack());
    expect(refusalOf(() => cache.grantRevoke(new iam.ServicePrincipal('lambda.amazonaws.com')))).toEqual({
      code: 'ERR_SESSION_CACHE',
      message:
        'a cache has no such grant yet: who connects to it may read as well, take grantReadWrite(), or a SessionTable (at Stack/Sessions)',
    });
  });

  test('that is no store of sessions is let in at both ports by a connection to the default port', () => {
    const stack = deployedStack();
    cacheIn(stack).connections.allowDefaultPortFrom(ec2.Peer.ipv4('10.0.0.0/16'));
    expect(resourceOf(templateOf(stack), 'AWS::EC2::SecurityGroup')?.Properties).toMatchObject({
      SecurityGroupIngress: [{ CidrIp: '10.0.0.0/16', FromPort: 6379, ToPort: 6380 }],
    });
  });

  describe('in another stack than cache and network', () => {
    const app = new App();
    const network = deployedStack(app, 'Network');
    const storage = deployedStack(app, 'Storage');
    const web = deployedStack(app, 'Web');
    const vpc = isolatedVpc(network);
    const cache = new SessionServerlessCache(storage, 'Sessions', { vpc });
    cache.attachFunction(
      plainFunction(web, 'Web', {
        vpc,
        vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
        allowAllOutbound: false,
      }),
    );

    test('makes no cycle of them', () => {
      const dependencies = app
        .synth()
        .stacks.map(({ id, dependencies }) => [
          id,
          dependencies.map((dependency) => dependency.id.split('.')[0]).filter((name) => name !== id),
        ]);
      expect(Object.fromEntries(dependencies)).toEqual({
        Network: [],
        Storage: ['Network'],
        Web: ['Network', 'Storage'],
      });
    });

    test.each(['Ingress', 'Egress'])('has an %s rule for both ports', (kind) => {
      expect(resourceOf(templateOf(web), `AWS::EC2::SecurityGroup${kind}`)?.Properties).toMatchObject({
        IpProtocol: 'tcp',
        FromPort: 6379,
        ToPort: 6380,
      });
    });

    test('is told what its client can read', () => {
      const template = templateOf(web);
      const fn = resourceOf(template, 'AWS::Lambda::Function');
      const { Variables } = resolveIntrinsics(fn?.Properties?.['Environment'], template, [
        templateOf(storage),
        templateOf(network),
      ]) as { Variables: { CDK_SESSIONS: string } };
      expect(parseContract(Variables.CDK_SESSIONS).stores.primary).toMatchObject({
        kind: 'redis',
        cluster: true,
        tls: true,
        authentication: { kind: 'iam', serverless: true },
      });
    });
  });
});

describe('metrics', () => {
  test.each<[string, string, (cache: SessionServerlessCache) => { toMetricConfig(): { metricStat?: unknown } }]>([
    ['CacheHits', 'Average', (cache) => cache.metric('CacheHits')],
    ['BytesUsedForCache', 'Maximum', (cache) => cache.metricBytesUsedForCache()],
    ['ElastiCacheProcessingUnits', 'Sum', (cache) => cache.metricElastiCacheProcessingUnits()],
    ['ThrottledCmds', 'Sum', (cache) => cache.metricThrottledCmds()],
    ['Evictions', 'Sum', (cache) => cache.metricEvictions()],
    ['CurrConnections', 'Maximum', (cache) => cache.metricCurrConnections()],
    ['SuccessfulReadRequestLatency', 'Average', (cache) => cache.metricSuccessfulReadRequestLatency()],
    [
      'SuccessfulWriteRequestLatency',
      'p99',
      (cache) => cache.metricSuccessfulWriteRequestLatency({ statistic: 'p99' }),
    ],
    ['AuthenticationFailures', 'Sum', (cache) => cache.metricAuthenticationFailures()],
  ])('%s, the %s', (metricName, statistic, metricOf) => {
    const stack = deployedStack();
    const metric = metricOf(cacheIn(stack));
    expect(stack.resolve(metric.toMetricConfig().metricStat)).toMatchObject({
      namespace: 'AWS/ElastiCache',
      metricName,
      statistic,
      dimensions: [{ name: 'clusterId', value: { Ref: LOGICAL_ID } }],
    });
  });
});

describe('what cdk-nag and the Control Tower rules ask of a replication group, and do not look for in a serverless cache', () => {
  const stack = deployedStack();
  cacheIn(stack);
  const template = templateOf(stack);
  const properties = resourceOf(template, CACHE)?.Properties;

  test('it stands in subnets that were chosen for it, and not in the default VPC', () => {
    expect(properties?.['SubnetIds']).toHaveLength(2);
  });

  test('it has snapshots, and a last one', () => {
    expect(properties?.['SnapshotRetentionLimit']).toBeGreaterThanOrEqual(1);
    expect(properties?.['FinalSnapshotName']).toBeDefined();
  });

  test('it has a user group in which everybody must authenticate', () => {
    expect(properties?.['UserGroupId']).toEqual({ Ref: onlyLogicalId(template, 'AWS::ElastiCache::UserGroup') });
    const users = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::ElastiCache::User');
    const open = users.filter(({ Properties }) => {
      const { AuthenticationMode, AccessString } = Properties ?? {};
      const { Type } = AuthenticationMode as { Type: string };
      return Type === 'no-password-required' && AccessString !== 'off -@all';
    });
    expect(users).not.toEqual([]);
    expect(open).toEqual([]);
  });

  test('its security group is open to nobody', () => {
    expect(Object.values(template.Resources).map(({ Type }) => Type)).not.toContain('AWS::EC2::SecurityGroupIngress');
    expect(resourceOf(template, 'AWS::EC2::SecurityGroup')?.Properties).not.toHaveProperty('SecurityGroupIngress');
  });
});
