import type { Resource } from './assembly.js';
import { type Container, containerOf } from './containers.js';
import { LocalError } from './errors.js';
import type { FleetDefinition } from './fleet-definition.js';
import { PORT_VARIABLE } from './fleet-member.js';
import { type FleetSurroundings, portLimit, referredTo } from './fleet-surroundings.js';
import type { Resolver } from './intrinsics.js';
import { flagAt, type JsonObject, listAt, numberAt, objectsAt, textAt } from './json.js';
import { physicalName } from './physical.js';

/** A container of a service that is behind a target group. */
interface Exposed {
  readonly targetGroupArn: string;
  readonly container: string;
  readonly port: number;
}

/**
 * Reads an `AWS::ECS::Service` with its task definition: its tasks run the commands of all essential containers. Defaults
 * are those of the CloudFormation reference.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here, saying why.
 */
export async function ecsServiceDefinition(
  resource: Resource,
  surroundings: FleetSurroundings,
): Promise<FleetDefinition> {
  const { resolver, secrets } = surroundings;
  const read = (name: string) => resolver.property(resource, name);
  const task = taskDefinitionOf(resource, surroundings);
  const launchType = read('LaunchType');
  const compatible = listAt({ list: resolver.property(task, 'RequiresCompatibilities') }, 'list');
  const onFargate = launchType === 'FARGATE' || (launchType === undefined && compatible.includes('FARGATE'));
  const exposed = objectsAt({ list: read('LoadBalancers') }, 'list').flatMap(exposedOf);
  const defined = containerDefinitions(task, resolver);
  const essential = defined.filter((container) => flagAt(container, 'Essential') !== false);
  if (essential.length === 0) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', 'its task definition has no essential container');
  }
  const containers: Container[] = [];
  for (const definition of essential) {
    const port = exposed.find(({ container }) => container === textAt(definition, 'Name'))?.port;
    containers.push(await containerOf(definition, { stack: task.stack, secrets, ...(port !== undefined && { port }) }));
  }
  const [served, unserved] = partition(exposed, ({ container, port }) =>
    containers.some((each) => each.name === container && each.port === port),
  );
  // A target group knows a task by its id, and so once.
  const firstOf = (arn: string) => served.find(({ targetGroupArn }) => targetGroupArn === arn);
  const [registrations, others] = partition(served, (each) => each === firstOf(each.targetGroupArn));
  const daemon = read('SchedulingStrategy') === 'DAEMON';
  return {
    resource,
    kind: 'ecs-service',
    name: nameOf(resource, read('ServiceName')),
    desired: daemon ? 1 : (numberAt({ count: read('DesiredCount') }, 'count') ?? 1),
    minimum: 0,
    maximum: Number.POSITIVE_INFINITY,
    programs: containers.map(({ variables, ...container }) => ({
      ...container,
      variables: { ...variables, AWS_EXECUTION_ENV: onFargate ? 'AWS_ECS_FARGATE' : 'AWS_ECS_EC2' },
    })),
    registrations: registrations.map(({ targetGroupArn, container }) => ({ targetGroupArn, program: container })),
    stopTimeout: Math.max(...containers.map(({ stopTimeout }) => stopTimeout)) * 1000,
    stopsAll: false,
    limits: [
      ...containers.flatMap(({ limits }) => limits),
      ...containers.flatMap(({ port, variables }) => (port === undefined ? [] : portLimit(variables[PORT_VARIABLE]))),
      ...unserved.map(
        ({ container, port, targetGroupArn }) =>
          `its container ${container} listens on one port here: ${targetGroupArn}, which is for port ${port}, gets no targets`,
      ),
      ...others.map(
        ({ container, targetGroupArn }) =>
          `its container ${container} gets no requests here: ${targetGroupArn} has the container ${firstOf(targetGroupArn)?.container} of each task`,
      ),
      ...defined
        .filter((container) => !essential.includes(container))
        .map((container) => `its container ${textAt(container, 'Name')} is not essential and does not run`),
      ...(daemon ? ['it has one task, as there are no instances of which each would have one'] : []),
      ...discoveryLimits(resource),
    ],
  };
}

function taskDefinitionOf(resource: Resource, surroundings: FleetSurroundings): Resource {
  const reference = surroundings.resolver.property(resource, 'TaskDefinition');
  const found = referredTo(reference, ['AWS::ECS::TaskDefinition'], surroundings);
  if (found === undefined) {
    throw new LocalError(
      'ERR_LOCAL_TEMPLATE',
      `its task definition, ${String(reference)}, is not in the stacks that run`,
    );
  }
  return found;
}

/** What is read of a container. Where its logs go, for instance, does not matter here, resolvable or not. */
const USED = [
  'Name',
  'Image',
  'Essential',
  'EntryPoint',
  'Command',
  'WorkingDirectory',
  'Environment',
  'Secrets',
  'PortMappings',
  'StopTimeout',
] as const;

function containerDefinitions(task: Resource, resolver: Resolver): readonly JsonObject[] {
  return objectsAt(task.properties, 'ContainerDefinitions').map((definition) => ({
    ...definition,
    ...Object.fromEntries(USED.map((name) => [name, resolver.resolve(task.stack, definition[name])])),
  }));
}

function exposedOf(loadBalancer: JsonObject): readonly Exposed[] {
  const targetGroupArn = textAt(loadBalancer, 'TargetGroupArn');
  const container = textAt(loadBalancer, 'ContainerName');
  const port = numberAt(loadBalancer, 'ContainerPort');
  return targetGroupArn === undefined || container === undefined || port === undefined
    ? []
    : [{ targetGroupArn, container, port }];
}

function discoveryLimits({ properties }: Resource): readonly string[] {
  const named = ['ServiceConnectConfiguration', 'ServiceRegistries'].filter((name) => properties[name] !== undefined);
  return named.map((name) => `nobody finds it by the names of its ${name} here`);
}

function nameOf(resource: Resource, given: unknown): string {
  return typeof given === 'string' ? given : physicalName(resource, () => undefined);
}

function partition<T>(items: readonly T[], holds: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(holds), items.filter((item) => !holds(item))];
}
