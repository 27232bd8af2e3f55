import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { CacheAuthentication } from './cache/cache-authentication.js';
import type { CacheEngine } from './cache/cache-engine.js';
import type { CacheLog } from './cache/cache-log.js';
import type { CacheNodeType } from './cache/cache-node-type.js';
import type { ClusterMode } from './cache/cluster-mode.js';
import type { Durability } from './cache/durability.js';
import type { EvictionPolicy } from './cache/eviction-policy.js';
import type { TransitEncryption } from './cache/transit-encryption.js';
import type { DailyWindow, WeeklyWindow } from './cache/windows.js';
import type { SessionStoreOptions } from './session-store.js';

/** How to create a replication group. What it costs by the hour: a node, times shards, times replicas and one. */
export interface SessionReplicationGroupProps extends SessionStoreOptions {
  /** The network in which the group stands. */
  readonly vpc: ec2.IVpc;

  /**
   * The subnets in which nodes may stand, for Multi-AZ in two availability zones or more. They need no way out.
   * @default - what `vpc.selectSubnets()` takes: the private ones, else the isolated ones, else the public ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of all nodes: at least one.
   * @default - a new one, through which nobody reaches the group until a store is attached or `connections` says so
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /** What each node is: its memory, and its price. */
  readonly nodeType: CacheNodeType;

  /**
   * Engine and version. Give it to decide yourself when the group is upgraded, which is in place and takes a failover: the
   * default is the newest that this release of the library knows.
   * @default CacheEngine.VALKEY_9_1
   */
  readonly engine?: CacheEngine;

  /**
   * How clients talk to the group. In cluster mode it can grow by shards while it is in use.
   * @default ClusterMode.ENABLED
   */
  readonly clusterMode?: ClusterMode;

  /**
   * Over how many shards the keys are spread, 1 to 500. A shard more or less moves keys while the group is in use. With one
   * the failure of a primary stops all writes until a replica has taken over, with three it stops a third of them.
   * @default 1
   */
  readonly shards?: number;

  /**
   * How many replicas each shard has, 0 to 5, and at least 1 unless `ClusterMode.DISABLED`; each costs as much as the primary. Without one, the failure of a node loses
   * what was on it.
   * @default 1
   */
  readonly replicasPerShard?: number;

  /**
   * Whether a replica takes over when its primary fails.
   * @default - true, unless there are no replicas
   */
  readonly automaticFailover?: boolean;

  /**
   * Whether the nodes of a shard stand in different availability zones.
   * @default - true, unless there are no replicas
   */
  readonly multiAz?: boolean;

  /**
   * Whether writes survive the loss of all nodes of a shard.
   * @default - they do not
   */
  readonly durability?: Durability;

  /**
   * What happens to a write when the memory is full.
   * @default EvictionPolicy.VOLATILE_TTL, with data tiering EvictionPolicy.VOLATILE_LRU
   */
  readonly evictionPolicy?: EvictionPolicy;

  /**
   * Whether nodes publish when a key is deleted, expires or is evicted, to whoever subscribes to `__keyevent@0__:expired`
   * and its like, or to the pattern `__keyevent@0__:*`. Each node publishes what happens on it. It costs processor time with
   * every such key. The cache's user may subscribe unless it has an access string of its own, which then must say so.
   * @default false
   */
  readonly sessionEvents?: boolean;

  /**
   * More parameters of the engine, by name.
   * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
   * @default - those of the engine
   */
  readonly parameters?: { [name: string]: string };

  /**
   * Whether clients must use TLS.
   * @default TransitEncryption.REQUIRED
   */
  readonly transitEncryption?: TransitEncryption;

  /**
   * The customer-managed key that encrypts what is written to disk: snapshots, swap and data tiers.
   * @default - a key of ElastiCache, which costs nothing
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How clients say who they are.
   * @default - CacheAuthentication.iam(), with TransitEncryption.PREFERRED not at all
   */
  readonly authentication?: CacheAuthentication;

  /**
   * Where commands go that took long. Redis OSS 6.0 has it, too.
   * @default CacheLog.cloudWatch()
   */
  readonly slowLog?: CacheLog;

  /**
   * Where the engine says what it does.
   * @default - CacheLog.cloudWatch(), for Redis OSS 6.0, which has none, CacheLog.none()
   */
  readonly engineLog?: CacheLog;

  /**
   * How long the daily snapshots are kept: a whole number of days, at most 35; zero takes none. Restored sessions are as they
   * were then: those that have ended since are alive again, so that revocations must be repeated.
   * @default Duration.days(1)
   */
  readonly snapshotRetention?: Duration;

  /**
   * When the daily snapshot is begun.
   * @default - a time that ElastiCache chooses
   */
  readonly snapshotWindow?: DailyWindow;

  /**
   * When nodes may be patched.
   * @default - an hour that ElastiCache chooses
   */
  readonly maintenanceWindow?: WeeklyWindow;

  /**
   * The topic that is told of failovers, replaced nodes and the like. It must be of the same account, and no FIFO topic.
   * @default - nobody is told
   */
  readonly notificationTopic?: sns.ITopic;

  /**
   * Whether minor versions of the engine are installed in the maintenance window.
   * @default true
   */
  readonly autoMinorVersionUpgrade?: boolean;

  /**
   * The port that clients connect to.
   * @default 6379
   */
  readonly port?: number;

  /**
   * What the console shows of the group, up to 255 characters.
   * @default - the path of the construct
   */
  readonly description?: string;

  /**
   * The group's id: up to 40 lower-case letters, digits and single hyphens, a letter first.
   * @default - made of the stack's name and the construct's path, and stable: see `allowReplacement`
   */
  readonly replicationGroupId?: string;

  /**
   * Replaces the group once, by an empty one, when this text is given or changed, such as `2026-11: other subnets`.
   *
   * Some changes cannot be made to a group that exists: its port, its key, its subnet group, from or to data tiering, a
   * token where there was none. CloudFormation would make a new group, empty, and remove the old one. It refuses to do
   * that to a resource with a given id, which is why a group always has one: such a deployment fails, and nothing has
   * happened. With another text the group has another id, and is replaced.
   * @default - the group is never replaced
   */
  readonly allowReplacement?: string;

  /**
   * What happens to the group when it is removed from the stack, or replaced. A last snapshot is charged by the gigabyte
   * until somebody deletes it.
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}
