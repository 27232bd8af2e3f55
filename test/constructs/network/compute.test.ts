import type { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import {
  CacheNodeType,
  type ISessionStore,
  SessionKeys,
  SessionReplicationGroup,
  SessionServerlessCache,
  SessionTable,
} from 'cdk-sessions';
import type { Construct } from 'constructs';
import { INSTANCE, launchTemplateApp, plainGroup, plainService, plainTask } from '../../support/compute.js';
import { NetworkedStore } from '../../support/networked-store.js';
import { refusalOf } from '../../support/refusal.js';
import { deployedStack, templateOf, warningsOf } from '../../support/stacks.js';

const image = ecs.ContainerImage.fromRegistry('shop');
const ISOLATED = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const PUBLIC = { subnetType: ec2.SubnetType.PUBLIC };

type MakesStore = (scope: Construct, vpc: ec2.IVpc, keys: SessionKeys) => ISessionStore;
const STORES: [string, MakesStore][] = [
  ['a table', (scope, _vpc, keys) => new SessionTable(scope, 'Sessions', { keys })],
  [
    'a replication group',
    (scope, vpc, keys) =>
      new SessionReplicationGroup(scope, 'Sessions', { vpc, keys, nodeType: CacheNodeType.T4G_MICRO }),
  ],
  ['a serverless cache', (scope, vpc, keys) => new SessionServerlessCache(scope, 'Sessions', { vpc, keys })],
];

type Attaches = (store: ISessionStore, stack: Stack, vpc: ec2.IVpc) => void;
const CONSUMERS: [string, Attaches][] = [
  [
    'a service on Fargate',
    (store, stack, vpc) => store.attachEcsService(plainService(stack, vpc, { vpcSubnets: ISOLATED })),
  ],
  [
    'a service on instances',
    (store, stack, vpc) => {
      const cluster = clusterIn(stack, vpc, ISOLATED);
      store.attachEcsService(bridged(stack, cluster));
    },
  ],
  [
    'an Auto Scaling group',
    (store, stack, vpc) => store.attachAutoScalingGroup(plainGroup(stack, vpc, { vpcSubnets: ISOLATED })),
  ],
];

function clusterIn(stack: Stack, vpc: ec2.IVpc, vpcSubnets: ec2.SubnetSelection): ecs.Cluster {
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  cluster.addCapacity('Capacity', { instanceType: INSTANCE.instanceType, vpcSubnets });
  return cluster;
}

/** A service whose tasks have no network of their own. */
function bridged(stack: Stack, cluster: ecs.ICluster, id = 'Web'): ecs.Ec2Service {
  const taskDefinition = new ecs.Ec2TaskDefinition(stack, `${id}Task`);
  taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
  return new ecs.Ec2Service(stack, id, { cluster, taskDefinition });
}

/** Which stacks each stack waits for. @throws if one waits for itself. */
function dependencies(app: App): Record<string, string[]> {
  return Object.fromEntries(
    app.synth().stacks.map(({ id, dependencies }) => [
      id,
      dependencies
        .map((dependency) => dependency.id.split('.')[0] ?? '')
        .filter((name) => name !== id)
        .sort(),
    ]),
  );
}

/** How many rules a stack makes that let somebody in at a port. */
function rules(stack: Stack, port: number): number {
  return Object.values(templateOf(stack).Resources).filter(
    ({ Type, Properties }) => Type === 'AWS::EC2::SecurityGroupIngress' && Properties?.['FromPort'] === port,
  ).length;
}

function endpoints(stack: Stack): number {
  return Object.values(templateOf(stack).Resources).filter(({ Type }) => Type === 'AWS::EC2::VPCEndpoint').length;
}

/** Stacks of an app, and a VPC with subnets of both kinds in one of them. */
function stacks() {
  const app = launchTemplateApp();
  const [network, storage, web] = ['Network', 'Storage', 'Web'].map((id) => deployedStack(app, id)) as [
    Stack,
    Stack,
    Stack,
  ];
  const vpc = new ec2.Vpc(network, 'Vpc', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: [
      { name: 'own', ...ISOLATED },
      { name: 'open', ...PUBLIC },
    ],
  });
  return { app, network, storage, web, vpc };
}

describe.each(STORES)('%s', (_, storeIn) => {
  test.each(CONSUMERS)(
    'serves %s of another stack, in the network of a third, and none waits for itself',
    (_, attach) => {
      const { app, network, storage, web, vpc } = stacks();
      const store = storeIn(storage, vpc, new SessionKeys(storage, 'Keys'));
      attach(store, web, vpc);
      const inVpc = !(store instanceof SessionTable);
      expect(dependencies(app)).toEqual({
        Network: [],
        Storage: inVpc ? ['Network'] : [],
        Web: ['Network', 'Storage'],
      });
      expect(rules(web, 6379)).toBe(inVpc ? 1 : 0);
      // Isolated subnets lead to Secrets Manager, and to the table, by endpoints of the VPC.
      expect(endpoints(network)).toBe(inVpc ? 1 : 2);
      expect(warningsOf(web)).toEqual([]);
    },
  );
});

