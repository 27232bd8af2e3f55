import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { CacheAuthenticationContract } from '../contract/environment.js';
import type { CacheAccess } from './cache/cache-access.js';
import { type GrantedCache, grantClientOf, grantConnectTo, refuseRevoke } from './cache/cache-grants.js';
import { concrete, placementFor } from './placement.js';
import type { ISessionStore, SessionBinding } from './session-store.js';
import { SessionStoreBase } from './session-store-base.js';

/** A serverless cache of ElastiCache that keeps sessions, or whatever else, created here or imported. */
export interface ISessionServerlessCache extends ISessionStore, ec2.IConnectable {
  /** The cache's name. */
  readonly serverlessCacheName: string;
  /** The cache's ARN. */
  readonly serverlessCacheArn: string;
  /**
   * The network from which the cache is reached.
   * @default - not known, of a cache that was imported without it
   */
  readonly vpc?: ec2.IVpc;
  /** The host name that clients connect to. */
  readonly endpointAddress: string;
  /** The port that clients connect to: 6379. */
  readonly port: number;
  /**
   * The host name for reads that may lag behind.
   * @default - not known, of a cache that was imported without it
   */
  readonly readerEndpointAddress?: string;
  /** The port for reads that may lag behind: 6380. Clients that know clusters find it by themselves. */
  readonly readerPort: number;

  /**
   * The user that clients connect as.
   * @default - none, of a cache with a token or without authentication
   */
  readonly userName?: string;
  /**
   * The ARN of the secret with the password or the token, in the field `password`.
   * @default - none, with IAM or without authentication
   */
  readonly secretArn?: string;

  /** Grants what it takes to connect: with IAM to do so, else to read the secret. It opens no security group. */
  grantConnect(grantee: iam.IGrantable): iam.Grant;
}

/** What created and imported serverless caches have in common: binding, grants and metrics. */
export abstract class SessionServerlessCacheBase extends SessionStoreBase implements ISessionServerlessCache {
  public abstract readonly serverlessCacheName: string;
  public abstract readonly serverlessCacheArn: string;
  /**
   * The network of the cache.
   * @default - not known, of one that was imported without it
   */
  public abstract readonly vpc?: ec2.IVpc;
  public abstract readonly endpointAddress: string;
  /**
   * The host name for reads that may lag behind.
   * @default - not known, of a cache that was imported without it
   */
  public abstract readonly readerEndpointAddress?: string;
  public abstract readonly connections: ec2.Connections;

  // ElastiCache lets nobody choose: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/set-up.html#elasticache-install-grant-access-VPN
  public readonly port: number = 6379;
  public readonly readerPort: number = 6380;

  /** @internal */
  protected abstract readonly _access: CacheAccess | undefined;

  public get userName(): string | undefined {
    const { _authentication: authentication } = this;
    return authentication && 'user' in authentication ? authentication.user : undefined;
  }

  public get secretArn(): string | undefined {
    const { _authentication: authentication } = this;
    return authentication && 'secret' in authentication ? authentication.secret : undefined;
  }

  public override bind(consumer: IConstruct): SessionBinding {
    const { _authentication: authentication } = this;
    return {
      stores: {
        primary: {
          kind: 'redis',
          endpoint: this.endpointAddress,
          port: this.port,
          cluster: true,
          tls: true,
          ...placementFor(consumer, this, 'serverless cache'),
          ...(authentication && { authentication }),
        },
      },
      network: { vpc: this.vpc, connections: this.connections, ports: [this._ports()] },
    };
  }

  /**
   * Grants what it takes to connect: with IAM `elasticache:Connect` on this cache and its user, else to read the secret.
   *
   * @throws if nobody authenticates: there is nothing to grant then, and security groups decide alone.
   */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    return grantConnectTo(this.granted(), grantee);
  }

  /** Grants what it takes to connect. What the cache's user may do is in its access string. */
  protected override grantStore(grantee: iam.IGrantable): iam.Grant {
    return grantClientOf(this.granted(), grantee);
  }

  /**
   * A cache has no such grant yet.
   *
   * @throws always.
   */
  public override grantRevoke(_grantee: iam.IGrantable): iam.Grant {
    return refuseRevoke(this);
  }

  /**
   * A metric of the cache.
   *
   * Names and statistics are those of https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html
   *
   * @default - the average over five minutes
   */
  public override metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      // Not the dimension that nodes have, and not spelled like it.
      dimensionsMap: { clusterId: this.serverlessCacheName },
      statistic: cloudwatch.Stats.AVERAGE,
      ...(concrete(this.env.account) && { account: this.env.account }),
      ...(concrete(this.env.region) && { region: this.env.region }),
      ...props,
    });
  }

  /**
   * How many bytes the cache holds.
   * @default - the maximum over five minutes
   */
  public metricBytesUsedForCache(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('BytesUsedForCache', { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /**
   * How many ECPUs were used. A limit by the second is reached at as many times the seconds of the period.
   * @default - the sum over five minutes
   */
  public metricElastiCacheProcessingUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ElastiCacheProcessingUnits', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /**
   * How many commands were slowed down or turned away, beyond a limit or ahead of ElastiCache's growing.
   * @default - the sum over five minutes
   */
  public metricThrottledCmds(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ThrottledCmds', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /**
   * How many keys went because a limit was reached. With sessions, each is a visitor who lost theirs.
   * @default - the sum over five minutes
   */
  public metricEvictions(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('Evictions', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /**
   * How many connections there are.
   * @default - the maximum over five minutes
   */
  public metricCurrConnections(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('CurrConnections', { statistic: cloudwatch.Stats.MAXIMUM, ...props });
  }

  /**
   * How many microseconds a read takes, within ElastiCache.
   * @default - the average over five minutes
   */
  public metricSuccessfulReadRequestLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SuccessfulReadRequestLatency', props);
  }

  /**
   * How many microseconds a write takes, within ElastiCache.
   * @default - the average over five minutes
   */
  public metricSuccessfulWriteRequestLatency(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('SuccessfulWriteRequestLatency', props);
  }

  /**
   * How many attempts to authenticate failed.
   * @default - the sum over five minutes
   */
  public metricAuthenticationFailures(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('AuthenticationFailures', { statistic: cloudwatch.Stats.SUM, ...props });
  }

  /**
   * Both ports. Clients that know clusters are told of both, and without the second they wait in vain.
   *
   * @internal
   */
  protected _ports(): ec2.Port {
    return ec2.Port.tcpRange(this.port, this.readerPort);
  }

  private granted(): GrantedCache {
    return { construct: this, arn: this.serverlessCacheArn, access: this._access };
  }

  /** @internal */
  private get _authentication(): CacheAuthenticationContract | undefined {
    return this._access?.contract({ name: this.serverlessCacheName, serverless: true });
  }
}
