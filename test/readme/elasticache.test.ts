import { readFileSync } from 'node:fs';
import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { Duration, RemovalPolicy, Size, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import {
  CacheAuthentication,
  CacheEngine,
  CacheLog,
  CacheNodeType,
  ClusterMode,
  DailyWindow,
  Durability,
  EvictionPolicy,
  SessionReplicationGroup,
  type SessionReplicationGroupProps,
  SessionServerlessCache,
  type SessionServerlessCacheProps,
  TransitEncryption,
  Weekday,
  WeeklyWindow,
} from 'cdk-sessions';
import { startRedisServer } from '../support/redis-server.js';
import { deployedStack, templateOf } from '../support/stacks.js';
import type { CfnTemplate } from '../support/template.js';

const page = readFileSync('docs/elasticache.md', 'utf8');

/** What becomes of a cache in an update, in the words of the page. */
type Fate = 'untouched' | 'in place' | 'refused' | 'replaced';

/** What the tool says of it. */
type ByTool = Fate | 'perhaps replaced';

/** Props by the stack that they are for, as many of them are constructs; what is not given is as in the base. */
type Options<Props> = (stack: Stack) => Partial<Props>;

/** A change of options: what they were, and what they are now. */
interface Change<Props> {
  readonly from: Options<Props>;
  readonly to: Options<Props>;
  /**
   * What the tool says where that is not what happens, and where to read what does. The page links there.
   * @default - the tool is right
   */
  readonly tool?: { readonly says: ByTool; readonly but: string };
}

function change<Props>(to: Options<NoInfer<Props>>, from: Options<NoInfer<Props>> = () => ({})): Change<Props> {
  return { from, to };
}

/** The same where CloudFormation or ElastiCache does otherwise than the tool says. */
function but<Props>(says: ByTool, url: string, changed: Change<NoInfer<Props>>): Change<Props> {
  return { ...changed, tool: { says, but: url } };
}

const ROADMAP = 'https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues';
const GUIDE = 'https://docs.aws.amazon.com/AmazonElastiCache/latest/dg';
const TYPE =
  'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticache-replicationgroup.html';
const VERSIONS = `${GUIDE}/VersionManagement.HowTo.html`;
const MODES = `${GUIDE}/modify-cluster-mode.html`;

const anotherVpc = (stack: Stack) => new ec2.Vpc(stack, 'AnotherVpc', { maxAzs: 2, natGateways: 0, ...isolated });
const key = (stack: Stack) => new kms.Key(stack, 'Key');
const isolated = {
  subnetConfiguration: ['A', 'B'].map((name) => ({ name, subnetType: ec2.SubnetType.PRIVATE_ISOLATED })),
};

const OF_GROUP: Readonly<Record<string, Change<SessionReplicationGroupProps>>> = {
  '`nodeType`': change(() => ({ nodeType: CacheNodeType.R7G_XLARGE })),
  '`nodeType`, to or from data tiering': change(() => ({ nodeType: CacheNodeType.R6GD_XLARGE })),
  '`engine`, a later version': change(
    () => ({ engine: CacheEngine.VALKEY_9_0 }),
    () => ({ engine: CacheEngine.VALKEY_8_0 }),
  ),
  '`engine`, from Redis OSS to Valkey': but(
    'refused',
    TYPE,
    change(
      () => ({ engine: CacheEngine.VALKEY_8_0 }),
      () => ({ engine: CacheEngine.REDIS_7_1 }),
    ),
  ),
  '`engine`, an earlier version': but(
    'in place',
    VERSIONS,
    change(
      () => ({ engine: CacheEngine.VALKEY_8_0 }),
      () => ({ engine: CacheEngine.VALKEY_9_0 }),
    ),
  ),
  '`clusterMode`, from disabled to compatible, from compatible to enabled': change(
    () => ({ clusterMode: ClusterMode.COMPATIBLE }),
    () => ({ clusterMode: ClusterMode.DISABLED }),
  ),
  '`clusterMode`, any other change': but(
    'in place',
    MODES,
    change(
      () => ({ clusterMode: ClusterMode.DISABLED }),
      () => ({ clusterMode: ClusterMode.ENABLED }),
    ),
  ),
  '`shards`': but(
    'perhaps replaced',
    'https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html',
    change(() => ({ shards: 3 })),
  ),
  '`replicasPerShard`': but(
    'refused',
    `${ROADMAP}/918`,
    change(() => ({ replicasPerShard: 2 })),
  ),
  // Refused for another reason than the tool's, which is outdated here as well.
  '`replicasPerShard`, from 0': change(
    () => ({ clusterMode: ClusterMode.DISABLED }),
    () => ({ clusterMode: ClusterMode.DISABLED, replicasPerShard: 0 }),
  ),
  '`automaticFailover`': change(
    () => ({
      clusterMode: ClusterMode.DISABLED,
      automaticFailover: false,
      multiAz: false,
    }),
    () => ({ clusterMode: ClusterMode.DISABLED, multiAz: false }),
  ),
  '`multiAz`': change(() => ({ multiAz: false })),
  '`durability`': change(() => ({ durability: Durability.ASYNC })),
  '`evictionPolicy`, `sessionEvents`, `parameters`': change(() => ({
    evictionPolicy: EvictionPolicy.NO_EVICTION,
    sessionEvents: true,
    parameters: { 'tcp-keepalive': '60' },
  })),
  '`transitEncryption`': change(() => ({ transitEncryption: TransitEncryption.PREFERRED })),
  '`encryptionKey`': change((stack) => ({ encryptionKey: key(stack) })),
  '`authentication`, between IAM and password': change(() => ({ authentication: CacheAuthentication.password() })),
  '`authentication`, another access string': change(() => ({
    authentication: CacheAuthentication.iam({ accessString: 'on ~* +@all -@dangerous' }),
  })),
  '`authentication`, to a token': but(
    'perhaps replaced',
    TYPE,
    change(() => ({ authentication: CacheAuthentication.authToken() })),
  ),
  '`authentication`, from a token': but(
    'perhaps replaced',
    `${ROADMAP}/2356`,
    change(
      () => ({}),
      () => ({ authentication: CacheAuthentication.authToken() }),
    ),
  ),
  '`slowLog`, `engineLog`': change(() => ({ slowLog: CacheLog.none(), engineLog: CacheLog.none() })),
  '`snapshotRetention`, `snapshotWindow`': change(() => ({
    snapshotRetention: Duration.days(7),
    snapshotWindow: DailyWindow.utc('02:30'),
  })),
  '`maintenanceWindow`, `notificationTopic`, `autoMinorVersionUpgrade`, `description`': change((stack) => ({
    maintenanceWindow: WeeklyWindow.utc(Weekday.SUNDAY, '04:00'),
    notificationTopic: new sns.Topic(stack, 'Topic'),
    autoMinorVersionUpgrade: false,
    description: 'another',
  })),
  '`port`': change(() => ({ port: 6380 })),
  '`securityGroups`': change((stack) => ({
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789')],
  })),
  '`vpcSubnets`, of the same VPC': change(() => ({ vpcSubnets: { subnetGroupName: 'B' } })),
  '`vpc`': but(
    'untouched',
    `${GUIDE}/SubnetGroups.html`,
    change((stack) => ({ vpc: anotherVpc(stack) })),
  ),
  '`replicationGroupId`, `allowReplacement`': change(() => ({ allowReplacement: '2026-11' })),
  '`removalPolicy`': change(() => ({ removalPolicy: RemovalPolicy.RETAIN })),
};

const OF_SERVERLESS: Readonly<Record<string, Change<SessionServerlessCacheProps>>> = {
  '`engine`, a later major version, or from Redis OSS to Valkey': change(
    () => ({ engine: CacheEngine.VALKEY_8_0 }),
    () => ({ engine: CacheEngine.REDIS_7_1 }),
  ),
  '`engine`, an earlier version': but(
    'in place',
    VERSIONS,
    change(
      () => ({ engine: CacheEngine.VALKEY_8_0 }),
      () => ({ engine: CacheEngine.VALKEY_9_0 }),
    ),
  ),
  '`minimumDataStorage`, `maximumDataStorage`, `minimumEcpuPerSecond`, `maximumEcpuPerSecond`': change(() => ({
    minimumDataStorage: Size.gibibytes(1),
    maximumDataStorage: Size.gibibytes(10),
    minimumEcpuPerSecond: 1000,
    maximumEcpuPerSecond: 5000,
  })),
  '`encryptionKey`': change((stack) => ({ encryptionKey: key(stack) })),
  '`authentication`': change(() => ({ authentication: CacheAuthentication.password() })),
  '`snapshotRetention`, `dailySnapshotTime`, `finalSnapshotName`, `description`': change(() => ({
    snapshotRetention: Duration.days(7),
    dailySnapshotTime: '02:30',
    finalSnapshotName: 'last',
    description: 'another',
  })),
  '`securityGroups`': change((stack) => ({
    securityGroups: [ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789')],
  })),
  '`vpc`, `vpcSubnets`': change(() => ({ vpcSubnets: { subnetGroupName: 'B' } })),
  '`serverlessCacheName`, `allowReplacement`': change(() => ({ allowReplacement: '2026-11' })),
  '`removalPolicy`': change(() => ({ removalPolicy: RemovalPolicy.RETAIN })),
};

const GROUP = 'AWS::ElastiCache::ReplicationGroup';
const SERVERLESS = 'AWS::ElastiCache::ServerlessCache';

function groupWith(options: Options<SessionReplicationGroupProps>): CfnTemplate {
  const stack = deployedStack();
  const nodeType = CacheNodeType.R7G_LARGE;
  new SessionReplicationGroup(stack, 'Cache', { vpc: vpcIn(stack), nodeType, ...inA, ...options(stack) });
  return templateOf(stack);
}

function serverlessWith(options: Options<SessionServerlessCacheProps>): CfnTemplate {
  const stack = deployedStack();
  new SessionServerlessCache(stack, 'Cache', { vpc: vpcIn(stack), ...inA, ...options(stack) });
  return templateOf(stack);
}

const inA = { vpcSubnets: { subnetGroupName: 'A' } };

function vpcIn(stack: Stack): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0, ...isolated });
}

