import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { deployedProperties } from '../deployed-properties.js';
import { stageOf } from '../network/vpc-of.js';
import type { SessionLoadBalancerProps } from '../session-load-balancer-props.js';

/**
 * Why a load balancer with IPv6 cannot stand in its subnets, as far as they were created in this app. Subnets may get their
 * addresses until the app is synthesized: ask no earlier.
 */
export function ipv6Faults(
  { vpc, ipAddressType = elbv2.IpAddressType.IPV4 }: SessionLoadBalancerProps,
  vpcSubnets: ec2.SubnetSelection,
): string[] {
  if (ipAddressType === elbv2.IpAddressType.IPV4) {
    return [];
  }
  const lacking = vpc.selectSubnets(vpcSubnets).subnets.filter(lacksIpv6);
  return lacking.length === 0
    ? []
    : [
        `ipAddressType ${ipAddressType} needs subnets with IPv6, received ${lacking.map(({ node }) => node.path).join()} without: give the VPC ipProtocol: IpProtocol.DUAL_STACK`,
      ];
}

function lacksIpv6(subnet: ec2.ISubnet): boolean {
  const resource = subnet.node.defaultChild;
  if (!(resource instanceof ec2.CfnSubnet)) {
    return false;
  }
  const { Ipv6CidrBlock, Ipv6IpamPoolId } = deployedProperties(resource);
  return Ipv6CidrBlock === undefined && Ipv6IpamPoolId === undefined && !isGivenIpv6Elsewhere(resource);
}

/** By a resource of its own, which may stand in any stack of the app. */
function isGivenIpv6Elsewhere(subnet: ec2.CfnSubnet): boolean {
  return stageOf(subnet)
    .node.findAll()
    .some((child) => child instanceof ec2.CfnSubnetCidrBlock && child.subnetId === subnet.ref);
}
