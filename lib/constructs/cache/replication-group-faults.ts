import { Token } from 'aws-cdk-lib';
import { ClusterMode } from './cluster-mode.js';
import { EvictionPolicy } from './eviction-policy.js';
import { DATA_TIERING_CLASS, ENGINE_LOG, type ReplicationGroupPlan } from './replication-group-plan.js';
import { TransitEncryption } from './transit-encryption.js';

/** Nodes of one group; more than 90 need a raised quota. */
const MOST_NODES = 500;
const MOST_REPLICAS = 5;
const MOST_SNAPSHOT_DAYS = 35;

/** Of each class of nodes that can be durable, its letters: `m6g`, `r7g` and `c7gn`, and newer ones of their kind. */
const DURABLE_CLASSES = /^([mr]([6-9]|\d\d)g|c([7-9]|\d\d)gn)$/;

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/data-tiering.html */
const TIERED_POLICIES: readonly EvictionPolicy[] = [
  EvictionPolicy.NO_EVICTION,
  EvictionPolicy.VOLATILE_LRU,
  EvictionPolicy.VOLATILE_LFU,
  EvictionPolicy.ALLKEYS_LRU,
  EvictionPolicy.ALLKEYS_LFU,
];

type Rule = (plan: ReplicationGroupPlan) => string | undefined;

/**
 * Why ElastiCache would refuse a group, or CloudFormation could never update it; `undefined` if it would not. What only
 * the deployment knows is not judged.
 */
export function replicationGroupFault(plan: ReplicationGroupPlan): string | undefined {
  for (const rule of RULES) {
    const fault = rule(plan);
    if (fault !== undefined) {
      return fault;
    }
  }
  return undefined;
}

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Replication.html */
const nodes: Rule = ({ shards, replicasPerShard, clusterMode }) => {
  if (!within(shards, 1, MOST_NODES)) {
    return `shards must be a whole number from 1 to ${MOST_NODES}, received ${shards}`;
  }
  if (!within(replicasPerShard, 0, MOST_REPLICAS)) {
    return `replicasPerShard must be a whole number from 0 to ${MOST_REPLICAS}, received ${replicasPerShard}`;
  }
  if (known(shards, replicasPerShard) && shards * (1 + replicasPerShard) > MOST_NODES) {
    return `a group has at most ${MOST_NODES} nodes, received ${shards} shards with ${replicasPerShard} replicas each: take fewer of either`;
  }
  return known(shards) && shards > 1 && clusterMode !== ClusterMode.ENABLED
    ? `only in cluster mode has a group more than one shard, received ${shards} with ClusterMode.${clusterMode.toUpperCase()}: take one shard, or ClusterMode.ENABLED`
    : undefined;
};

/**
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html. That a group in cluster mode without replicas
 * can be made but never updated: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1275
 */
const failover: Rule = ({ clusterMode, replicasPerShard, automaticFailover, multiAz }) => {
  if (known(replicasPerShard) && replicasPerShard === 0) {
    if (clusterMode === ClusterMode.ENABLED) {
      return 'in cluster mode CloudFormation can never update a group without replicas, received replicasPerShard 0: take one replica, or ClusterMode.DISABLED';
    }
    if (clusterMode === ClusterMode.COMPATIBLE) {
      return 'on the way to cluster mode a group has replicas to fail over to, received ClusterMode.COMPATIBLE with replicasPerShard 0: take one replica, or ClusterMode.DISABLED';
    }
    if (automaticFailover || multiAz) {
      return `without replicas there is nothing to fail over to, received replicasPerShard 0 and ${multiAz ? 'multiAz' : 'automaticFailover'} true: take one replica, or leave it out`;
    }
  }
  if (clusterMode !== ClusterMode.DISABLED && !automaticFailover) {
    return `in cluster mode and on the way there a group always fails over, received ClusterMode.${clusterMode.toUpperCase()} with automaticFailover false: leave it out, or take ClusterMode.DISABLED`;
  }
  return multiAz && !automaticFailover
    ? 'multiAz means failing over to another zone, received multiAz true and automaticFailover false: set both to the same'
    : undefined;
};

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/modify-cluster-mode.html */
const compatibleMode: Rule = ({ clusterMode, engine }) =>
  clusterMode === ClusterMode.COMPATIBLE && !engine._isAtLeast({ valkey: '7.2', redis: '7.0' })
    ? `ClusterMode.COMPATIBLE needs Valkey, or Redis OSS 7.0 or later, received ${engine.toString()}: take a later engine first, or another cluster mode`
    : undefined;

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Durability.Limitations.html */
const durability: Rule = ({ durability: asked, engine, nodeType, clusterMode, multiAz }) => {
  if (asked === undefined) {
    return undefined;
  }
  if (!engine._isAtLeast({ valkey: '9.0' })) {
    return `durability needs Valkey 9.0 or later, received ${engine.toString()}: take CacheEngine.VALKEY_9_0, or leave it out`;
  }
  if (clusterMode !== ClusterMode.ENABLED) {
    return `durability needs cluster mode, received ClusterMode.${clusterMode.toUpperCase()}: take ClusterMode.ENABLED, or leave it out`;
  }
  if (!multiAz) {
    return 'durability needs Multi-AZ, received multiAz false: take true, or leave durability out';
  }
  return nodeType._class !== undefined && !DURABLE_CLASSES.test(nodeType._class)
    ? `durability needs nodes of the classes m6g, m7g, r6g, r7g or c7gn, or later ones of their kind, received ${nodeType.toString()}: take one of these, or leave it out`
    : undefined;
};

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/data-tiering.html */
const dataTiering: Rule = ({ nodeType, engine, evictionPolicy }) => {
  if (nodeType._class !== DATA_TIERING_CLASS) {
    return undefined;
  }
  if (!engine._isAtLeast({ valkey: '7.2', redis: '6.2' })) {
    return `nodes with data tiering need Valkey, or Redis OSS 6.2 or later, received ${nodeType.toString()} with ${engine.toString()}: take a later engine`;
  }
  return TIERED_POLICIES.includes(evictionPolicy)
    ? undefined
    : `with data tiering the eviction policy must be one of ${TIERED_POLICIES.join(', ')}, received ${evictionPolicy} with ${nodeType.toString()}: leave it out for volatile-lru`;
};

