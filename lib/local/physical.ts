import { createHash } from 'node:crypto';
import type { Resource } from './assembly.js';

/** The account that everything on this machine belongs to. */
export const ACCOUNT = '000000000000';

/** Where fronts and caches are reachable, by `<stack>/<logical id>` of the function URL, load balancer or cache. */
export type Addresses = ReadonlyMap<string, string>;

/** Reads one property of a resource, resolved. */
export type ReadProperty = (name: string) => unknown;

interface Kind {
  /** The property that sets the physical name, and how long the name may be. */
  readonly name?: string;
  readonly longest?: number;
  /** How its ARN names it: `<service>:<region>:<account>:<prefix><physical name>`. */
  readonly service: string;
  readonly prefix: string;
  /** Whether `Ref` gives the ARN instead of the name. */
  readonly refIsArn?: true;
}

const SECRET = 'AWS::SecretsManager::Secret';

const TABLE: Kind = { name: 'TableName', longest: 255, service: 'dynamodb', prefix: 'table/' };
const CACHING = { service: 'elasticache', longest: 40 } as const;
const BALANCING = { service: 'elasticloadbalancing', refIsArn: true } as const;

const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::DynamoDB::Table': TABLE,
  'AWS::DynamoDB::GlobalTable': TABLE,
  'AWS::Lambda::Function': { name: 'FunctionName', longest: 64, service: 'lambda', prefix: 'function:' },
  'AWS::ElastiCache::ReplicationGroup': { ...CACHING, name: 'ReplicationGroupId', prefix: 'replicationgroup:' },
  'AWS::ElastiCache::ServerlessCache': { ...CACHING, name: 'ServerlessCacheName', prefix: 'serverlesscache:' },
  'AWS::ElastiCache::ParameterGroup': { ...CACHING, name: 'CacheParameterGroupName', prefix: 'parametergroup:' },
  'AWS::ElastiCache::User': { ...CACHING, name: 'UserId', prefix: 'user:' },
  'AWS::ElastiCache::UserGroup': { ...CACHING, name: 'UserGroupId', prefix: 'usergroup:' },
  [SECRET]: { name: 'Name', service: 'secretsmanager', prefix: 'secret:', refIsArn: true },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': { ...BALANCING, name: 'Name', prefix: 'loadbalancer/app/' },
  'AWS::ElasticLoadBalancingV2::TargetGroup': { ...BALANCING, name: 'Name', prefix: 'targetgroup/' },
  'AWS::ElasticLoadBalancingV2::Listener': { ...BALANCING, prefix: 'listener/app/' },
  'AWS::ElasticLoadBalancingV2::ListenerRule': { ...BALANCING, prefix: 'listener-rule/app/' },
};

/** The physical name: the one that the template sets, or one that is the same in every run. */
export function physicalName(resource: Resource, read: ReadProperty): string {
  const { name, longest } = kindOf(resource);
  const given = name === undefined ? undefined : read(name);
  if (typeof given === 'string' && given !== '') {
    return given;
  }
  // The CDK counts on it that CloudFormation puts exactly one hyphen into the names that it gives secrets.
  return resource.type === SECRET
    ? `${resource.logicalId}-${hashOf(resource, 12)}`
    : shortened(`${resource.stack.name}-${resource.logicalId}`, longest ?? Number.POSITIVE_INFINITY);
}

/** The ARN, in the fake account. */
export function arnOf(resource: Resource, read: ReadProperty): string {
  const { service, prefix } = kindOf(resource);
  // Secrets Manager adds six characters, so that a secret is not taken for an older one of its name.
  const suffix = resource.type === SECRET ? `-${hashOf(resource, 6)}` : '';
  return `arn:aws:${service}:${resource.stack.region}:${ACCOUNT}:${prefix}${physicalName(resource, read)}${suffix}`;
}

