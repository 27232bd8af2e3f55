import { Annotations, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import type { SessionContract } from '../../contract/environment.js';
import type { Consumer, ConsumerNetwork } from '../consumer.js';
import { SessionConstructError } from '../errors.js';
import { type AwsService, type CalledService, calledServices, ROTATION_SERVICES } from './called-services.js';
import { allowConnection } from './connection-rules.js';
import { isMadeHere, stageOf, vpcOf } from './vpc-of.js';
import { warnedOf } from './warned-of.js';

/** What `Annotations.of(consumer).acknowledgeWarning()` takes. */
const NO_WAY_WARNING = 'cdk-sessions:noWayToService';

/** What a consumer reaches services for, and what a warning advises. */
interface Purpose {
  /** EC2 shows it beside the rule. */
  readonly description: string;
  /** How those in isolated subnets come to a way. */
  readonly isolated: string;
  /** What to do where there is a way that CDK does not see. */
  readonly otherwise: string;
}

const ATTACHING: Purpose = {
  description: 'secrets of sessions',
  isolated: 'attach with createVpcEndpoints: true to have a VPC endpoint made',
  otherwise: 'attach with createVpcEndpoints: false if there is a way',
};

const ROTATING: Purpose = {
  description: 'rotation of credentials',
  isolated: 'make a VPC endpoint for it before the cache',
  otherwise: 'acknowledge this if there is a way',
};

/**
 * Sees to it that a consumer in subnets without a way to the internet reaches the services that its client calls: by the
 * endpoints that the app has, or by new ones, one for each VPC and service, in the VPC's stack. Warns where it cannot.
 *
 * @param create whether endpoints are made: `undefined` for those of a VPC that the app creates, as others may exist
 *   without being seen.
 * @throws if an endpoint shall be made in a VPC of which nobody told the addresses.
 */
export function reachServices(consumer: Consumer, contract: SessionContract, create: boolean | undefined): void {
  reach(consumer, calledServices(contract), ATTACHING, create);
}

/**
 * Does the same for the function that rotates the credentials of a cache.
 *
 * @returns what must be there before it reaches them.
 */
export function reachRotationServices(rotation: Consumer): IDependable[] {
  return reach(rotation, ROTATION_SERVICES, ROTATING).flatMap((endpoint) => [
    endpoint,
    ...(connectionsOf(endpoint)?.securityGroups ?? []),
  ]);
}

/** Returns the endpoints by which the consumer reaches the services. */
function reach(
  { construct, network }: Consumer,
  services: readonly CalledService[],
  purpose: Purpose,
  create?: boolean,
): ec2.CfnVPCEndpoint[] {
  const vpc = network && vpcOf(construct, network.subnetIds);
  if (!network || !vpc || create === false) {
    return [];
  }
  const isolated = includesAny(network, vpc.isolatedSubnets);
  // Without a public address, as functions always are, the internet gateway of a public subnet leads nowhere.
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
  if (!isolated && (network.hasPublicAddress || !includesAny(network, vpc.publicSubnets))) {
    return [];
  }
  const makes = isolated && (create ?? isMadeHere(vpc));
  return services.flatMap((called) => {
    const endpoint = called.region === undefined ? endpointFor(construct, vpc, called.service, makes) : undefined;
    if (!endpoint) {
      warn(construct, vpc, called, isolated, purpose);
      return [];
    }
    openTo(construct, network, vpc, endpoint, purpose);
    return [endpoint];
  });
}

function includesAny({ subnetIds }: ConsumerNetwork, subnets: readonly ec2.ISubnet[]): boolean {
  return subnets.some(({ subnetId }) => subnetIds.includes(subnetId));
}

function endpointFor(
  consumer: Construct,
  vpc: ec2.IVpc,
  service: AwsService,
  makes: boolean,
): ec2.CfnVPCEndpoint | undefined {
  const [existing] = endpointsOf(vpc, service);
  if (existing || !makes) {
    return existing;
  }
  if (service.endpointType === ec2.VpcEndpointType.INTERFACE && !tellsAddresses(vpc)) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `a VPC endpoint for ${service.title} is open to its whole VPC, received ${vpc.node.path} without its addresses: import it with vpcCidrBlock, or attach with createVpcEndpoints: false and make the endpoint yourself`,
      consumer,
    );
  }
  const made = service.addEndpoint(vpc);
  made.node.addValidation({ validate: () => secondFaults(vpc, service) });
  return made.node.defaultChild as ec2.CfnVPCEndpoint;
}

/** A VPC that was imported without its addresses throws when asked for them. */
function tellsAddresses(vpc: ec2.IVpc): boolean {
  try {
    return vpc.vpcCidrBlock !== '';
  } catch {
    return false;
  }
}

/** The endpoints that the stage makes for a service, whoever makes them, by which the service's usual name is reached. */
function endpointsOf(vpc: ec2.IVpc, { name, endpointType }: AwsService): ec2.CfnVPCEndpoint[] {
  return stageOf(vpc)
    .node.findAll()
    .filter((construct) => construct instanceof ec2.CfnVPCEndpoint)
    .filter(
      (endpoint) =>
        endpoint.vpcId === vpc.vpcId &&
        // Whether or not the region in its midst is known, the name ends a text.
        JSON.stringify(Stack.of(endpoint).resolve(endpoint.serviceName ?? '')).includes(`.${name}"`) &&
        (endpoint.vpcEndpointType ?? ec2.VpcEndpointType.GATEWAY) === endpointType &&
        endpoint.privateDnsEnabled !== false,
    );
}

/** AWS refuses a second route to a service in one table, and a second endpoint that takes its name. */
function secondFaults(vpc: ec2.IVpc, service: AwsService): string[] {
  return endpointsOf(vpc, service).length > 1
    ? [
        `${vpc.node.path} has another VPC endpoint for ${service.title}, which was made after this library had made one: make it before the cache, and before anything is attached`,
      ]
    : [];
}

function connectionsOf({ node: { scope } }: ec2.CfnVPCEndpoint): ec2.Connections | undefined {
  return scope instanceof ec2.InterfaceVpcEndpoint ? scope.connections : undefined;
}

/** An endpoint that the app has may be open to nobody. */
function openTo(
  consumer: Construct,
  network: ConsumerNetwork,
  vpc: ec2.IVpc,
  endpoint: ec2.CfnVPCEndpoint,
  { description }: Purpose,
): void {
  const connections = connectionsOf(endpoint);
  if (connections) {
    allowConnection({
      consumer: network.sharedThrough ?? consumer,
      from: network.connections,
      to: connections,
      ports: [ec2.Port.tcp(443)],
      vpc,
      description,
    });
  }
}

function warn(
  consumer: Construct,
  vpc: ec2.IVpc,
  { service, region }: CalledService,
  isolated: boolean,
  purpose: Purpose,
): void {
  const where = region === undefined ? service.title : `${service.title} in ${region}`;
  Annotations.of(warnedOf(consumer)).addWarningV2(
    NO_WAY_WARNING,
    `${consumer.node.path} may have no way to ${where} from its subnets of ${vpc.node.path}: ${wayFor(region, isolated, purpose)}, or ${purpose.otherwise}`,
  );
}

function wayFor(region: string | undefined, isolated: boolean, purpose: Purpose): string {
  if (region !== undefined) {
    return 'take subnets with a route to a NAT gateway, as an endpoint leads to its own region';
  }
  return isolated
    ? purpose.isolated
    : 'take private or isolated subnets, as these public ones give it no public address';
}
