import { type Duration, Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { STICKINESS_SECONDS, stickinessType } from '../stickiness.js';
import { secondsFault, wholeNumberFault } from './range-faults.js';

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, which is not adjustable. */
const MOST_GROUPS = 5;

/** What a target group without a weight has, as elsewhere in CDK. */
const WEIGHT = 1;

/** Why requests cannot be divided among these target groups, or `undefined`. */
export function weightedFault(
  targetGroups: readonly elbv2.WeightedTargetGroup[],
  groupStickiness: Duration | undefined,
): string | undefined {
  if (targetGroups.length > MOST_GROUPS) {
    return `a rule forwards to 1 to ${MOST_GROUPS} target groups, received ${targetGroups.length}`;
  }
  const arns = targetGroups.map(({ targetGroup }) => targetGroup.targetGroupArn);
  const twice = targetGroups.find(({ targetGroup }, index) => arns.indexOf(targetGroup.targetGroupArn) < index);
  if (twice) {
    return `a rule names a target group once, received ${twice.targetGroup.node.path} twice: give it one weight`;
  }
  const weights = targetGroups.map(({ weight = WEIGHT }) => weight);
  const weightFault = weights.map((weight) => wholeNumberFault('weight', weight, [0, 999])).find(Boolean);
  if (weightFault !== undefined) {
    return weightFault;
  }
  if (weights.every((weight) => !Token.isUnresolved(weight) && weight === 0)) {
    return `somebody must serve the requests of a rule, received the weights ${weights.join()}: give one above 0`;
  }
  return secondsFault('groupStickiness', groupStickiness, STICKINESS_SECONDS);
}

/**
 * Why Elastic Load Balancing would refuse the rule for what its target groups are like, or disregard it, which shows only
 * when the app is synthesized. Cookies of the application are not followed among several target groups:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html
 */
export function stickyGroupsFaults(
  targetGroups: readonly elbv2.WeightedTargetGroup[],
  groupStickiness: Duration | undefined,
): string[] {
  if (targetGroups.length === 1) {
    return [];
  }
  return targetGroups
    .map(({ targetGroup }) => targetGroup)
    .filter((targetGroup) => targetGroup instanceof elbv2.ApplicationTargetGroup)
    .flatMap((targetGroup) => {
      const { path } = targetGroup.node;
      const type = stickinessType(targetGroup);
      if (type === 'app_cookie') {
        return [
          `the target group ${path} is sticky by a cookie of the application, which load balancers do not heed among several target groups: apply Stickiness.loadBalancerCookie() or Stickiness.none()`,
        ];
      }
      return type !== undefined && !groupStickiness
        ? [
            `the target group ${path} is sticky, and its visitors would not find back to it among several: give the rule a groupStickiness, or the target group Stickiness.none()`,
          ]
        : [];
    });
}

/** The action that divides requests among target groups. */
export function weightedForward(
  targetGroups: readonly elbv2.WeightedTargetGroup[],
  groupStickiness: Duration | undefined,
): elbv2.ListenerAction {
  const [first, ...more] = targetGroups;
  return first && more.length === 0 && !groupStickiness
    ? elbv2.ListenerAction.forward([first.targetGroup])
    : elbv2.ListenerAction.weightedForward(
        targetGroups.map(({ targetGroup, weight = WEIGHT }) => ({ targetGroup, weight })),
        { stickinessDuration: groupStickiness },
      );
}