/**
 * That preferred encryption is for 7.0 and later: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption-enable.html.
 * That it has no access control: https://github.com/cloudposse/terraform-aws-elasticache-redis/issues/239
 */
const preferredEncryption: Rule = ({ transitEncryption, engine, authenticates }) => {
  if (transitEncryption !== TransitEncryption.PREFERRED) {
    return undefined;
  }
  if (!engine._isAtLeast({ valkey: '7.2', redis: '7.0' })) {
    return `TransitEncryption.PREFERRED needs Valkey, or Redis OSS 7.0 or later, received ${engine.toString()}: take a later engine, or TransitEncryption.REQUIRED`;
  }
  return authenticates
    ? 'with TransitEncryption.PREFERRED ElastiCache lets nobody authenticate, received an authentication: leave it out until encryption is required'
    : undefined;
};

const engineLog: Rule = ({ engineLog: log, engine }) =>
  log._delivers && !engine._isAtLeast(ENGINE_LOG)
    ? `the engine log needs Valkey, or Redis OSS 6.2 or later, received ${engine.toString()}: take a later engine, or CacheLog.none()`
    : undefined;

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html */
const snapshots: Rule = ({ snapshotRetention, snapshotWindow, maintenanceWindow }) => {
  if (!snapshotRetention.isUnresolved()) {
    const days = snapshotRetention.toDays({ integral: false });
    if (!within(days, 0, MOST_SNAPSHOT_DAYS)) {
      return `snapshotRetention must be a whole number of days from 0 to ${MOST_SNAPSHOT_DAYS}, received ${snapshotRetention.toString()}`;
    }
    if (days === 0 && snapshotWindow) {
      return `without snapshots there is no window for them, received snapshotRetention 0 days and the window ${snapshotWindow.toString()}: leave one of them out`;
    }
  }
  return snapshotWindow && maintenanceWindow?._overlaps(snapshotWindow)
    ? `snapshotWindow and maintenanceWindow must not overlap, received ${snapshotWindow.toString()} and ${maintenanceWindow.toString()}: move one of them`
    : undefined;
};

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html */
const names: Rule = ({ replicationGroupId, allowReplacement, description, port }) => {
  if (replicationGroupId !== undefined && !Token.isUnresolved(replicationGroupId)) {
    if (!/^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(replicationGroupId)) {
      return `replicationGroupId must be up to 40 lower-case letters, digits and single hyphens, a letter first and no hyphen last, received ${JSON.stringify(replicationGroupId)}`;
    }
  }
  if (replicationGroupId !== undefined && allowReplacement !== undefined) {
    return 'a group with a given id is replaced by giving it another, received both replicationGroupId and allowReplacement: change the id, and leave allowReplacement out';
  }
  if (!Token.isUnresolved(description) && !/^.{1,255}$/.test(description)) {
    return `description must be one line of 1 to 255 characters, received ${description.length} characters`;
  }
  return within(port, 1, 65535) ? undefined : `port must be a whole number from 1 to 65535, received ${port}`;
};

const RULES: readonly Rule[] = [
  nodes,
  failover,
  compatibleMode,
  durability,
  dataTiering,
  preferredEncryption,
  engineLog,
  snapshots,
  names,
];

function known(...values: readonly number[]): boolean {
  return !values.some((value) => Token.isUnresolved(value));
}

function within(value: number, least: number, most: number): boolean {
  return Token.isUnresolved(value) || (Number.isInteger(value) && value >= least && value <= most);
}
