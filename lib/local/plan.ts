import { type AssemblyStack, type Resource, resourcesOf } from './assembly.js';
import { type IamSecret, iamSecret } from './cache-users.js';
import { type CacheDefinition, replicationGroupDefinition, serverlessCacheDefinition } from './caches.js';
import { LocalError } from './errors.js';
import { SERVICE_TYPES } from './fleets.js';
import { type FunctionDefinition, functionDefinition, withoutEffect } from './functions.js';
import type { Resolver } from './intrinsics.js';
import { type Listener, listenerOf, ruleOf } from './load-balancer.js';
import { type LoadBalancer, loadBalancerOf } from './load-balancer-attributes.js';
import { physicalName } from './physical.js';
import { secretDefinition } from './secrets.js';
import type { SecretDefinition } from './secrets-manager.js';
import { notRun, otherwise, type Unsupported, unsupportedReason } from './support.js';
import { type TableDefinition, tableDefinition } from './tables.js';
import { type FunctionGroup, type ServerGroup, targetGroupOf } from './target-group.js';

/** A table and the resource that it comes from. */
export interface PlannedTable extends TableDefinition {
  readonly resource: Resource;
}

/** A secret and the resource that it comes from: a user of caches, if it holds a password in place of IAM. */
export interface PlannedSecret extends SecretDefinition {
  readonly resource: Resource;
}

/** A function URL. */
export interface PlannedUrl {
  readonly resource: Resource;
  readonly functionArn: string;
}

/** What there is to run in some stacks, and what of it cannot be, or runs otherwise. */
export interface Plan {
  readonly tables: readonly PlannedTable[];
  readonly secrets: readonly PlannedSecret[];
  readonly caches: readonly CacheDefinition[];
  readonly functions: readonly FunctionDefinition[];
  /** ECS services and Auto Scaling groups: what they run is read when all addresses are known. */
  readonly services: readonly Resource[];
  /** All that exist. */
  readonly resources: readonly Resource[];
  readonly urls: readonly PlannedUrl[];
  readonly listeners: readonly Listener[];
  readonly functionGroups: readonly FunctionGroup[];
  /** In these, servers are registered while they run. */
  readonly serverGroups: readonly ServerGroup[];
  readonly loadBalancers: readonly LoadBalancer[];
  readonly unsupported: readonly Unsupported[];
}

/**
 * Reads the templates. What one resource has wrong with it is put on the list, and the others run.
 *
 * @param secrets takes the secrets, which the resolver needs for those who refer to them.
 */