/** What `Ref` gives. */
export function refOf(resource: Resource, read: ReadProperty): string {
  switch (resource.type) {
    case 'AWS::Lambda::Alias':
      return `${functionArn(resource, read('FunctionName'))}:${String(read('Name'))}`;
    case 'AWS::Lambda::Version':
      return `${functionArn(resource, read('FunctionName'))}:1`;
    case 'AWS::Lambda::Url':
      return functionArn(resource, read('TargetFunctionArn'));
    default:
      return kindOf(resource).refIsArn ? arnOf(resource, read) : physicalName(resource, read);
  }
}

/** What `Fn::GetAtt` gives, or `undefined` for what only a deployment would know. */
export function attributeOf(
  resource: Resource,
  attribute: string,
  read: ReadProperty,
  addresses: Addresses,
): string | undefined {
  const arn = arnOf(resource, read);
  const address = addresses.get(`${resource.stack.name}/${resource.logicalId}`);
  switch (`${resource.type} ${attribute}`) {
    case 'AWS::DynamoDB::Table StreamArn':
    case 'AWS::DynamoDB::GlobalTable StreamArn':
      return `${arn}/stream/local`;
    case 'AWS::Lambda::Url FunctionUrl':
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer DNSName':
      return address;
    case 'AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Address':
    case 'AWS::ElastiCache::ReplicationGroup ReaderEndPoint.Address':
    case 'AWS::ElastiCache::ReplicationGroup ConfigurationEndPoint.Address':
    case 'AWS::ElastiCache::ServerlessCache Endpoint.Address':
    case 'AWS::ElastiCache::ServerlessCache ReaderEndpoint.Address':
      return address?.split(':')[0];
    case 'AWS::ElastiCache::ReplicationGroup PrimaryEndPoint.Port':
    case 'AWS::ElastiCache::ReplicationGroup ReaderEndPoint.Port':
    case 'AWS::ElastiCache::ReplicationGroup ConfigurationEndPoint.Port':
    case 'AWS::ElastiCache::ServerlessCache Endpoint.Port':
    case 'AWS::ElastiCache::ServerlessCache ReaderEndpoint.Port':
      return address?.split(':')[1];
    case 'AWS::Lambda::Url FunctionArn':
    case 'AWS::Lambda::Alias AliasArn':
      return refOf(resource, read);
    case 'AWS::Lambda::Version FunctionArn':
      return functionArn(resource, read('FunctionName'));
    case 'AWS::Lambda::Version Version':
      return '1';
    case 'AWS::ElastiCache::ServerlessCache ARN':
    case `${SECRET} Id`:
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerArn':
    case 'AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupArn':
    case 'AWS::ElasticLoadBalancingV2::Listener ListenerArn':
    case 'AWS::ElasticLoadBalancingV2::ListenerRule RuleArn':
      return arn;
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerFullName':
    case 'AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupFullName':
      return arn.split(':').at(-1);
    case 'AWS::ElasticLoadBalancingV2::LoadBalancer LoadBalancerName':
    case 'AWS::ElasticLoadBalancingV2::TargetGroup TargetGroupName':
      return physicalName(resource, read);
    default:
      return attribute === 'Arn' ? arn : undefined;
  }
}

/** A function may be named by its name or its ARN. */
function functionArn(resource: Resource, nameOrArn: unknown): string {
  const named = String(nameOrArn);
  return named.startsWith('arn:') ? named : `arn:aws:lambda:${resource.stack.region}:${ACCOUNT}:function:${named}`;
}

/** Of a type that nothing here runs, only the ARN's service is guessed, from `AWS::<service>::<type>`. */
function kindOf(resource: Resource): Kind {
  return KINDS[resource.type] ?? { service: (resource.type.split('::')[1] ?? 'local').toLowerCase(), prefix: '' };
}

function shortened(name: string, longest: number): string {
  if (name.length <= longest) {
    return name;
  }
  const hash = digest(name).slice(0, 8);
  return `${name.slice(0, longest - hash.length - 1)}-${hash}`;
}

/** Letters and digits in place of random ones, the same in every run. */
function hashOf({ stack, logicalId }: Resource, length: number): string {
  return digest(`${stack.name}/${logicalId}`).slice(0, length);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
