import type { Resource } from './assembly.js';
import { type CacheUser, defaultUser, type IamSecret, usersOf } from './cache-users.js';
import { LocalError } from './errors.js';
import type { Resolver } from './intrinsics.js';
import { flagAt, type JsonObject, listAt, numberAt, objectsAt, textAt } from './json.js';
import { physicalName } from './physical.js';

/** What a template says about a cache. */
export interface CacheDefinition {
  readonly resource: Resource;
  readonly name: string;
  /** As the template names it: `valkey 9.1`. */
  readonly engine: string;
  readonly tls: boolean;
  /** Whether keys are spread over shards, however many there are. */
  readonly cluster: boolean;
  /** How many there are here. Without cluster mode it is one. */
  readonly shards: number;
  readonly users: readonly CacheUser[];
  /** Of its parameter group. */
  readonly parameters: Readonly<Record<string, string>>;
  /** What about it is otherwise here, for the list of what runs otherwise. */
  readonly limits: readonly string[];
}

/** What a definition is read with. */
export interface CacheSurroundings {
  readonly resolver: Resolver;
  /** What there is in the stacks that run. */
  readonly resources: readonly Resource[];
  readonly iamSecrets: readonly IamSecret[];
}

/** How many shards a cluster has here at most: with three, no two keys are where they are by chance. */
const MOST_SHARDS = 3;

const ALWAYS = 'it has no snapshots, no maintenance and no limit to its memory here, and starts empty';

/** The properties that are looked at: what else a cache has (keys of encryption, subnets, logs) may name what is unknown. */
const USED = [
  'Engine',
  'EngineVersion',
  'MajorEngineVersion',
  'TransitEncryptionEnabled',
  'TransitEncryptionMode',
  'ClusterMode',
  'CacheParameterGroupName',
  'NumNodeGroups',
  'NodeGroupConfiguration',
  'ReplicasPerNodeGroup',
  'NumCacheClusters',
  'UserGroupIds',
  'UserGroupId',
  'AuthToken',
  'NotificationTopicArn',
  'GlobalReplicationGroupId',
] as const;

/**
 * Reads an `AWS::ElastiCache::ReplicationGroup`.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it is one that cannot run here, saying why.
 */
export function replicationGroupDefinition(resource: Resource, surroundings: CacheSurroundings): CacheDefinition {
  const settings = settingsOf(resource, surroundings);
  if (textAt(settings, 'GlobalReplicationGroupId') !== undefined) {
    throw new LocalError('ERR_LOCAL_TEMPLATE', 'it is a part of a global datastore, in which another region writes');
  }
  const { parameters, clusterByDefault, unknown } = parametersOf(settings, surroundings);
  const mode = textAt(settings, 'ClusterMode');
  const shards = numberAt(settings, 'NumNodeGroups') ?? Math.max(1, listAt(settings, 'NodeGroupConfiguration').length);
  const cluster =
    (mode === undefined ? clusterByDefault || parameters['cluster-enabled'] === 'yes' : mode !== 'disabled') ||
    shards > 1;
  const preferred = textAt(settings, 'TransitEncryptionMode') === 'preferred';
  return {
    ...common(resource, settings, surroundings),
    tls: flagAt(settings, 'TransitEncryptionEnabled') === true,
    cluster,
    shards: Math.min(shards, MOST_SHARDS),
    parameters,
    limits: [
      ALWAYS,
      ...(shards > MOST_SHARDS ? [`it has ${MOST_SHARDS} shards here, not ${shards}`] : []),
      ...(hasReplicas(settings) ? ['it has no replicas here: whoever reads from one reads from its primary'] : []),
      ...(preferred ? ['it takes no connections without encryption here'] : []),
      ...(settings['NotificationTopicArn'] === undefined ? [] : ['nobody is notified of its events']),
      ...unknown,
    ],
  };
}

/**
 * Reads an `AWS::ElastiCache::ServerlessCache`, which has TLS and cluster mode always, and shows one shard.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it is one that cannot run here, saying why.
 */
export function serverlessCacheDefinition(resource: Resource, surroundings: CacheSurroundings): CacheDefinition {
  const settings = settingsOf(resource, surroundings);
  return {
    ...common(resource, settings, surroundings),
    tls: true,
    cluster: true,
    shards: 1,
    parameters: {},
    limits: [ALWAYS],
  };
}

function settingsOf(resource: Resource, { resolver }: CacheSurroundings): JsonObject {
  return Object.fromEntries(USED.map((name) => [name, resolver.property(resource, name)]));
}

function common(
  resource: Resource,
  settings: JsonObject,
  { resolver, resources, iamSecrets }: CacheSurroundings,
): Pick<CacheDefinition, 'resource' | 'name' | 'engine' | 'users'> {
  const engine = (textAt(settings, 'Engine') ?? 'redis').toLowerCase();
  if (engine !== 'redis' && engine !== 'valkey') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its engine is ${engine}: only Valkey and Redis OSS run here`);
  }
  const version = settings['EngineVersion'] ?? settings['MajorEngineVersion'];
  const [groupId] = [...listAt(settings, 'UserGroupIds'), settings['UserGroupId'] ?? []].flat();
  const token = textAt(settings, 'AuthToken');
  return {
    resource,
    name: physicalName(resource, (property) => resolver.property(resource, property)),
    engine: version === undefined ? engine : `${engine} ${version}`,
    users: groupId === undefined ? [defaultUser(token)] : usersOf(String(groupId), resources, resolver, iamSecrets),
  };
}

function hasReplicas(settings: JsonObject): boolean {
  const byShard = objectsAt(settings, 'NodeGroupConfiguration').map((shard) => numberAt(shard, 'ReplicaCount') ?? 0);
  const replicas = numberAt(settings, 'ReplicasPerNodeGroup') ?? (numberAt(settings, 'NumCacheClusters') ?? 1) - 1;
  return replicas > 0 || byShard.some((count) => count > 0);
}

interface Parameters {
  readonly parameters: Readonly<Record<string, string>>;
  readonly clusterByDefault: boolean;
  /** What cannot be said about them. */
  readonly unknown: readonly string[];
}

/** Of a group of the stacks that run, or of one of ElastiCache's own, such as `default.valkey8.cluster.on`. */
function parametersOf(settings: JsonObject, { resolver, resources }: CacheSurroundings): Parameters {
  const name = textAt(settings, 'CacheParameterGroupName');
  const group = resources.find(
    (resource) =>
      resource.type === 'AWS::ElastiCache::ParameterGroup' &&
      physicalName(resource, (property) => resolver.property(resource, property)) === name,
  );
  if (group !== undefined) {
    const properties = resolver.property(group, 'Properties');
    const entries = Object.entries(properties ?? {}).map(([key, value]) => [key.toLowerCase(), String(value)]);
    return { parameters: Object.fromEntries(entries), clusterByDefault: false, unknown: [] };
  }
  const standard = name === undefined || name.startsWith('default.');
  return {
    parameters: {},
    clusterByDefault: name?.startsWith('default.') === true && name.endsWith('.cluster.on'),
    unknown: standard ? [] : [`its parameters are not known: there is no parameter group ${name} in what runs`],
  };
}
