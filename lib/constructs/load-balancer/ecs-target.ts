import { Token } from 'aws-cdk-lib';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import type { SessionEcsTargetOptions } from '../session-target-options.js';

/** Which container of a service's tasks answers, and on which port. */
export interface EcsTarget {
  readonly containerName: string;
  readonly containerPort: number;
}

/** @throws if there is no such container, or it does not listen there. */
export function ecsTarget(
  target: Construct,
  service: ecs.BaseService,
  { containerName, containerPort }: SessionEcsTargetOptions,
): EcsTarget {
  const refuse = (message: string): never => {
    throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', message, target);
  };
  if (!(service instanceof ecs.BaseService) || !(service.taskDefinition instanceof ecs.TaskDefinition)) {
    return refuse(
      'an imported service or task definition cannot be put into a target group, received one: make it a target where both are created',
    );
  }
  const { taskDefinition } = service;
  const { path } = taskDefinition.node;
  if (taskDefinition.networkMode === ecs.NetworkMode.NONE) {
    return refuse(`tasks without a network cannot be reached, received ${path} with NetworkMode.NONE: take AWS_VPC`);
  }
  const container =
    containerName === undefined ? taskDefinition.defaultContainer : taskDefinition.findContainer(containerName);
  if (!container) {
    return refuse(
      containerName === undefined
        ? `${path} has no essential container yet: add it before the service becomes a target`
        : `${path} has no container named ${containerName}: add it before, or give the name of one that it has`,
    );
  }
  // A range of ports has no single one that could be registered.
  const ports = container.portMappings
    .filter(({ protocol = ecs.Protocol.TCP, containerPort }) => protocol === ecs.Protocol.TCP && containerPort !== 0)
    .map((mapping) => mapping.containerPort);
  const port = containerPort ?? ports[0];
  if (port === undefined) {
    return refuse(
      `the container ${container.containerName} has no port mapping for TCP: add one with addPortMappings()`,
    );
  }
  if (!Token.isUnresolved(port) && !ports.includes(port)) {
    return refuse(
      `the container ${container.containerName} has no port mapping for TCP of the port ${port}, received mappings of ${ports.join() || 'none'}: add one, or take one of these`,
    );
  }
  return { containerName: container.containerName, containerPort: port };
}
