import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { SessionConstructError } from './errors.js';
import { concrete } from './placement.js';
import { type CacheIdentity, type ISessionCache, SessionCacheBase } from './session-cache-base.js';

/** A replication group of ElastiCache that keeps sessions, or whatever else, created here or imported. */
export interface ISessionReplicationGroup extends ISessionCache {
  /** The group's id. */
  readonly replicationGroupId: string;
  /** The group's ARN. */
  readonly replicationGroupArn: string;
  /** The ids of the nodes, which ElastiCache calls cache clusters. */
  readonly cacheClusterIds: string[];

  /** How busy the thread is that commands run in, in percent, on the busiest node. */
  metricEngineCpuUtilization(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How busy the host is, in percent, on the busiest node. */
  metricCpuUtilization(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How much of the memory for keys is taken, in percent, on the fullest node. */
  metricDatabaseMemoryUsagePercentage(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How many connections there are to the node that has most. */
  metricCurrConnections(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How many keys went because the memory was full, on all nodes. */
  metricEvictions(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How many seconds the slowest replica is behind. */
  metricReplicationLag(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
  /** How many attempts to authenticate failed, on all nodes. */
  metricAuthenticationFailures(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression;
}

/** What created and imported replication groups have in common: binding, grants and metrics. */
export abstract class SessionReplicationGroupBase extends SessionCacheBase implements ISessionReplicationGroup {
  public abstract readonly replicationGroupId: string;
  public abstract readonly replicationGroupArn: string;
  public abstract readonly cacheClusterIds: string[];

  /** @internal */
  protected abstract readonly _clustered: boolean;
  /** @internal */
  protected abstract readonly _encrypted: boolean;

  /**
   * A metric of one node, the first unless `dimensionsMap: { CacheClusterId }` names another. ElastiCache publishes by
   * node, never by group, and any node can become the primary: what is asked of a whole group are the other methods,
   * which put all its nodes together.
   *
   * Names and statistics are those of https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
   * and https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.HostLevel.html
   *
   * @default - the average over five minutes
   */
  public override metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    const [CacheClusterId] = this.nodes(metricName);
    return new cloudwatch.Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      dimensionsMap: { CacheClusterId },
      statistic: cloudwatch.Stats.AVERAGE,
      ...(concrete(this.env.account) && { account: this.env.account }),
      ...(concrete(this.env.region) && { region: this.env.region }),
      ...props,
    });
  }

  /**
   * How busy the thread is that commands run in, in percent, on the busiest node. For node types with four vCPUs or more.
   * @default - the maximum over five minutes
   */
  public metricEngineCpuUtilization(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('MAX', 'EngineCPUUtilization', cloudwatch.Stats.MAXIMUM, props);
  }

  /**
   * How busy the host is, in percent, on the busiest node. For node types with two vCPUs, on which 50 is the most that
   * commands alone can take.
   * @default - the maximum over five minutes
   */
  public metricCpuUtilization(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('MAX', 'CPUUtilization', cloudwatch.Stats.MAXIMUM, props);
  }

  /**
   * How much of the memory for keys is taken, in percent, on the fullest node. At 100 keys are evicted, or writes fail.
   * @default - the maximum over five minutes
   */
  public metricDatabaseMemoryUsagePercentage(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('MAX', 'DatabaseMemoryUsagePercentage', cloudwatch.Stats.MAXIMUM, props);
  }

  /**
   * How many connections there are to the node that has most, some of them ElastiCache's own.
   * @default - the maximum over five minutes
   */
  public metricCurrConnections(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('MAX', 'CurrConnections', cloudwatch.Stats.MAXIMUM, props);
  }

  /**
   * How many keys went because the memory was full, on all nodes. With sessions, each is a visitor who lost theirs.
   * @default - the sum over five minutes
   */
  public metricEvictions(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('SUM', 'Evictions', cloudwatch.Stats.SUM, props);
  }

  /**
   * How many seconds the slowest replica is behind: what is lost if its primary fails now. Primaries publish none.
   * @default - the maximum over five minutes
   */
  public metricReplicationLag(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('MAX', 'ReplicationLag', cloudwatch.Stats.MAXIMUM, props);
  }

  /**
   * How many attempts to authenticate failed, on all nodes.
   * @default - the sum over five minutes
   */
  public metricAuthenticationFailures(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    return this.overNodes('SUM', 'AuthenticationFailures', cloudwatch.Stats.SUM, props);
  }

  /** One number out of all nodes. An alarm takes up to ten metrics: alarms on larger groups need one for each shard. */
  private overNodes(
    operation: 'MAX' | 'SUM',
    metricName: string,
    statistic: string,
    props?: cloudwatch.MathExpressionOptions,
  ): cloudwatch.MathExpression {
    const byNode = Object.fromEntries(
      this.nodes(metricName).map((CacheClusterId, index) => [
        `node${index + 1}`,
        this.metric(metricName, { statistic, dimensionsMap: { CacheClusterId } }),
      ]),
    );
    return new cloudwatch.MathExpression({
      // An array passes over nodes without data; operators between them would come to nothing.
      expression: `${operation}([${Object.keys(byNode).join(', ')}])`,
      usingMetrics: byNode,
      label: metricName,
      ...props,
    });
  }

  private nodes(metricName: string): [string, ...string[]] {
    const [first, ...others] = this.cacheClusterIds;
    if (first === undefined) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `ElastiCache publishes ${metricName} by node, and the nodes of this group are not known: import it with cacheClusterIds, or create it with a number of shards and replicas that is known at synth`,
        this,
      );
    }
    return [first, ...others];
  }

  /** @internal */
  protected override _identity(): CacheIdentity {
    return {
      kind: 'replication group',
      name: this.replicationGroupId,
      arn: this.replicationGroupArn,
      cluster: this._clustered,
      tls: this._encrypted,
      ports: ec2.Port.tcp(this.port),
    };
  }
}
