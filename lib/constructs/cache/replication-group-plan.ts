import type { Duration } from 'aws-cdk-lib';
import type { CacheEngine, EngineVersions } from './cache-engine.js';
import type { CacheLog } from './cache-log.js';
import type { CacheNodeType } from './cache-node-type.js';
import type { ClusterMode } from './cluster-mode.js';
import type { Durability } from './durability.js';
import type { EvictionPolicy } from './eviction-policy.js';
import type { TransitEncryption } from './transit-encryption.js';
import type { DailyWindow, WeeklyWindow } from './windows.js';

/** What a replication group is to be, with all its defaults: what can be judged before anything is made. */
export interface ReplicationGroupPlan {
  readonly engine: CacheEngine;
  readonly nodeType: CacheNodeType;
  readonly clusterMode: ClusterMode;
  readonly shards: number;
  readonly replicasPerShard: number;
  readonly automaticFailover: boolean;
  readonly multiAz: boolean;
  readonly durability?: Durability;
  readonly evictionPolicy: EvictionPolicy;
  readonly transitEncryption: TransitEncryption;
  readonly authenticates: boolean;
  readonly port: number;
  readonly snapshotRetention: Duration;
  readonly snapshotWindow?: DailyWindow;
  readonly maintenanceWindow?: WeeklyWindow;
  readonly engineLog: CacheLog;
  readonly replicationGroupId?: string;
  readonly allowReplacement?: string;
  readonly description: string;
}

/** The class of nodes that ElastiCache runs with data tiering, and only so. */
export const DATA_TIERING_CLASS = 'r6gd';

/** The first versions with an engine log. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html */
export const ENGINE_LOG: EngineVersions = { valkey: '7.2', redis: '6.2' };
