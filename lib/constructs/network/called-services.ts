import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { SessionContract } from '../../contract/environment.js';

/** A service of AWS that the client calls, and how it is reached from a subnet without a way to the internet. */
export interface AwsService {
  /** Its name for people. */
  readonly title: string;
  /** What the names of its endpoints end in. */
  readonly name: string;
  readonly endpointType: ec2.VpcEndpointType;
  /**
   * Makes the endpoint. One for an interface takes the service's name over in the whole VPC, and so is open to all of it:
   * IAM decides who may call.
   */
  addEndpoint(vpc: ec2.IVpc): ec2.VpcEndpoint;
}

/** A service, and the region that it is called in, as far as that is not the client's own. */
export interface CalledService {
  readonly service: AwsService;
  /** @default - the consumer's */
  readonly region?: string;
}

/** Only subnets that have no other way: a new route cuts the connections that are open. */
const ISOLATED: ec2.SubnetSelection = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };

const DYNAMODB: AwsService = {
  title: 'DynamoDB',
  name: 'dynamodb',
  endpointType: ec2.VpcEndpointType.GATEWAY,
  addEndpoint: (vpc) =>
    vpc.addGatewayEndpoint('SessionsDynamoDB', {
      service: ec2.GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [ISOLATED],
    }),
};

const SECRETS_MANAGER: AwsService = {
  title: 'Secrets Manager',
  name: 'secretsmanager',
  endpointType: ec2.VpcEndpointType.INTERFACE,
  addEndpoint: (vpc) =>
    vpc.addInterfaceEndpoint('SessionsSecretsManager', {
      service: ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
      subnets: ISOLATED,
    }),
};

const ELASTICACHE: AwsService = {
  title: 'ElastiCache',
  name: 'elasticache',
  endpointType: ec2.VpcEndpointType.INTERFACE,
  addEndpoint: (vpc) =>
    vpc.addInterfaceEndpoint('SessionsElastiCache', {
      service: ec2.InterfaceVpcEndpointAwsService.ELASTICACHE,
      subnets: ISOLATED,
    }),
};

/** The services that the function calls which rotates the credentials of a cache. */
export const ROTATION_SERVICES: readonly CalledService[] = [{ service: SECRETS_MANAGER }, { service: ELASTICACHE }];

/** The services that a client calls which is told this. */
export function calledServices({ stores: { primary }, keys }: SessionContract): readonly CalledService[] {
  const called: CalledService[] = [];
  if (primary.kind === 'dynamodb') {
    called.push({ service: DYNAMODB, region: primary.region });
  } else if (primary.authentication && 'secret' in primary.authentication) {
    called.push({ service: SECRETS_MANAGER, region: primary.region });
  }
  if (keys) {
    called.push({ service: SECRETS_MANAGER, region: keys.region });
  }
  return called;
}
