import { Token } from 'aws-cdk-lib';
import type { IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';

/** The endpoints of a serverless cache stand in two or three subnets, one for each availability zone. */
const FEWEST = 2;
const MOST = 3;

/** Subnets that were selected, in their zones. */
export interface ServerlessSubnets {
  readonly subnetIds: string[];
  readonly availabilityZones: readonly string[];
  readonly isPendingLookup?: boolean;
}

/** The subnets that were asked for, or one in each of as many zones as a cache takes. */
export function serverlessSubnets(vpc: IVpc, selection: SubnetSelection | undefined): ServerlessSubnets {
  if (selection) {
    return vpc.selectSubnets(selection);
  }
  const { subnetIds, availabilityZones, isPendingLookup } = vpc.selectSubnets({ onePerAz: true });
  return {
    subnetIds: subnetIds.slice(0, MOST),
    availabilityZones: availabilityZones.slice(0, MOST),
    ...(isPendingLookup && { isPendingLookup }),
  };
}

/** Why a serverless cache cannot have these subnets, or `undefined`. Zones that only the deployment knows are not judged. */
export function serverlessSubnetsFault(selected: ServerlessSubnets): string | undefined {
  if (selected.isPendingLookup) {
    return undefined;
  }
  const count = selected.subnetIds.length;
  const zones = selected.availabilityZones.filter((zone) => !Token.isUnresolved(zone));
  const apart = new Set(zones).size === zones.length;
  return count >= FEWEST && count <= MOST && apart
    ? undefined
    : `a serverless cache takes two or three subnets, each in another availability zone, received ${count}${zones.length > 0 ? ` in ${zones.join()}` : ''}: give other vpcSubnets`;
}
