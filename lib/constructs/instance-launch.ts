import { type IResolvable, Tokenization } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SessionConstructError } from './errors.js';
import { stageOf } from './network/vpc-of.js';

/** What CloudFormation launches instances by. */
export type LaunchResource = ec2.CfnLaunchTemplate | autoscaling.CfnLaunchConfiguration;

/** How the instances of a group are launched. */
export interface InstanceLaunch {
  readonly resource: LaunchResource;
  readonly userData: ec2.UserData;
}

/**
 * How the instances of a group are launched, as far as the app tells.
 *
 * @throws if some of them are launched by a template of their own.
 */
export function launchOf(group: autoscaling.AutoScalingGroup): InstanceLaunch | undefined {
  const { id, overrides } = launchIds(group);
  if (overrides.some((override) => override !== id)) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      'a store is attached to what launches all instances of a group, received a mixed instances policy with launch templates of its own among the overrides: let all of them take the one template',
      group,
    );
  }
  const resource = stageOf(group)
    .node.findAll()
    .filter(isLaunchResource)
    .find(({ ref }) => ref === id);
  const userData = userDataOf(group);
  return resource && userData && { resource, userData };
}

/** By what instances are launched, and by what those are that are launched otherwise. */
function launchIds(group: autoscaling.AutoScalingGroup): {
  readonly id: string | undefined;
  readonly overrides: readonly (string | undefined)[];
} {
  const { launchConfigurationName, launchTemplate, mixedInstancesPolicy } = group.node
    .defaultChild as autoscaling.CfnAutoScalingGroup;
  const mixed = known(known(mixedInstancesPolicy)?.launchTemplate);
  const overrides = known(mixed?.overrides) ?? [];
  return {
    id: launchConfigurationName ?? known(launchTemplate ?? mixed?.launchTemplateSpecification)?.launchTemplateId,
    overrides: overrides
      .map((override) => known(override)?.launchTemplateSpecification)
      .filter((specification) => specification !== undefined)
      .map((specification) => known(specification)?.launchTemplateId),
  };
}

/** A part of a resource, unless an escape hatch put there what only the synthesis knows. */
function known<Part extends object>(part: Part | IResolvable | undefined): Part | undefined {
  return part === undefined || Tokenization.isResolvable(part) ? undefined : part;
}

function isLaunchResource(construct: unknown): construct is LaunchResource {
  return (
    construct instanceof autoscaling.CfnLaunchConfiguration ||
    (construct instanceof ec2.CfnLaunchTemplate && known(construct.launchTemplateData) !== undefined)
  );
}

/** CDK has no other way to ask whether a launch template has user data. */
function userDataOf(group: autoscaling.AutoScalingGroup): ec2.UserData | undefined {
  try {
    return group.userData;
  } catch {
    return undefined;
  }
}
