import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import { concrete, placementFor } from './placement.js';
import type { ISessionStore, SessionBinding } from './session-store.js';
import { SessionStoreBase } from './session-store-base.js';
import { CLIENT_CALLS, REVOCATION_CALLS, type TableCalls } from './table-calls.js';

/** A DynamoDB table that keeps sessions, created here or imported. */
export interface ISessionTable extends ISessionStore {
  /** The table's name. */
  readonly tableName: string;
  /** The table's ARN. */
  readonly tableArn: string;
  /**
   * The customer-managed key that encrypts the table.
   * @default - a key of DynamoDB or of AWS, which needs no grant
   */
  readonly encryptionKey?: kms.IKey;
}

/**
 * What DynamoDB does with a customer-managed key on behalf of who reads or writes: it decrypts the table key, and works
 * with that outside KMS. Describing the key, encrypting, generating the table key and creating grants are for who gives
 * the table its key.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html#dynamodb-cmk-trail
 */
const KEY_ACTION = 'kms:Decrypt';

/** What created and imported tables have in common: binding, grants and metrics. */
export abstract class SessionTableBase extends SessionStoreBase implements ISessionTable {
  public abstract readonly tableName: string;
  public abstract readonly tableArn: string;
  public abstract readonly encryptionKey?: kms.IKey;

  public override bind(consumer: IConstruct): SessionBinding {
    const placement = placementFor(consumer, this, 'table');
    return { stores: { primary: { kind: 'dynamodb', table: this.tableName, ...placement } } };
  }

  /** Grants GetItem, PutItem, UpdateItem and DeleteItem on the table itself. */
  protected override grantStore(grantee: iam.IGrantable): iam.Grant {
    return this.grantCalls(grantee, CLIENT_CALLS);
  }

  /**
   * Grants what it takes to end sessions, and to read none, for an admin function. GetItem, of which sessions are a
   * user's and since when they are valid; UpdateItem, of anything but the value of a session, with nothing returned. The
   * store's keys are not granted.
   *
   * Whoever makes other calls with this grant than the client does can, beside ending any session:
   *
   * - put off its idle end, and its deadline as far as today's policy reaches from its beginning, which is in the value;
   * - undo an end by `destroyByOwner` while the value is there, by setting the version back, and what revocation noted;
   * - learn a session's times and version, by copying them to where they may be read, or by conditions;
   * - keep a user from signing in, and make ending their sessions slow or fail, by a time of revocation or by entries
   *   that nobody made, up to an item that is full.
   *
   * They can neither read nor write a value, so that they can forge no session, nor, as session ids are not in the
   * table, take one over. One way to read is not ruled out for certain: AWS does not say whether its condition on
   * `ReturnValues` also stops an UpdateItem that asks for `ReturnValuesOnConditionCheckFailure`, which answers with the
   * item. Of a store with `encryptData` that would show ciphertext.
   */
  public override grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return this.grantCalls(grantee, ...REVOCATION_CALLS);
  }

  /**
   * Grants calls on the table itself, and with a customer-managed key what DynamoDB then does with that key for the
   * caller. The key's own policy must leave its account's permissions to IAM, as those of keys made by this app do.
   */
  private grantCalls(grantee: iam.IGrantable, ...allowed: readonly TableCalls[]): iam.Grant {
    const grants = allowed.map(({ calls, conditions }) =>
      iam.Grant.addToPrincipal({
        grantee,
        actions: calls.map((call) => `dynamodb:${call}`),
        resourceArns: [this.tableArn],
        conditions,
      }),
    );
    if (this.encryptionKey) {
      const viaService = { 'kms:ViaService': `dynamodb.${this.env.region}.amazonaws.com` };
      grants.push(
        iam.Grant.addToPrincipal({
          grantee,
          actions: [KEY_ACTION],
          resourceArns: [this.encryptionKey.keyArn],
          conditions: { StringEquals: viaService },
        }),
      );
    }
    return grants.reduce((all, grant) => all.combine(grant));
  }

  /**
   * A metric that DynamoDB publishes about this table, under the dimension `TableName`. Those that it publishes by
   * operation (latency, system errors) need `dimensionsMap: { TableName, Operation }`.
   *
   * Names, dimensions and statistics of this and the following methods are those of
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
   *
   * @default - the sum over five minutes
   */
  public override metric(metricName: string, props: cloudwatch.MetricOptions = {}): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: this.tableName },
      statistic: cloudwatch.Stats.SUM,
      ...(concrete(this.env.account) && { account: this.env.account }),
      ...(concrete(this.env.region) && { region: this.env.region }),
      ...props,
    });
  }

  /**
   * How many read units were consumed.
   * @default - the sum over five minutes
   */
  public metricConsumedReadCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ConsumedReadCapacityUnits', props);
  }

  /**
   * How many write units were consumed.
   * @default - the sum over five minutes
   */
  public metricConsumedWriteCapacityUnits(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ConsumedWriteCapacityUnits', props);
  }

  /**
   * How many reads were throttled.
   * @default - the sum over five minutes
   */
  public metricReadThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ReadThrottleEvents', props);
  }

  /**
   * How many writes were throttled.
   * @default - the sum over five minutes
   */
  public metricWriteThrottleEvents(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('WriteThrottleEvents', props);
  }

  /**
   * How many saves found that another request had saved first. They are tried again: this is contention, not failure.
   * @default - the sum over five minutes
   */
  public metricConditionalCheckFailedRequests(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('ConditionalCheckFailedRequests', props);
  }

  /**
   * How many ended sessions DynamoDB has collected.
   * @default - the sum over five minutes
   */
  public metricTimeToLiveDeletedItems(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.metric('TimeToLiveDeletedItemCount', props);
  }

  /**
   * How many calls of the client failed inside DynamoDB, which counts them by operation: this is their sum.
   * @default - the sum over five minutes
   */
  public metricSystemErrors(props?: cloudwatch.MathExpressionOptions): cloudwatch.MathExpression {
    const byOperation = Object.fromEntries(
      CLIENT_CALLS.calls.map((call) => [
        `errorsOf${call}`,
        this.metric('SystemErrors', { dimensionsMap: { TableName: this.tableName, Operation: call } }),
      ]),
    );
    return new cloudwatch.MathExpression({
      // A sum of an array passes over what has no data; additions would come to nothing.
      expression: `SUM([${Object.keys(byOperation).join(', ')}])`,
      usingMetrics: byOperation,
      label: 'SystemErrors',
      ...props,
    });
  }
}
