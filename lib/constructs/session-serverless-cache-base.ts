import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { concrete } from './placement.js';
import { type CacheIdentity, type ISessionCache, SessionCacheBase } from './session-cache-base.js';

/** A serverless cache of ElastiCache that keeps sessions, or whatever else, created here or imported. */
export interface ISessionServerlessCache extends ISessionCache {
  /** The cache's name. */
  readonly serverlessCacheName: string;
  /** The cache's ARN. */
  readonly serverlessCacheArn: string;
  /** The port for reads that may lag behind: 6380. Clients that know clusters find it by themselves. */
  readonly readerPort: number;
}

/** What created and imported serverless caches have in common: binding, grants and metrics. */
export abstract class SessionServerlessCacheBase extends SessionCacheBase implements ISessionServerlessCache {
  public abstract readonly serverlessCacheName: string;
  public abstract readonly serverlessCacheArn: string;

  // ElastiCache lets nobody choose: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/set-up.html#elasticache-install-grant-access-VPN
  public override readonly port: number = 6379;
  public readonly readerPort: number = 6380;

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

  /** @internal */
  protected override _identity(): CacheIdentity {
    return {
      kind: 'serverless cache',
      name: this.serverlessCacheName,
      arn: this.serverlessCacheArn,
      cluster: true,
      tls: true,
      ports: this._ports(),
    };
  }
}
