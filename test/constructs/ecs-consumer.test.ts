import type { Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { SessionAccess, SessionTable } from 'cdk-sessions';
import { attachmentsOf } from '../../lib/constructs/attachments.js';
import { parseContract } from '../../lib/contract/parse.js';
import { plainService, plainTask } from '../support/compute.js';
import { refusalOf } from '../support/refusal.js';
import { deployedStack, plainFunction, templateOf } from '../support/stacks.js';
import { type CfnTemplate, onlyLogicalId, resolveIntrinsics } from '../support/template.js';

const image = ecs.ContainerImage.fromRegistry('shop');

let stack: Stack;
let vpc: ec2.Vpc;
let table: SessionTable;
beforeEach(() => {
  stack = deployedStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  table = new SessionTable(stack, 'Sessions');
});

/** What the containers of the only task definition find in their environment, by their names. */
function environments(template: CfnTemplate): Record<string, Record<string, string>> {
  const task = template.Resources[onlyLogicalId(template, 'AWS::ECS::TaskDefinition')];
  const containers = resolveIntrinsics(task?.Properties?.['ContainerDefinitions'], template) as {
    Name: string;
    Environment?: { Name: string; Value: string }[];
  }[];
  return Object.fromEntries(
    containers.map(({ Name, Environment = [] }) => [
      Name,
      Object.fromEntries(Environment.map((variable) => [variable.Name, variable.Value])),
    ]),
  );
}

/** What policies let their roles do. */
function policies({ Resources }: CfnTemplate): { readonly roles: unknown; readonly statements: unknown }[] {
  return Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .map(({ Properties }) => ({
      roles: Properties?.['Roles'],
      statements: (Properties?.['PolicyDocument'] as { Statement: unknown } | undefined)?.Statement,
    }));
}

describe('attaching a service', () => {
  test('tells its container of the store: what is synthesized is what the client parses', () => {
    table.attachEcsService(plainService(stack, vpc));
    const template = templateOf(stack);
    expect(parseContract(environments(template)['web']?.['CDK_SESSIONS'] ?? '')).toEqual({
      version: 1,
      stores: { primary: { kind: 'dynamodb', table: onlyLogicalId(template, 'AWS::DynamoDB::GlobalTable') } },
      policy: table.policy._toContract(),
    });
  });

  test('grants the role of the task what a function is granted, and the one that starts it nothing', () => {
    const service = plainService(stack, vpc);
    service.taskDefinition.obtainExecutionRole();
    table.attachEcsService(service);
    const ofFunction = deployedStack();
    new SessionTable(ofFunction, 'Sessions').attachFunction(plainFunction(ofFunction));
    expect(policies(templateOf(stack))).toEqual([
      {
        roles: [stack.resolve(service.taskDefinition.taskRole.roleName)],
        statements: policies(templateOf(ofFunction))[0]?.statements,
      },
    ]);
  });

  test('is known of the service', () => {
    const service = plainService(stack, vpc);
    table.attachEcsService(service);
    expect([...attachmentsOf(service)]).toEqual([['CDK_SESSIONS', { store: table, access: SessionAccess.READ_WRITE }]]);
  });

  test('does nothing the second time', () => {
    const service = plainService(stack, vpc);
    table.attachEcsService(service);
    const once = JSON.stringify(stack.resolve(service.taskDefinition.defaultContainer?.renderContainerDefinition()));
    table.attachEcsService(service);
    const twice = JSON.stringify(stack.resolve(service.taskDefinition.defaultContainer?.renderContainerDefinition()));
    expect(twice).toBe(once);
  });

  test.each<[string, () => ecs.BaseService]>([
    [
      'on instances, with an address of its own',
      () => {
        const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Task', { networkMode: ecs.NetworkMode.AWS_VPC });
        taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
        return new ecs.Ec2Service(stack, 'Web', { cluster: clusterWithCapacity(), taskDefinition });
      },
    ],
    [
      'on each instance, through a bridge',
      () => {
        const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Task');
        taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
        return new ecs.Ec2Service(stack, 'Web', { cluster: clusterWithCapacity(), taskDefinition, daemon: true });
      },
    ],
    [
      'on ECS Anywhere',
      () => {
        const taskDefinition = new ecs.ExternalTaskDefinition(stack, 'Task');
        taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
        const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
        return new ecs.ExternalService(stack, 'Web', { cluster, taskDefinition });
      },
    ],
  ])('works for one %s', (_, service) => {
    table.attachEcsService(service());
    expect(environments(templateOf(stack))['web']).toHaveProperty('CDK_SESSIONS');
  });
});

function clusterWithCapacity(): ecs.Cluster {
  const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
  cluster.addCapacity('Capacity', { instanceType: new ec2.InstanceType('t4g.micro') });
  return cluster;
}

describe('of a task with several containers', () => {
  let taskDefinition: ecs.FargateTaskDefinition;
  let service: ecs.FargateService;
  beforeEach(() => {
    taskDefinition = new ecs.FargateTaskDefinition(stack, 'Task');
    taskDefinition.addContainer('init', { image, essential: false });
    taskDefinition.addContainer('web', { image });
    taskDefinition.addContainer('traces', { image });
    service = plainService(stack, vpc, { taskDefinition });
  });
  const told = () =>
    Object.entries(environments(templateOf(stack))).map(([name, variables]) => [name, Object.keys(variables)]);

  test('the first essential one is told', () => {
    table.attachEcsService(service);
    expect(told()).toEqual([
      ['init', []],
      ['web', ['CDK_SESSIONS']],
      ['traces', []],
    ]);
  });

  test('the one is told that is named, and another one as well', () => {
    table.attachEcsService(service, { containerName: 'init' });
    table.attachEcsService(service, { containerName: 'web' });
    expect(told()).toEqual([
      ['init', ['CDK_SESSIONS']],
      ['web', ['CDK_SESSIONS']],
      ['traces', []],
    ]);
    expect(policies(templateOf(stack))).toHaveLength(1);
  });

  test('none is told whose name is not there', () => {
    expect(refusalOf(() => table.attachEcsService(service, { containerName: 'wep' }))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'Stack/Task has no container named "wep": add it before a store is attached, or leave containerName out for the first essential one (at Stack/Web)',
    });
  });

  test('two stores need two variables, whichever containers they are for', () => {
    const other = new SessionTable(stack, 'Other');
    table.attachEcsService(service);
    expect(refusalOf(() => other.attachEcsService(service, { containerName: 'traces' })).message).toBe(
      "CDK_SESSIONS already tells of the store Stack/Sessions: give Stack/Other a variable of its own, attachEcsService(service, { variable: 'OTHER_SESSIONS' }) (at Stack/Web)",
    );
    other.attachEcsService(service, { variable: 'OTHER_SESSIONS' });
    expect(told()).toContainEqual(['web', ['CDK_SESSIONS', 'OTHER_SESSIONS']]);
  });

  test('a store has one access, since they have one role', () => {
    table.attachEcsService(service);
    const revoking = { access: SessionAccess.REVOKE, containerName: 'traces' };
    expect(refusalOf(() => table.attachEcsService(service, revoking)).message).toContain(
      'the store Stack/Sessions is already attached for read-write access, received revoke',
    );
  });
});

