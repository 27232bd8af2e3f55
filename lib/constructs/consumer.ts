import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** What uses a store, as far as attaching depends on its kind. */
export interface Consumer {
  /** Whose stack takes what attaching makes, and whom messages name. */
  readonly construct: Construct;
  /** What it is attached by, as messages name it. */
  readonly method: AttachMethod;
  /** Who is granted what the client calls. */
  readonly grantee: iam.IGrantable;
  /** What the role belongs to: consumers that share it have one access to a store. */
  readonly roleHolder: Construct;
  /** What the client is told through. Consumers that share it are told once. */
  readonly environment: ConsumerEnvironment;
  /**
   * Where it stands.
   * @default - in no VPC
   */
  readonly network?: ConsumerNetwork;
}

/** The methods of a store that attach it. */
export type AttachMethod = 'attachFunction' | 'attachEcsService' | 'attachAutoScalingGroup';

/** Where environment variables stand. */
export interface ConsumerEnvironment {
  /** What has them. */
  readonly holder: Construct;
  /** Sets a variable. */
  set(name: string, value: string): void;
  /** What a variable is set to, as it stands in the template. */
  get(name: string): unknown;
}

/** Where in a VPC a consumer stands. */
export interface ConsumerNetwork {
  readonly connections: ec2.Connections;
  readonly subnetIds: readonly string[];
  /**
   * Whether it has an address of its own in the internet where its subnets are public.
   * @default false
   */
  readonly hasPublicAddress?: boolean;
  /**
   * Whose security groups they are, if not the consumer's own but those of what several consumers run on.
   * @default - the consumer's own
   */
  readonly sharedThrough?: Construct;
}