/** What the tool says of the one cache of this type. CloudFormation refuses to replace what keeps its given name. */
function fateByTool(type: string, before: CfnTemplate, after: CfnTemplate): ByTool {
  const fates: ByTool[] = [];
  fullDiff({ ...before }, { ...after }).resources.forEachDifference((_, { newResourceType, propertyUpdates }) => {
    if (newResourceType === type) {
      const impacts = Object.values(propertyUpdates).map(({ changeImpact }) => changeImpact);
      const renamed = ['ReplicationGroupId', 'ServerlessCacheName'].some((name) => name in propertyUpdates);
      fates.push(fateOf(impacts, renamed));
    }
  });
  return fates[0] ?? 'untouched';
}

function fateOf(impacts: readonly (ResourceImpact | undefined)[], renamed: boolean): ByTool {
  if (impacts.includes(ResourceImpact.WILL_REPLACE)) {
    return renamed ? 'replaced' : 'refused';
  }
  if (impacts.includes(ResourceImpact.MAY_REPLACE)) {
    return 'perhaps replaced';
  }
  return impacts.includes(ResourceImpact.WILL_UPDATE) ? 'in place' : 'untouched';
}

interface Row {
  readonly change: string;
  readonly fate: string;
  readonly note: string;
}

/** The rows of the table whose second column is headed by these words. */
function rowsBelow(heading: string): readonly Row[] {
  return tableHeaded(`change | ${heading} |`).map(([first = '', fate = '', note = '']) => ({
    change: first,
    fate,
    note,
  }));
}

