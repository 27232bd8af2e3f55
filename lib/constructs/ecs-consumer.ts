import { isDeepStrictEqual } from 'node:util';
import { Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Consumer, ConsumerEnvironment, ConsumerNetwork } from './consumer.js';
import { SessionConstructError } from './errors.js';
import { instanceConnections, subnetIdsOf } from './instance-consumer.js';
import { stageOf } from './network/vpc-of.js';

/**
 * A service whose tasks use a store: one container of each, by the role of the task, not by the one that ECS starts it with.
 *
 * @param containerName the container that is told.
 * @throws if the service or its task definition is imported, or has no such container, or no network.
 */
export function ecsConsumer(service: ecs.BaseService, containerName?: string): Consumer {
  if (!(service instanceof ecs.BaseService) || !(service.taskDefinition instanceof ecs.TaskDefinition)) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      'a service and its task definition are given an environment where both are created, received something else, or an imported one: give the service itself (a pattern of aws-ecs-patterns has it as its service), or grant the task role with grantReadWrite() and set the variable by hand',
      service,
    );
  }
  const { taskDefinition } = service;
  if (taskDefinition.networkMode === ecs.NetworkMode.NONE) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      'containers with the network mode none reach no store: take NetworkMode.AWS_VPC',
      service,
    );
  }
  return {
    construct: service,
    method: 'attachEcsService',
    grantee: taskDefinition.taskRole,
    roleHolder: taskDefinition,
    environment: environmentOf(containerOf(service, containerName)),
    network: networkOf(service),
  };
}

/**
 * One container, not all: each that is told of a store would seem to use it, and what stands beside the application to
 * collect its logs or traces does not. The default is the one that CDK sends a load balancer's requests to as well.
 */
function containerOf(service: ecs.BaseService, name?: string): ecs.ContainerDefinition {
  const { taskDefinition } = service;
  const container = name === undefined ? taskDefinition.defaultContainer : taskDefinition.findContainer(name);
  if (!container) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      name === undefined
        ? `${taskDefinition.node.path} has no essential container yet: add it before a store is attached`
        : `${taskDefinition.node.path} has no container named ${JSON.stringify(name)}: add it before a store is attached, or leave containerName out for the first essential one`,
      service,
    );
  }
  return container;
}

function environmentOf(container: ecs.ContainerDefinition): ConsumerEnvironment {
  const get = (name: string) => {
    const { environment = [], secrets = [] }: ecs.CfnTaskDefinition.ContainerDefinitionProperty = Stack.of(
      container,
    ).resolve(container.renderContainerDefinition());
    const entries = [...listed(environment), ...listed(secrets)].filter((entry) => entry.name === name);
    // ECS refuses a variable that is a secret as well: then there is no one value.
    return entries.length > 1 ? entries : entries.map((entry) => entry.value ?? entry)[0];
  };
  return {
    holder: container,
    get,
    set(name, value) {
      if (get(name) !== undefined) {
        throw new SessionConstructError(
          'ERR_SESSION_ATTACH',
          `${name} is already in the environment or the secrets of this container: take it out there, or attach with a variable of its own`,
          container,
        );
      }
      container.addEnvironment(name, value);
    },
  };
}

/** What is resolved has no tokens any more, which the types of CDK do not tell. */
function listed(entries: unknown): readonly { readonly name: string; readonly value?: unknown }[] {
  return Array.isArray(entries) ? entries : [];
}

/** ECS Anywhere runs tasks outside of AWS. */
function networkOf(service: ecs.BaseService): ConsumerNetwork | undefined {
  if (service instanceof ecs.ExternalService) {
    return undefined;
  }
  return service.taskDefinition.networkMode === ecs.NetworkMode.AWS_VPC
    ? ownNetwork(service)
    : instancesNetwork(service);
}

/** Each task has an interface of its own. */
function ownNetwork(service: ecs.BaseService): ConsumerNetwork {
  const stack = Stack.of(service);
  const { networkConfiguration } = service.node.defaultChild as ecs.CfnService;
  // What is resolved cannot be compared with what is not.
  const { subnets, assignPublicIp }: { subnets: unknown[]; assignPublicIp: string } =
    stack.resolve(networkConfiguration).awsvpcConfiguration;
  const { isolatedSubnets, privateSubnets, publicSubnets } = service.cluster.vpc;
  const subnetIds = [...isolatedSubnets, ...privateSubnets, ...publicSubnets]
    .map(({ subnetId }) => subnetId)
    .filter((id) => subnets.some((subnet) => isDeepStrictEqual(subnet, stack.resolve(id))));
  return { connections: service.connections, subnetIds, hasPublicAddress: assignPublicIp === 'ENABLED' };
}

/**
 * In the bridge and host modes it is the cluster's instances that connect, for the tasks of all services on them. A cluster
 * tells their security groups alone, by which the Auto Scaling groups are found.
 */
function instancesNetwork({ cluster }: ecs.BaseService): ConsumerNetwork {
  const { connections } = cluster;
  const subnetIds = stageOf(cluster)
    .node.findAll()
    .filter((construct) => construct instanceof autoscaling.AutoScalingGroup)
    .filter((group) =>
      instanceConnections(group).securityGroups.some((each) => connections.securityGroups.includes(each)),
    )
    .flatMap(subnetIdsOf);
  return { connections, subnetIds, hasPublicAddress: true, sharedThrough: cluster };
}
