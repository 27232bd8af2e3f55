import { Annotations, Fn, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Consumer, ConsumerEnvironment } from './consumer.js';
import { SessionConstructError } from './errors.js';
import { renderedUserData, runFirst, shellFault } from './first-commands.js';
import { environmentFileCommands } from './instance-environment.js';
import { type InstanceLaunch, launchOf } from './instance-launch.js';
import { warnedOf } from './network/warned-of.js';
import { userDataFaults } from './user-data-length.js';

/** What `Annotations.of(group).acknowledgeWarning()` takes. */
const NO_ROLLOUT_WARNING = 'cdk-sessions:noRollout';

/**
 * A group of instances that use a store.
 *
 * @throws if the group is imported, or what launches its instances tells no role or no user data, or can be told nothing by
 *   a shell script.
 */
export function instanceConsumer(group: autoscaling.AutoScalingGroup): Consumer {
  if (!(group instanceof autoscaling.AutoScalingGroup)) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      'an imported Auto Scaling group tells neither its role nor its user data: attach where it is created, or grant its role with grantReadWrite() and set the variable by hand',
      group,
    );
  }
  const launch = launchOf(group);
  if (!launch || group.grantPrincipal instanceof iam.UnknownPrincipal) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `instances are told by the user data of what launches them, and its role is granted, received a launch template that hides its ${launch ? 'role' : 'user data'}: create it in this app, new LaunchTemplate(this, 'Template', { role, userData: UserData.forLinux() })`,
      group,
    );
  }
  const fault = shellFault(launch.userData);
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_ATTACH', fault, group);
  }
  return {
    construct: group,
    method: 'attachAutoScalingGroup',
    grantee: group,
    roleHolder: launch.resource,
    environment: environmentOf(launch),
    network: { connections: instanceConnections(group), subnetIds: subnetIdsOf(group), hasPublicAddress: true },
  };
}

/** An instance has no environment: it gets a file, of which the unit of its application is told. */
function environmentOf(launch: InstanceLaunch): ConsumerEnvironment {
  const { resource } = launch;
  const values = new Map<string, string>();
  return {
    holder: resource,
    set(name, value) {
      values.set(name, value);
      runFirst(launch, environmentFileCommands(name, value));
      resource.node.addValidation({ validate: () => userDataFaults(renderedUserData(resource)) });
    },
    get(name) {
      const stack = Stack.of(resource);
      const value = values.get(name);
      const written = JSON.stringify(stack.resolve(Fn.base64(value ?? '')));
      return JSON.stringify(renderedUserData(resource) ?? '').includes(written) ? stack.resolve(value) : undefined;
    },
  };
}

/**
 * Warns that what a group's instances are told reaches new ones alone: CloudFormation makes a new version of what launches
 * them, and replaces those that run only if the group has a policy for that.
 */
export function warnOfNoRollout(group: autoscaling.AutoScalingGroup): void {
  const { updatePolicy = {} } = resourceOf(group).cfnOptions;
  // CDK gives every group a policy for its scheduled actions, which replaces nothing.
  if (Object.keys(updatePolicy).every((name) => name === 'autoScalingScheduledAction')) {
    Annotations.of(warnedOf(group)).addWarningV2(
      NO_ROLLOUT_WARNING,
      `${group.node.path} goes on with what its instances were told when they started, whatever is deployed: give it updatePolicy: UpdatePolicy.rollingUpdate(), or acknowledge this if something else replaces them`,
    );
  }
}

/** The security groups of a group's instances: none if what launches them does not tell. */
export function instanceConnections(group: autoscaling.AutoScalingGroup): ec2.Connections {
  try {
    return group.connections;
  } catch {
    // CDK has no other way to ask whether a launch template has security groups.
    return new ec2.Connections();
  }
}

/** A group does not tell its subnets, only what CloudFormation is told of it. */
export function subnetIdsOf(group: autoscaling.AutoScalingGroup): readonly string[] {
  return resourceOf(group).vpcZoneIdentifier ?? [];
}

function resourceOf(group: autoscaling.AutoScalingGroup): autoscaling.CfnAutoScalingGroup {
  return group.node.defaultChild as autoscaling.CfnAutoScalingGroup;
}