export function planOf(stacks: readonly AssemblyStack[], resolver: Resolver, secrets: SecretDefinition[]): Plan {
  const cannot: Unsupported[] = [];
  const attempt = <T>(resource: Resource, read: () => T | undefined): readonly T[] => {
    try {
      const found = read();
      return found === undefined ? [] : [found];
    } catch (error) {
      if (!(error instanceof LocalError)) {
        throw error;
      }
      cannot.push(notRun(resource, error.message));
      return [];
    }
  };
  const resources = stacks
    .flatMap(resourcesOf)
    .filter((resource) => attempt(resource, () => resolver.exists(resource) || undefined).length > 0);
  const each = <T>(types: readonly string[], read: (resource: Resource) => T | undefined): readonly T[] =>
    resources.filter(({ type }) => types.includes(type)).flatMap((resource) => attempt(resource, () => read(resource)));

  for (const resource of resources) {
    const reason = unsupportedReason(resource);
    cannot.push(...(reason === undefined ? [] : [notRun(resource, reason)]));
    cannot.push(...limitsOf(resource).map((limit) => otherwise(resource, limit)));
  }
  const plannedSecrets = each(['AWS::SecretsManager::Secret'], (resource) => ({
    ...secretDefinition(resource, resolver),
    resource,
  }));
  secrets.push(...plannedSecrets);
  const iamSecrets = each(['AWS::ElastiCache::User'], (resource) => iamSecret(resource, resolver));
  cannot.push(...iamSecrets.map(inPlaceOfIam));
  const surroundings = { resolver, resources, iamSecrets };
  const caches = [
    ...each(['AWS::ElastiCache::ReplicationGroup'], (resource) => replicationGroupDefinition(resource, surroundings)),
    ...each(['AWS::ElastiCache::ServerlessCache'], (resource) => serverlessCacheDefinition(resource, surroundings)),
  ];
  cannot.push(...caches.flatMap(({ resource, limits }) => limits.map((limit) => otherwise(resource, limit))));
  const targetGroups = each(['AWS::ElasticLoadBalancingV2::TargetGroup'], (resource) =>
    targetGroupOf(resource, resolver),
  );
  const serverGroups = targetGroups.filter((group) => group.type === 'servers');
  cannot.push(...serverGroups.flatMap(({ resource, limits }) => limits.map((limit) => otherwise(resource, limit))));
  const loadBalancers = each(['AWS::ElasticLoadBalancingV2::LoadBalancer'], (resource) =>
    loadBalancerOf(resource, resolver),
  );
  cannot.push(...loadBalancers.flatMap(({ resource, limits }) => limits.map((limit) => otherwise(resource, limit))));
  const rules = each(['AWS::ElasticLoadBalancingV2::ListenerRule'], (resource) => ruleOf(resource, resolver));
  return {
    tables: each(['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'], (resource) => {
      const name = physicalName(resource, (property) => resolver.property(resource, property));
      return { ...tableDefinition(name, tableProperties(resource, resolver)), resource };
    }),
    secrets: [...plannedSecrets, ...iamSecrets],
    caches,
    functions: each(['AWS::Lambda::Function'], (resource) => functionDefinition(resource, resolver)),
    services: resources.filter(({ type }) => SERVICE_TYPES.includes(type)),
    resources,
    urls: each(['AWS::Lambda::Url'], (resource) => urlOf(resource, resolver)),
    listeners: byUsefulness(
      each(['AWS::ElasticLoadBalancingV2::Listener'], (resource) => listenerOf(resource, resolver, rules)),
    ),
    functionGroups: targetGroups.filter((group) => group.type === 'function'),
    serverGroups,
    loadBalancers,
    unsupported: cannot,
  };
}

function inPlaceOfIam({ resource, name }: IamSecret): Unsupported {
  return otherwise(
    resource,
    `nobody checks signatures of IAM here: its clients get a password instead, in the secret ${name}`,
  );
}

/** What a table's other properties say (keys of encryption, backups) does not matter here, resolvable or not. */
function tableProperties(resource: Resource, resolver: Resolver): Readonly<Record<string, unknown>> {
  const used = [
    'KeySchema',
    'AttributeDefinitions',
    'GlobalSecondaryIndexes',
    'LocalSecondaryIndexes',
    'TimeToLiveSpecification',
  ];
  return Object.fromEntries(used.map((name) => [name, resolver.property(resource, name)]));
}

function urlOf(resource: Resource, resolver: Resolver): PlannedUrl {
  const authType = resolver.property(resource, 'AuthType');
  if (authType !== 'NONE') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its AuthType is ${String(authType)}: signatures are not checked here`);
  }
  if (resolver.property(resource, 'InvokeMode') === 'RESPONSE_STREAM') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', 'its InvokeMode is RESPONSE_STREAM: answers are not streamed here');
  }
  return { resource, functionArn: String(resolver.resolve(resource.stack, { Ref: resource.logicalId })) };
}

/** What about a resource that runs has no effect here. */
function limitsOf(resource: Resource): readonly string[] {
  switch (resource.type) {
    case 'AWS::Lambda::Function':
      return withoutEffect(resource);
    case 'AWS::Lambda::Url':
      return resource.properties['Cors'] === undefined ? [] : ['it is served without its CORS settings'];
    case 'AWS::ElasticLoadBalancingV2::Listener':
      return resource.properties['ListenerAttributes'] === undefined
        ? []
        : ['its attributes are not applied: no header is renamed, added or taken away'];
    case 'AWS::ElasticLoadBalancingV2::ListenerRule':
      return resource.properties['Transforms'] === undefined
        ? []
        : ['its transforms are not applied: requests arrive as they were sent'];
    case 'AWS::SecretsManager::Secret':
      return resource.properties['ReplicaRegions'] === undefined ? [] : ['it has no replicas in other regions here'];
    default:
      return [];
  }
}

/** HTTPS first, so that the first front is the one to open and not the one that only redirects to it. */
function byUsefulness(listeners: readonly Listener[]): readonly Listener[] {
  return [...listeners].sort((one, other) => other.protocol.localeCompare(one.protocol));
}
