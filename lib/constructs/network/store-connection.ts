import { Annotations, type IResource, Stack } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Consumer, ConsumerNetwork } from '../consumer.js';
import { SessionConstructError } from '../errors.js';
import { concrete } from '../placement.js';
import type { SessionNetwork } from '../session-store.js';
import { allowConnection } from './connection-rules.js';
import { warnOfNoRule } from './no-rule-warning.js';
import { apart, vpcOf } from './vpc-of.js';
import { warnedOf } from './warned-of.js';

/** What `Annotations.of(consumer).acknowledgeWarning()` takes. */
const OTHER_VPC_WARNING = 'cdk-sessions:otherVpc';

/**
 * Lets a consumer connect to a store in a VPC.
 *
 * @throws if it certainly cannot: it is in no VPC, or in another region, or the store has no security group.
 */
export function connectToStore({ construct, network }: Consumer, store: IResource, place: SessionNetwork): void {
  if (!network) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `the store ${store.node.path} is reached from inside its VPC only, received a consumer in no VPC: give it the same vpc, or take a SessionTable`,
      construct,
    );
  }
  const { region } = Stack.of(construct);
  if (concrete(region) && concrete(store.env.region) && region !== store.env.region) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `a store in a VPC serves consumers of its own region, received a store of ${store.env.region} and a consumer of ${region}: create a store in the consumer's region`,
      construct,
    );
  }
  const vpc = vpcOf(construct, network.subnetIds);
  if (vpc && place.vpc && apart(vpc, place.vpc)) {
    Annotations.of(warnedOf(construct)).addWarningV2(
      OTHER_VPC_WARNING,
      `${construct.node.path} is in the VPC ${vpc.node.path}, and the store ${store.node.path} in ${place.vpc.node.path}: take one VPC for both, or acknowledge this if the two are peered`,
    );
  }
  if (place.connections.securityGroups.length === 0) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `consumers are let in by a security group, received the store ${store.node.path} without any: give it one`,
      construct,
    );
  }
  if (network.connections.securityGroups.length === 0) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `consumers are let in by their security groups, received one without any: attach it when it has one, a launch template by its securityGroup, a cluster by its capacity`,
      construct,
    );
  }
  const groups = network.connections.securityGroups;
  if (network.sharedThrough) {
    construct.node.addValidation({ validate: () => laterFaults(groups, network) });
  }
  const letIn = allowConnection({
    consumer: network.sharedThrough ?? construct,
    from: network.connections,
    to: place.connections,
    ports: place.ports,
    vpc: place.vpc,
    description: 'sessions',
  });
  if (!letIn) {
    warnOfNoRule(construct, `the store ${store.node.path}`, place.connections);
  }
}

/** What several consumers run on has a group here and one there, so that one which was not let in keeps some of them out. */
function laterFaults(letIn: readonly ec2.ISecurityGroup[], { connections, sharedThrough }: ConsumerNetwork): string[] {
  return connections.securityGroups
    .filter((group) => !letIn.includes(group))
    .map(
      ({ node }) =>
        `${node.path} was added to ${sharedThrough?.node.path} too late to be let in by a store: add capacity before anything is attached`,
    );
}
