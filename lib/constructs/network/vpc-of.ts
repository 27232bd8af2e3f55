import { Stack, Stage } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IConstruct } from 'constructs';
import { concrete } from '../placement.js';

/**
 * The VPC that has one of these subnets, created or imported by the app. Looked for in the whole stage, as neither a subnet
 * nor what stands in it tells its VPC, and in the consumer's stack first, as several stacks may import one VPC.
 */
export function vpcOf(consumer: Construct, subnetIds: readonly string[]): ec2.IVpc | undefined {
  return [Stack.of(consumer), stageOf(consumer)]
    .flatMap((scope) => scope.node.findAll())
    .filter(isVpc)
    .find((vpc) =>
      [...vpc.isolatedSubnets, ...vpc.privateSubnets, ...vpc.publicSubnets].some((subnet) =>
        subnetIds.includes(subnet.subnetId),
      ),
    );
}

/** Whether two VPCs are certainly not one. An id that only the deployment knows may be any, unless this app makes both. */
export function apart(one: ec2.IVpc, other: ec2.IVpc): boolean {
  const known = [one, other].every(({ vpcId }) => concrete(vpcId)) || [one, other].every(isMadeHere);
  return known && one.vpcId !== other.vpcId;
}

/** Whether this app creates the VPC, so that all of it is seen here. */
export function isMadeHere(vpc: ec2.IVpc): boolean {
  return vpc instanceof ec2.Vpc;
}

/** All that is deployed together, and may refer to each other: the app, or one of its stages. */
export function stageOf(construct: IConstruct): IConstruct {
  return Stage.of(construct) ?? construct.node.root;
}

function isVpc(construct: IConstruct): construct is ec2.IVpc {
  return 'vpcId' in construct && 'isolatedSubnets' in construct;
}