/** The cells of the table with these headings, row by row. */
function tableHeaded(headings: string): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${headings}`));
  const rows = lines.slice(head + 2);
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

/** The options of an interface of props that are its own, as they are declared. */
function ownOptions(file: string): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => name);
}

describe.each([
  {
    construct: 'SessionReplicationGroup',
    type: GROUP,
    rows: rowsBelow('the group'),
    props: 'lib/constructs/session-replication-group-props.ts',
    changes: Object.entries(OF_GROUP).map(([name, { from, to, tool }]) => ({
      name,
      tool,
      synthesize: () => [groupWith(from), groupWith(to)] as const,
    })),
  },
  {
    construct: 'SessionServerlessCache',
    type: SERVERLESS,
    rows: rowsBelow('the cache'),
    props: 'lib/constructs/session-serverless-cache-props.ts',
    changes: Object.entries(OF_SERVERLESS).map(([name, { from, to, tool }]) => ({
      name,
      tool,
      synthesize: () => [serverlessWith(from), serverlessWith(to)] as const,
    })),
  },
])('what an update of a $construct does', ({ type, rows, props, changes }) => {
  test('is told of each of its options', () => {
    const told = rows.flatMap(({ change }) => [...change.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect([...new Set(told)].sort()).toEqual([...ownOptions(props)].sort());
  });

  test('is told of the changes that are tried here, and of no others', () => {
    expect(rows.map(({ change }) => change)).toEqual(changes.map(({ name }) => name));
  });

  test.each(changes)('$name', ({ name, tool, synthesize }) => {
    const row = rows.find(({ change }) => change === name);
    const says = fateByTool(type, ...synthesize());
    expect(row).toBeDefined();
    if (tool) {
      // Once the tool has learned better, it needs no correction.
      expect(says).toBe(tool.says);
      expect(row?.fate).not.toBe(says);
      expect(row?.note).toContain(tool.but);
    } else {
      expect(row?.fate).toBe(says);
    }
  });
});

describe('how large a cache must be', () => {
  /** The formula of the page. */
  const memory = (bytes: number) => 200 + 1.25 * bytes;

  test('is a formula, and the page has it', () => {
    expect(page).toContain('memory = sessions × (200 + 1.25 × bytes of a record)');
  });

  test('is what the formula comes to, on four fifths of three quarters of each node that has a name', () => {
    const rows = tableHeaded('node type | memory | sessions');
    const named = Object.keys(CacheNodeType).filter((name) => !name.startsWith('R6GD'));
    expect(rows.map(([name = '']) => name.replaceAll('`', ''))).toEqual(named);
    for (const [, size = '', sessions] of rows) {
      const fitting = (Number.parseFloat(size) * 2 ** 30 * 0.75 * 0.8) / memory(1024);
      expect(sessions).toBe((Math.floor(fitting / 1000) * 1000).toLocaleString('en-US'));
    }
  });

  test('is enough on a real server, whatever the size of a record, and no more than half again as much', async () => {
    const server = await startRedisServer();
    const used = async () => Number(/^used_memory:(\d+)/m.exec(await server.command('INFO', 'memory'))?.[1]);
    const fill = `for i = 1, 10000 do
      redis.call('SET', 'session:' .. string.sub(redis.sha1hex(i) .. 'abc', 1, 43), string.rep('x', ARGV[1]), 'PX', 43200000)
    end`;
    try {
      // Sizes just above those that the server's allocator has room for, and some in between.
      for (const bytes of [150, 300, 500, 1024, 1290, 2060, 5130, 10250]) {
        await server.command('FLUSHALL', 'SYNC');
        const before = await used();
        await server.command('EVAL', fill, '0', String(bytes));
        const each = ((await used()) - before) / 10_000;
        expect(memory(bytes)).toBeGreaterThan(each);
        expect(memory(bytes)).toBeLessThan(each * 1.5);
      }
    } finally {
      await server.stop();
    }
  });
});
