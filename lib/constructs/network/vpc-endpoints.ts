import { Annotations, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { SessionContract } from '../../contract/environment.js';
import type { Consumer, ConsumerNetwork } from '../consumer.js';
import { type AwsService, type CalledService, calledServices } from './called-services.js';
import { allowConnection } from './connection-rules.js';
import { isMadeHere, stageOf, vpcOf } from './vpc-of.js';
import { warnedOf } from './warned-of.js';

/** What `Annotations.of(consumer).acknowledgeWarning()` takes. */
const NO_WAY_WARNING = 'cdk-sessions:noWayToService';

/**
 * Sees to it that a consumer in subnets without a way to the internet reaches the services that its client calls: by the
 * endpoints that the app has, or by new ones, one for each VPC and service, in the VPC's stack. Warns where it cannot.
 *
 * @param create whether endpoints are made: `undefined` for those of a VPC that the app creates, as others may exist
 *   without being seen.
 */
export function reachServices(consumer: Consumer, contract: SessionContract, create: boolean | undefined): void {
  const { construct, network } = consumer;
  const vpc = network && vpcOf(construct, network.subnetIds);
  if (!network || !vpc || create === false) {
    return;
  }
  const isolated = includesAny(network, vpc.isolatedSubnets);
  // In a public subnet a function has no public address, so that the internet gateway leads it nowhere.
  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
  if (!isolated && !includesAny(network, vpc.publicSubnets)) {
    return;
  }
  const makes = isolated && (create ?? isMadeHere(vpc));
  for (const called of calledServices(contract)) {
    const endpoint = called.region === undefined ? endpointFor(vpc, called.service, makes) : undefined;
    if (endpoint) {
      openTo(construct, network, vpc, endpoint);
    } else {
      warn(construct, vpc, called, isolated);
    }
  }
}

function includesAny({ subnetIds }: ConsumerNetwork, subnets: readonly ec2.ISubnet[]): boolean {
  return subnets.some(({ subnetId }) => subnetIds.includes(subnetId));
}

function endpointFor(vpc: ec2.IVpc, service: AwsService, makes: boolean): ec2.CfnVPCEndpoint | undefined {
  const [existing] = endpointsOf(vpc, service);
  if (existing || !makes) {
    return existing;
  }
  const made = service.addEndpoint(vpc);
  made.node.addValidation({ validate: () => secondFaults(vpc, service) });
  return made.node.defaultChild as ec2.CfnVPCEndpoint;
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
        `${vpc.node.path} has another VPC endpoint for ${service.title}, which was made after a store was attached: make it before, or attach with createVpcEndpoints: false`,
      ]
    : [];
}

function openTo(consumer: Construct, network: ConsumerNetwork, vpc: ec2.IVpc, endpoint: ec2.CfnVPCEndpoint): void {
  const { scope } = endpoint.node;
  if (scope instanceof ec2.InterfaceVpcEndpoint) {
    allowConnection({
      consumer,
      from: network.connections,
      to: scope.connections,
      ports: [ec2.Port.tcp(443)],
      vpc,
      description: 'secrets of sessions',
    });
  }
}

function warn(consumer: Construct, vpc: ec2.IVpc, { service, region }: CalledService, isolated: boolean): void {
  const where = region === undefined ? service.title : `${service.title} in ${region}`;
  Annotations.of(warnedOf(consumer)).addWarningV2(
    NO_WAY_WARNING,
    `${consumer.node.path} may have no way to ${where} from its subnets of ${vpc.node.path}: ${advice(region, isolated)}, or attach with createVpcEndpoints: false if there is a way`,
  );
}

function advice(region: string | undefined, isolated: boolean): string {
  if (region !== undefined) {
    return 'take subnets with a route to a NAT gateway, as an endpoint leads to its own region';
  }
  return isolated
    ? 'attach with createVpcEndpoints: true to have a VPC endpoint made'
    : 'take private or isolated subnets, as public ones give a function no public address';
}
