import type { IResource } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
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
   * Whether the data of sessions is encrypted with the keys, by AES-256-GCM, before the store gets to see it. Who reads
   * the store or a backup of it learns no data, no user's id and no label. Who writes to it can neither change what is
   * encrypted nor put the data of one session in another's place; an older state of the same session they can put back,
   * and times they can change. Who can read the keys can read the data.
   *
   * Data is bound to its session, not to its store: between two stores that have the same keys, who reads the one and
   * writes to the other can take a session over from the one to the other, as the same user. Give stores of different
   * users keys of their own.
   *
   * It comes on top of what the service encrypts by itself, and makes a customer-managed key no less needed where one is
   * asked for: times stay readable, and how many sessions a user has whose id one knows.
   *
   * One key must not encrypt more than 2^32 times (NIST SP 800-38D, section 8.3, for random nonces of 96 bits), and each
   * save does once: with more than some 1,600 saves a second, give the keys a `rotation` shorter than their 30 days.
   *
   * A store that is in use gets it together with `acceptUnprotected`.
   * @default false
   */
  readonly encryptData?: boolean;

  /**
   * Whether cookies that are not signed still count, and are signed in the reply, and so does data that is not encrypted
   * where it should be, until the next save encrypts it. For a store that is in use when it gets its keys, or
   * `encryptData`, until the sessions from before that are over: after `absoluteTimeout` take it out, as until then what
   * was made up or changed counts as well.
   * @default false
   */
  readonly acceptUnprotected?: boolean;
}

/** A place where sessions are kept, and what it takes to use it. */
export interface ISessionStore extends IResource {
  /** How long sessions live and which cookie carries them. */
  readonly policy: SessionPolicy;

  /**
   * Keys that cookies are signed with, and data is encrypted with where that was asked for.
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
   * what the client calls. Once attached, attaching the same store again in the same way does nothing.
   *
   * Only a function that this app creates can be given an environment. For a version or an alias, attach the function
   * behind it; for an imported function, attach where it is created, or grant with `grantReadWrite()` and set the
   * variable by hand.
   *
   * A store in a VPC lets the function's security groups in, by rules in the function's stack.
   *
   * @throws if another store is attached under the same variable, or this one for another access; if the store is in a
   *   VPC and the function in none, or in another region.
   */
  attachFunction(fn: lambda.Function, options?: AttachOptions): void;

  /**
   * Lets the tasks of a service use this store in one call, on Fargate, EC2 or, if the store is in no VPC, ECS Anywhere:
   * writes the environment value into one container, and grants the task's role exactly what the client calls. Services
   * that share a task definition are each attached, and their container is told once.
   *
   * A store in a VPC lets the service's security groups in. With the network modes bridge and host it is the cluster's
   * instances that connect: their groups are let in, for all that runs on them. Add capacity before you attach.
   *
   * @throws for what `attachFunction()` throws for; if the service or its task definition is imported, or has no such
   *   container, or that has the variable already.
   */
  attachEcsService(service: ecs.BaseService, options?: AttachEcsServiceOptions): void;

  /**
   * Lets the instances of a group use this store in one call: their user data begins by writing the environment value into
   * `/etc/cdk-sessions/CDK_SESSIONS.env`, which root alone may read, and their role is granted exactly what the client
   * calls. The unit of the application names the file: `EnvironmentFile=/etc/cdk-sessions/CDK_SESSIONS.env`.
   *
   * User data reaches an instance when it is launched. Give the group `updatePolicy: UpdatePolicy.rollingUpdate()`, so that
   * a change replaces those that run.
   *
   * A store in a VPC lets the group's security groups in.
   *
   * @throws for what `attachFunction()` throws for; if the group or its launch template is imported, or the template was
   *   made without a role or user data, or the user data is no shell script.
   */
  attachAutoScalingGroup(group: autoscaling.AutoScalingGroup, options?: AttachOptions): void;

  /** Grants exactly what the client calls, reading the store's keys included, and nothing that it does not. */
  grantReadWrite(grantee: iam.IGrantable): iam.Grant;

  /**
   * Grants what the client calls to end a user's sessions, for an admin function that may end sessions and read none:
   * neither their data nor the store's keys. `attachFunction(fn, { access: SessionAccess.REVOKE })` grants it too. Whoever
   * takes such a function over can do more than the client does with it: the store's class says what.
   */
  grantRevoke(grantee: iam.IGrantable): iam.Grant;

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

  /**
   * Where the store is, if a consumer must be let in to connect to it.
   * @default - the store is a service of AWS, which needs no more than grants
   */
  readonly network?: SessionNetwork;
}

/** Where in a VPC a store is, and whom it lets in. */
export interface SessionNetwork {
  /**
   * The store's VPC.
   * @default - not known, so that nobody is warned of being in another
   */
  readonly vpc?: ec2.IVpc;

  /** The store's security groups. Consumers are let in by rules of their own stacks. */
  readonly connections: ec2.Connections;

  /** What consumers connect to. */
  readonly ports: ec2.Port[];
}

/** What a consumer may do with a store. */
export enum SessionAccess {
  /** Everything: it answers visitors, and may end the sessions of users as well. */
  READ_WRITE = 'read-write',
  /**
   * To end the sessions of users, and not to read what is in them, for a function of support or administrators. The
   * client offers it `destroyByOwner` and `revokeBefore` alone, and it is told nothing of the store's keys. What whoever
   * takes it over can do beyond that, `docs/security.md` says under "Who has grantRevoke"; with `encryptData` nobody
   * there reads what is in a session, whatever AWS makes of the grant's conditions.
   */
  REVOKE = 'revoke',
}

/** How a store is attached. */
export interface AttachOptions {
  /**
   * The environment variable that tells the client of the store. A second store on one consumer needs one of its own,
   * which the application names: `createSessions({ env: 'ADMIN_SESSIONS' })`.
   * @default CDK_SESSIONS
   */
  readonly variable?: string;

  /**
   * What the consumer may do with the store. A consumer has one access to a store, under whatever variables.
   * @default SessionAccess.READ_WRITE
   */
  readonly access?: SessionAccess;

  /**
   * Whether VPC endpoints are made where the consumer is in isolated subnets, from which it would not reach a service of
   * AWS that the client calls: DynamoDB for a table, Secrets Manager for keys and passwords. There is one for each VPC
   * and service, made in the VPC's stack; one that this app already has is used. The one for DynamoDB is free; that for
   * Secrets Manager costs by the hour in each zone. `false` also says that there is another way, and stops the warning
   * where there seems to be none.
   *
   * The rules by which the consumer's security groups let traffic out are changed for Secrets Manager, and not for
   * DynamoDB, whose addresses CDK does not know: groups that do not let all out need one to its prefix list.
   * @default - made in a VPC that this app creates; an imported one may have what this app does not see, so that a
   *   warning says what is needed
   */
  readonly createVpcEndpoints?: boolean;
}

/** How a store is attached to a service of ECS. */
export interface AttachEcsServiceOptions extends AttachOptions {
  /**
   * The container that is told of the store.
   * @default - the first essential container of the task definition, which a load balancer sends requests to as well
   */
  readonly containerName?: string;
}