describe('two services that share a task definition', () => {
  const services = () => {
    const taskDefinition = plainTask(stack);
    const cluster = new ecs.Cluster(stack, 'Cluster', { vpc });
    return [
      new ecs.FargateService(stack, 'Web', { cluster, taskDefinition }),
      new ecs.FargateService(stack, 'Canary', { cluster, taskDefinition }),
    ] as const;
  };

  test('may both be attached: their container is told once, their role is granted once', () => {
    const [web, canary] = services();
    table.attachEcsService(web);
    table.attachEcsService(canary);
    const template = templateOf(stack);
    expect(Object.keys(environments(template)['web'] ?? {})).toEqual(['CDK_SESSIONS']);
    expect(policies(template).map(({ statements }) => statements)).toEqual([[expect.anything()]]);
    expect([web, canary].map((service) => attachmentsOf(service).has('CDK_SESSIONS'))).toEqual([true, true]);
  });

  test('cannot be told of two stores under one variable', () => {
    const [web, canary] = services();
    table.attachEcsService(web);
    const other = new SessionTable(stack, 'Other');
    expect(refusalOf(() => other.attachEcsService(canary)).message).toContain(
      'CDK_SESSIONS already tells of the store Stack/Sessions',
    );
  });
});

describe.each<[string, (container?: ecs.ContainerDefinition) => void]>([
  ['in its environment', (container) => container?.addEnvironment('CDK_SESSIONS', '')],
  [
    'as a secret',
    (container) => container?.addSecret('CDK_SESSIONS', ecs.Secret.fromSecretsManager(new Secret(stack, 'Secret'))),
  ],
])('a container that has the variable %s', (_, set) => {
  test('is refused', () => {
    const service = plainService(stack, vpc);
    set(service.taskDefinition.defaultContainer);
    expect(refusalOf(() => table.attachEcsService(service))).toEqual({
      code: 'ERR_SESSION_ATTACH',
      message:
        'CDK_SESSIONS is already in the environment or the secrets of this container: take it out there, or attach with a variable of its own (at Stack/Task/web)',
    });
  });

  test('is refused at synth if it got it later', () => {
    const service = plainService(stack, vpc);
    table.attachEcsService(service);
    set(service.taskDefinition.defaultContainer);
    expect(refusalOf(() => templateOf(stack)).message).toContain(
      '[Stack/Web] CDK_SESSIONS is not what attachEcsService() wrote: remove what sets it later, or attach Stack/Sessions with a variable of its own',
    );
  });
});

