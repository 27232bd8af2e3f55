import { Duration, Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IDependable } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { functionConsumer } from '../function-consumer.js';
import { allowConnection } from '../network/connection-rules.js';
import { warnOfNoRule } from '../network/no-rule-warning.js';
import { reachRotationServices } from '../network/vpc-endpoints.js';
import { rotateSecret } from '../secret-rotation.js';
import type { CacheTarget } from './cache-access.js';

/** How a password or a token is rotated. */
export interface CacheRotationProps {
  readonly secret: secretsmanager.ISecret;
  readonly interval: Duration;
  /** The cache that must take what is in the secret. */
  readonly cache: CacheTarget;
  readonly holder: CredentialHolder;
}

/** What of ElastiCache has the password or the token: a user, or the replication group itself. */
export interface CredentialHolder {
  /** Tells the function which one it is. */
  readonly environment: Record<string, string>;
  /** What the function calls on it. */
  readonly actions: string[];
  readonly arn: string;
}

/** How often it is done by default. */
export const STANDARD_ROTATION = Duration.days(30);

/**
 * What Lambda does in a VPC for a function, in the function's name. It checks for these on all resources.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
 */
const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/**
 * The function that rotates a cache's password or token, and its schedule. It stands in the cache's VPC, where it tries at
 * each step who gets in and who does not.
 */
export class CacheRotation extends Construct {
  constructor(scope: Construct, id: string, { secret, interval, cache, holder }: CacheRotationProps) {
    super(scope, id);
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: cache.vpc,
      description: 'Rotates the credentials of a cache',
    });
    const { rotate, schedule } = rotateSecret(this, {
      secret,
      interval,
      asset: 'rotate-cache-credentials',
      description: 'Rotates the credentials of a cache',
      environment: {
        ...holder.environment,
        ENDPOINT: cache.endpoint,
        PORT: Tokenization.stringifyNumber(cache.port),
      },
      // ElastiCache takes minutes to tell all nodes.
      timeout: Duration.minutes(15),
      network: { vpc: cache.vpc, vpcSubnets: this.subnetsFor(cache), securityGroups: [securityGroup] },
    });
    iam.Grant.addToPrincipal({ grantee: rotate, actions: holder.actions, resourceArns: [holder.arn] });
    iam.Grant.addToPrincipal({ grantee: rotate, actions: NETWORK_INTERFACES, resourceArns: ['*'] });
    schedule.node.addDependency(...this.connect(rotate, cache));
  }

  /** Lets the function in to the cache and the services that it calls, and returns what it waits for. */
  private connect(rotate: lambda.Function, cache: CacheTarget): IDependable[] {
    const letIn = allowConnection({
      consumer: rotate,
      from: rotate.connections,
      to: cache.connections,
      ports: [ec2.Port.tcp(cache.port)],
      vpc: cache.vpc,
      description: 'rotation of credentials',
    });
    if (!letIn) {
      warnOfNoRule(rotate, `the cache ${this.node.scope?.node.path}`, cache.connections);
    }
    return [
      ...rotate.connections.securityGroups,
      ...cache.connections.securityGroups,
      ...reachRotationServices(functionConsumer(rotate)),
    ];
  }

  /** Where the function reaches AWS as well as the cache. */
  private subnetsFor({ vpc, vpcSubnets }: CacheTarget): ec2.SubnetSelection | undefined {
    if (vpc.privateSubnets.length > 0) {
      return { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
    }
    const { subnets } = vpc.selectSubnets(vpcSubnets);
    const isPublic = ({ subnetId }: ec2.ISubnet) => vpc.publicSubnets.some((other) => other.subnetId === subnetId);
    if (!subnets.some(isPublic)) {
      return vpcSubnets;
    }
    if (vpc.isolatedSubnets.length > 0) {
      return { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
    }
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      `credentials are rotated by a function in private or isolated subnets, as public ones give it no public address, received ${vpc.node.path} with public ones alone: give it others, or take CacheAuthentication.iam()`,
      this,
    );
  }
}
