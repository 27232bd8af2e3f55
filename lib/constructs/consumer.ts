import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** What uses a store, as far as attaching depends on its kind. */
export interface Consumer {
  /** Whose stack takes what attaching makes, and whom messages name. */
  readonly construct: Construct;
  /** Who is granted what the client calls. */
  readonly grantee: iam.IGrantable;
  /**
   * Where it stands.
   * @default - in no VPC
   */
  readonly network?: ConsumerNetwork;
  /** Sets an environment variable. */
  setVariable(name: string, value: string): void;
  /** What an environment variable is set to, as it stands in the template. */
  variable(name: string): unknown;
}

/** Where in a VPC a consumer stands. */
export interface ConsumerNetwork {
  readonly connections: ec2.Connections;
  readonly subnetIds: readonly string[];
}
