import type { RemovalPolicy } from 'aws-cdk-lib';
import type { CfnReplicationGroup } from 'aws-cdk-lib/aws-elasticache';
import type * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** How the entries of a log are written. */
export enum CacheLogFormat {
  /** One JSON object an entry. */
  JSON = 'json',
  /** One line an entry. */
  TEXT = 'text',
}

/** How a log is delivered to CloudWatch. */
export interface CacheLogProps {
  /**
   * The log group that takes the entries.
   * @default - a new one, which keeps them for a month, and goes or stays with the cache
   */
  readonly logGroup?: logs.ILogGroup;

  /**
   * How the entries are written.
   * @default CacheLogFormat.JSON
   */
  readonly format?: CacheLogFormat;
}

/**
 * Where a log of a cache goes. ElastiCache puts no keys and no values into it. Delivery is charged as vended logs.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
 */
export abstract class CacheLog {
  /** To a log group of CloudWatch. */
  public static cloudWatch(props: CacheLogProps = {}): CacheLog {
    return new CloudWatchLog(props);
  }

  /** To a delivery stream of Data Firehose, as JSON unless another format is given. */
  public static firehose(stream: firehose.IDeliveryStream, format?: CacheLogFormat): CacheLog {
    return new FirehoseLog(stream, format);
  }

  /** Nowhere. */
  public static none(): CacheLog {
    return new NoLog();
  }

  /**
   * Whether the log goes anywhere.
   *
   * @internal
   */
  public readonly _delivers: boolean = true;

  /**
   * What ElastiCache is told of the log, if anything. The removal policy is for a log group that is made for it.
   *
   * @internal
   */
  public abstract _bind(scope: Construct, type: CacheLogType, removalPolicy: RemovalPolicy): LogDelivery | undefined;
}

/**
 * The logs that a cache has.
 *
 * @internal
 */
export type CacheLogType = 'slow-log' | 'engine-log';

type LogDelivery = CfnReplicationGroup.LogDeliveryConfigurationRequestProperty;

class CloudWatchLog extends CacheLog {
  constructor(private readonly props: CacheLogProps) {
    super();
  }

  public override _bind(scope: Construct, type: CacheLogType, removalPolicy: RemovalPolicy): LogDelivery {
    const logGroup =
      this.props.logGroup ??
      new logs.LogGroup(scope, type === 'slow-log' ? 'SlowLog' : 'EngineLog', {
        retention: logs.RetentionDays.ONE_MONTH,
        removalPolicy,
      });
    return {
      logType: type,
      logFormat: this.props.format ?? CacheLogFormat.JSON,
      destinationType: 'cloudwatch-logs',
      destinationDetails: { cloudWatchLogsDetails: { logGroup: logGroup.logGroupName } },
    };
  }
}

class FirehoseLog extends CacheLog {
  constructor(
    private readonly stream: firehose.IDeliveryStream,
    private readonly format: CacheLogFormat = CacheLogFormat.JSON,
  ) {
    super();
  }

  public override _bind(_scope: Construct, type: CacheLogType): LogDelivery {
    return {
      logType: type,
      logFormat: this.format,
      destinationType: 'kinesis-firehose',
      destinationDetails: { kinesisFirehoseDetails: { deliveryStream: this.stream.deliveryStreamName } },
    };
  }
}

class NoLog extends CacheLog {
  public override readonly _delivers = false;

  public override _bind(): undefined {
    return undefined;
  }
}