describe('services that share the instances of a cluster in a stack of its own', () => {
  test('are let in by one rule in its stack: EC2 refuses one rule twice', () => {
    const { app, storage, web, vpc } = stacks();
    const [compute, admin] = [deployedStack(app, 'Compute'), deployedStack(app, 'Admin')];
    const store = new NetworkedStore(storage, 'Sessions', { vpc });
    const cluster = clusterIn(compute, vpc, ISOLATED);
    for (const stack of [web, admin]) {
      store.attachEcsService(bridged(stack, cluster));
    }
    expect(dependencies(app)).toMatchObject({ Network: [], Storage: ['Network'], Compute: ['Network', 'Storage'] });
    expect([storage, compute, web, admin].map((stack) => rules(stack, 6379))).toEqual([0, 1, 0, 0]);
  });

  test('fail at synth when it gets capacity that no store was told of', () => {
    const { storage, web, vpc } = stacks();
    const cluster = clusterIn(web, vpc, ISOLATED);
    new NetworkedStore(storage, 'Sessions', { vpc }).attachEcsService(bridged(web, cluster));
    cluster.addCapacity('More', { instanceType: INSTANCE.instanceType, vpcSubnets: ISOLATED });
    expect(refusalOf(() => templateOf(web)).message).toContain(
      'Web/Cluster/More/InstanceSecurityGroup was added to Web/Cluster too late to be let in by a store: add capacity before anything is attached',
    );
  });

  test('may use a table whenever it gets more', () => {
    const { storage, web, vpc } = stacks();
    const cluster = clusterIn(web, vpc, ISOLATED);
    new SessionTable(storage, 'Sessions').attachEcsService(bridged(web, cluster));
    cluster.addCapacity('More', { instanceType: INSTANCE.instanceType, vpcSubnets: ISOLATED });
    expect(() => templateOf(web)).not.toThrow();
  });
});

test('services that share a task definition are each let in', () => {
  const { storage, web, vpc } = stacks();
  const store = new NetworkedStore(storage, 'Sessions', { vpc });
  const cluster = new ecs.Cluster(web, 'Cluster', { vpc });
  const taskDefinition = plainTask(web);
  for (const id of ['Web', 'Canary']) {
    store.attachEcsService(new ecs.FargateService(web, id, { cluster, taskDefinition, vpcSubnets: ISOLATED }));
  }
  expect(rules(web, 6379)).toBe(2);
});

describe('a store in a VPC refuses', () => {
  test('a service on ECS Anywhere', () => {
    const { storage, web, vpc } = stacks();
    const store = new NetworkedStore(storage, 'Sessions', { vpc });
    const taskDefinition = new ecs.ExternalTaskDefinition(web, 'Task');
    taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
    const cluster = new ecs.Cluster(web, 'Cluster', { vpc });
    const service = new ecs.ExternalService(web, 'Web', { cluster, taskDefinition });
    expect(refusalOf(() => store.attachEcsService(service))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'the store Storage/Sessions is reached from inside its VPC only, received a consumer in no VPC: give it the same vpc, or take a SessionTable (at Web/Web)',
    });
  });

  test.each<[string, (store: ISessionStore, stack: Stack, vpc: ec2.IVpc) => void]>([
    [
      'a service on a cluster without capacity',
      (store, stack, vpc) => store.attachEcsService(bridged(stack, new ecs.Cluster(stack, 'Cluster', { vpc }))),
    ],
    [
      'a group whose launch template has no security group',
      (store, stack, vpc) => {
        const { role, userData } = plainGroup(stack, vpc);
        const launchTemplate = new ec2.LaunchTemplate(stack, 'Template', { ...INSTANCE, role, userData });
        const bare = { launchTemplate, instanceType: undefined, machineImage: undefined };
        store.attachAutoScalingGroup(plainGroup(deployedStack(stack, 'Bare'), vpc, bare));
      },
    ],
  ])('%s', (_, attach) => {
    const { storage, web, vpc } = stacks();
    const store = new NetworkedStore(storage, 'Sessions', { vpc });
    const { code, message } = refusalOf(() => attach(store, web, vpc));
    expect(code).toBe('ERR_SESSION_ATTACH');
    expect(message).toMatch(
      /^consumers are let in by their security groups, received one without any: attach it when it has one, a launch template by its securityGroup, a cluster by its capacity \(at Web/,
    );
  });
});

describe('in public subnets', () => {
  const NO_WAY = expect.stringMatching(
    /may have no way to DynamoDB .*take private or isolated subnets, as these public ones give it no public address/,
  );
  test.each<[string, unknown[], Attaches]>([
    [
      'a service on Fargate with a public address has a way out',
      [],
      (store, stack, vpc) =>
        store.attachEcsService(plainService(stack, vpc, { vpcSubnets: PUBLIC, assignPublicIp: true })),
    ],
    [
      'a service on Fargate without one is warned of',
      [NO_WAY],
      (store, stack, vpc) => store.attachEcsService(plainService(stack, vpc, { vpcSubnets: PUBLIC })),
    ],
    [
      'a service on instances has theirs',
      [],
      (store, stack, vpc) => store.attachEcsService(bridged(stack, clusterIn(stack, vpc, PUBLIC))),
    ],
    [
      'an Auto Scaling group has them',
      [],
      (store, stack, vpc) => store.attachAutoScalingGroup(plainGroup(stack, vpc, { vpcSubnets: PUBLIC })),
    ],
  ])('%s', (_, warnings, attach) => {
    const { storage, web, vpc } = stacks();
    attach(new SessionTable(storage, 'Sessions'), web, vpc);
    expect(warningsOf(web)).toEqual(warnings);
  });
});

test.each(CONSUMERS)('%s in another VPC than the store is warned of', (_, attach) => {
  const { network, storage, web, vpc } = stacks();
  const other = new ec2.Vpc(network, 'Other', { subnetConfiguration: [{ name: 'own', ...ISOLATED }] });
  attach(new NetworkedStore(storage, 'Sessions', { vpc: other }), web, vpc);
  expect(warningsOf(web)).toEqual([
    expect.stringContaining('Web/Web is in the VPC Network/Vpc, and the store Storage/Sessions in Network/Other'),
  ]);
});
