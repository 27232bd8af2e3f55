import type { IResource } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import type { StoreContracts } from '../contract/environment.js';
import type { ISessionKeys } from './session-keys-base.js';
import type { SessionPolicy } from './session-policy.js';

/** What all stores take, created or imported. All consumers of one store should be told the same. */
export interface SessionStoreOptions {
  /**
   * How long sessions live and which cookie carries them. Where consumers of one store differ, the tighter times count.
   * @default SessionPolicy.of()
   */
  readonly policy?: SessionPolicy;

  /**
   * Keys that cookies are signed with: a cookie that was made up costs no call of the store.
   * @default - cookies are not signed
   */
  readonly keys?: ISessionKeys;

  /**
   * Whether cookies that are not signed still count, and are signed in the reply. For a store that is in use when it
   * gets its keys, until the sessions from before that are over: after `absoluteTimeout` take it out.
   * @default false
   */
  readonly acceptUnsigned?: boolean;
}

/** A place where sessions are kept, and what it takes to use it. */
export interface ISessionStore extends IResource {
  /** How long sessions live and which cookie carries them. */
  readonly policy: SessionPolicy;

  /**
   * Keys that cookies are signed with.
   * @default - cookies are not signed
   */
  readonly keys?: ISessionKeys;

  /**
   * What a consumer must be told and given to use this store. The attach methods are made of it, and so are stores that
   * are made of stores.
   *
   * @param consumer what will use the store.
   */
  bind(consumer: IConstruct): SessionBinding;

  /**
   * Lets a function use this store in one call: writes the environment value that the client reads, and grants exactly
   * what the client calls. Once attached, attaching the same store again does nothing.
   *
   * Only a function that this app creates can be given an environment. For a version or an alias, attach the function
   * behind it; for an imported function, attach where it is created, or grant with `grantReadWrite()` and set the
   * variable by hand.
   *
   * @throws if another store is attached under the same variable.
   */
  attachFunction(fn: lambda.Function, options?: AttachOptions): void;

  /** Grants exactly what the client calls, reading the store's keys included, and nothing that it does not. */
  grantReadWrite(grantee: iam.IGrantable): iam.Grant;

  /**
   * A metric that the store's service publishes about this store.
   *
   * @param metricName the name in the service's own documentation.
   */
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;
}

/** What a consumer is told of a store: its part of the contract. */
export interface SessionBinding {
  /** The stores by role, as they stand in the environment value. */
  readonly stores: StoreContracts;
}

/** How a store is attached. */
export interface AttachOptions {
  /**
   * The environment variable that tells the client of the store. A second store on one consumer needs one of its own,
   * which the application names: `createSessions({ env: 'ADMIN_SESSIONS' })`.
   * @default CDK_SESSIONS
   */
  readonly variable?: string;
}