describe('what cannot be told of a store', () => {
  const IMPORTED =
    'a service and its task definition are given an environment where both are created, received something else, or an imported one: give the service itself (a pattern of aws-ecs-patterns has it as its service), or grant the task role with grantReadWrite() and set the variable by hand';

  test('is an imported service', () => {
    const arn = 'arn:aws:ecs:us-east-1:123456789012:service/cluster/web';
    // Only TypeScript tells the two apart before it runs.
    const service = ecs.BaseService.fromServiceArnWithCluster(stack, 'Web', arn) as ecs.BaseService;
    expect(refusalOf(() => table.attachEcsService(service)).message).toBe(`${IMPORTED} (at Stack/Web)`);
  });

  test('is a service of an imported task definition', () => {
    const taskDefinition = ecs.TaskDefinition.fromTaskDefinitionAttributes(stack, 'Task', {
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:123456789012:task-definition/web:1',
      compatibility: ecs.Compatibility.FARGATE,
      networkMode: ecs.NetworkMode.AWS_VPC,
      taskRole: plainTask(stack, 'Own').taskRole,
    });
    const service = plainService(stack, vpc, { taskDefinition: taskDefinition as ecs.TaskDefinition });
    expect(refusalOf(() => table.attachEcsService(service)).message).toBe(`${IMPORTED} (at Stack/Web)`);
  });

  test('is a task without an essential container yet', () => {
    const service = plainService(stack, vpc, { taskDefinition: new ecs.FargateTaskDefinition(stack, 'Task') });
    expect(refusalOf(() => table.attachEcsService(service)).message).toBe(
      'Stack/Task has no essential container yet: add it before a store is attached (at Stack/Web)',
    );
  });

  test('are containers without a network', () => {
    const taskDefinition = new ecs.Ec2TaskDefinition(stack, 'Task', { networkMode: ecs.NetworkMode.NONE });
    taskDefinition.addContainer('web', { image, memoryLimitMiB: 256 });
    const service = new ecs.Ec2Service(stack, 'Web', { cluster: clusterWithCapacity(), taskDefinition });
    expect(refusalOf(() => table.attachEcsService(service)).message).toBe(
      'containers with the network mode none reach no store: take NetworkMode.AWS_VPC (at Stack/Web)',
    );
  });
});
