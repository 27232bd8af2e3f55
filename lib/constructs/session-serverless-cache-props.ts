import type { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { CacheAuthentication } from './cache/cache-authentication.js';
import type { CacheEngine } from './cache/cache-engine.js';
import type { SessionStoreOptions } from './session-store.js';

/**
 * How to create a serverless cache. It costs by the gigabyte that it holds in each hour, of which a minimum is charged, and
 * by the ECPU: a read or a write takes one for each kilobyte.
 */
export interface SessionServerlessCacheProps extends SessionStoreOptions {
  /** The network from which the cache is reached. */
  readonly vpc: ec2.IVpc;

  /**
   * The two or three subnets in which the cache has endpoints, each in another availability zone. They need no way out.
   * @default - of what `vpc.selectSubnets()` takes, one in each zone, in up to three zones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * The security groups of the cache, at least one. Clients connect to port 6379, and to 6380 for reads that may lag behind.
   * @default - a new one, through which nobody reaches the cache until a store is attached or `connections` says so
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Engine and version, of which only the major one counts: ElastiCache installs minor ones by itself, without an
   * interruption. A new major version, and Valkey in place of Redis OSS, are taken over in place.
   * @default CacheEngine.VALKEY_9_1
   */
  readonly engine?: CacheEngine;

  /**
   * How much data the cache is ready for before it is there: a whole number of gibibytes, 1 to 5000. It is paid for,
   * used or not.
   * @default - as much as there is
   */
  readonly minimumDataStorage?: Size;

  /**
   * How much data the cache holds at most: a whole number of gibibytes, 1 to 5000. Beyond it the keys with an expiry that
   * were used least recently are evicted; with sessions, each is a visitor who lost theirs. Watch
   * `metricBytesUsedForCache()` at three quarters of it.
   * @default - as much as ElastiCache allows
   */
  readonly maximumDataStorage?: Size;

  /**
   * For how many ECPUs by the second the cache is ready before they are asked for, 1000 to 15000000. They are paid for,
   * used or not.
   * @default - as many as are used; ElastiCache follows by doubling every few minutes
   */
  readonly minimumEcpuPerSecond?: number;

  /**
   * How many ECPUs by the second the cache serves at most, 1000 to 15000000. Beyond it requests wait or fail, which
   * `metricThrottledCmds()` tells.
   * @default - as many as ElastiCache allows
   */
  readonly maximumEcpuPerSecond?: number;

  /**
   * The customer-managed key that encrypts what is stored.
   * @default - a key of ElastiCache, which costs nothing
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * How clients say who they are. A serverless cache knows users, and no AUTH token.
   * @default CacheAuthentication.iam()
   */
  readonly authentication?: CacheAuthentication;

  /**
   * How long the daily snapshots are kept: a whole number of days, at most 35; zero takes none. Restored sessions are as they
   * were then: those that have ended since are alive again, so that revocations must be repeated.
   * @default Duration.days(1)
   */
  readonly snapshotRetention?: Duration;

  /**
   * When the daily snapshot is taken, in UTC, as `hh:mm`: `02:30`.
   * @default - a time that ElastiCache chooses
   */
  readonly dailySnapshotTime?: string;

  /**
   * What the last snapshot is called, which RemovalPolicy.SNAPSHOT takes: up to 255 lower-case letters, digits and single
   * hyphens, a letter first. ElastiCache takes no second snapshot of a name: while there is one, from a cache of the same
   * name before, this cache cannot be deleted.
   * @default - the cache's name and `-final`
   */
  readonly finalSnapshotName?: string;

  /**
   * What the console shows of the cache, up to 255 characters.
   * @default - the path of the construct
   */
  readonly description?: string;

  /**
   * The cache's name: up to 40 lower-case letters, digits and single hyphens, a letter first.
   * @default - made of the stack's name and the construct's path, and stable: see `allowReplacement`
   */
  readonly serverlessCacheName?: string;

  /**
   * Replaces the cache once, by an empty one, when this text is given or changed, such as `2026-11: other subnets`.
   *
   * Some changes cannot be made to a cache that exists: its key and its subnets. CloudFormation would make a new cache,
   * empty, and remove the old one. It refuses to do that to a resource with a given name, which is why a cache always has
   * one: such a deployment fails, and nothing has happened. With another text the cache has another name, and is replaced.
   * @default - the cache is never replaced
   */
  readonly allowReplacement?: string;

  /**
   * What happens to the cache when it is removed from the stack, or replaced. A last snapshot is charged by the gigabyte
   * until somebody deletes it.
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}
