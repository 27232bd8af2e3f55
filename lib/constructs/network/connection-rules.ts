import { Names, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** Who shall connect to what. */
export interface WantedConnection {
  /** Who connects. */
  readonly consumer: Construct;
  readonly from: ec2.Connections;
  readonly to: ec2.Connections;
  readonly ports: readonly ec2.Port[];
  /** Where what is connected to stands, if that is known. */
  readonly vpc?: ec2.IVpc;
  /** What for. EC2 shows it beside the rule. */
  readonly description: string;
}

/**
 * Lets a consumer connect, without a cycle between the stacks of consumer, network and what is connected to, whichever of
 * them the security groups are in. `Connections.allowTo()` makes a rule in the stack of one of the groups, and has that
 * stack refer to the other's.
 *
 * @returns whether that made rules: CDK leaves groups as they are that were imported with `mutable: false`.
 */
export function allowConnection({ consumer, from, to, ports, vpc, description }: WantedConnection): boolean {
  let allowed = false;
  for (const source of from.securityGroups) {
    for (const target of to.securityGroups) {
      const stack = stackOfRule(consumer, source, target, vpc);
      for (const port of ports) {
        target.addIngressRule(seenIn(stack, source), port, description, true);
        source.addEgressRule(seenIn(stack, target), port, description, true);
      }
      allowed ||= letsIn(stack, source, target);
    }
  }
  return allowed;
}

/** A group does not tell whether it may be changed, so that the rule itself is looked for. */
function letsIn(stack: Stack, source: ec2.ISecurityGroup, target: ec2.ISecurityGroup): boolean {
  return stack.node
    .findAll()
    .some(
      (construct) =>
        construct instanceof ec2.CfnSecurityGroupIngress &&
        construct.groupId === target.securityGroupId &&
        construct.sourceSecurityGroupId === source.securityGroupId,
    );
}

/**
 * The consumer's stack, which refers to all others anyway. But a group that stands with the VPC may belong to consumers
 * in several stacks, and EC2 refuses one rule twice: that rule is made where it leads to, as that refers to the VPC anyway.
 */
function stackOfRule(
  consumer: Construct,
  source: ec2.ISecurityGroup,
  target: ec2.ISecurityGroup,
  vpc: ec2.IVpc | undefined,
): Stack {
  const [own, sources] = [Stack.of(consumer), Stack.of(source)];
  return vpc && sources !== own && sources === Stack.of(vpc) ? Stack.of(target) : own;
}

/** A security group as a stack sees it: CDK makes a rule between groups of two stacks in that of the peer. */
function seenIn(stack: Stack, group: ec2.ISecurityGroup): ec2.ISecurityGroup {
  if (Stack.of(group) === stack) {
    return group;
  }
  const id = `Sessions${Names.nodeUniqueId(group.node)}`;
  const seen = stack.node.tryFindChild(id) as ec2.ISecurityGroup | undefined;
  return seen ?? ec2.SecurityGroup.fromSecurityGroupId(stack, id, group.securityGroupId);
}
