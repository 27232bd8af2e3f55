import { Token } from 'aws-cdk-lib';
import type { SelectedSubnets } from 'aws-cdk-lib/aws-ec2';

/**
 * Why a group cannot stand in these subnets, or `undefined`. Zones that only the deployment knows are not judged.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html
 */
export function subnetsFault(selected: SelectedSubnets, multiAz: boolean): string | undefined {
  if (selected.isPendingLookup) {
    return undefined;
  }
  if (selected.subnetIds.length === 0) {
    return 'a group needs at least one subnet, received a selection without any: give other vpcSubnets';
  }
  const zones = [...new Set(selected.availabilityZones)];
  const inOneZone = zones.length === 1 && (selected.subnetIds.length === 1 || !Token.isUnresolved(zones[0]));
  return multiAz && inOneZone
    ? `Multi-AZ needs subnets in two availability zones or more, received ${selected.subnetIds.length} in ${Token.isUnresolved(zones[0]) ? 'one' : zones.join()}: give other vpcSubnets, or multiAz false`
    : undefined;
}
