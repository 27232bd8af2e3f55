import type { Resource } from './assembly.js';

/** Where a resource is in the assembly. */
export interface Location {
  readonly stack: string;
  readonly logicalId: string;
  /** The path of its construct. */
  readonly path: string;
}

/** A resource that cannot be run here, or that runs otherwise than on AWS. */
export interface Unsupported extends Location {
  readonly type: string;
  /** Whether the resource runs all the same: then the reason says what about it is otherwise. */
  readonly runs: boolean;
  readonly reason: string;
}

/** The types that are run. */
const RUN: ReadonlySet<string> = new Set([
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::AutoScaling::LaunchConfiguration',
  'AWS::DynamoDB::GlobalTable',
  'AWS::DynamoDB::Table',
  'AWS::EC2::LaunchTemplate',
  'AWS::ECS::Service',
  'AWS::ECS::TaskDefinition',
  'AWS::ElastiCache::ParameterGroup',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::ElastiCache::ServerlessCache',
  'AWS::ElastiCache::User',
  'AWS::ElastiCache::UserGroup',
  'AWS::ElasticLoadBalancingV2::Listener',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::ElasticLoadBalancingV2::TargetGroup',
  'AWS::Lambda::Alias',
  'AWS::Lambda::Function',
  'AWS::Lambda::Url',
  'AWS::Lambda::Version',
  'AWS::SecretsManager::Secret',
]);

/**
 * The types without which an application behaves no differently on this machine: permissions, since nothing here is
 * forbidden; networks, since everything here is on loopback; keys and certificates, which AWS uses on one's behalf;
 * logs and alarms, which only watch; clusters of containers, whose services all run on this machine.
 */
const WITHOUT_BEHAVIOUR =
  /^AWS::(?:CDK::Metadata|CertificateManager::Certificate|CloudFormation::WaitConditionHandle|CloudWatch::\w+|ECS::(?:CapacityProvider|Cluster|ClusterCapacityProviderAssociations)|EC2::(?:EIP|EgressOnlyInternetGateway|FlowLog|InternetGateway|NatGateway|NetworkAcl\w*|Route|RouteTable|SecurityGroup\w*|Subnet\w*|VPC|VPCCidrBlock|VPCEndpoint|VPCGatewayAttachment)|ElastiCache::SubnetGroup|ElasticLoadBalancingV2::ListenerCertificate|IAM::\w+|KMS::\w+|Lambda::Permission|Logs::\w+|Route53::RecordSet|SecretsManager::ResourcePolicy)$/;

const NO_SCALING = 'nothing scales by itself here: scale on command';

/** Why resources of certain types do not run. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['AWS::SecretsManager::RotationSchedule', 'nothing is rotated here: its secret keeps the value that it starts with'],
  ['AWS::ApplicationAutoScaling::ScalableTarget', NO_SCALING],
  ['AWS::ApplicationAutoScaling::ScalingPolicy', NO_SCALING],
  ['AWS::AutoScaling::ScalingPolicy', NO_SCALING],
  ['AWS::AutoScaling::ScheduledAction', NO_SCALING],
  ['AWS::AutoScaling::LifecycleHook', 'nobody waits for lifecycle hooks here: instances come and go at once'],
]);

/** Why a resource is not run, or `undefined` if it is or if nobody can tell the difference. */
export function unsupportedReason({ type }: Resource): string | undefined {
  if (RUN.has(type) || WITHOUT_BEHAVIOUR.test(type)) {
    return undefined;
  }
  return REASONS.get(type) ?? 'resources of this type do not run here';
}

/** Where a resource is. */
export function located({ stack, logicalId, path }: Resource): Location {
  return { stack: stack.name, logicalId, path };
}

/** An entry of the list about a resource that cannot be run. */
export function notRun(resource: Resource, reason: string): Unsupported {
  return { ...located(resource), type: resource.type, runs: false, reason };
}

/** An entry of the list about a resource that runs, but otherwise than on AWS. */
export function otherwise(resource: Resource, reason: string): Unsupported {
  return { ...located(resource), type: resource.type, runs: true, reason };
}
