import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { SessionReplicationGroupBase } from '../session-replication-group-base.js';
import type { SessionStoreOptions } from '../session-store.js';
import type { CacheAccess } from './cache-access.js';
import { existingAccess } from './existing-access.js';
import { securityGroupsFault } from './security-groups-fault.js';

/**
 * A replication group that exists, in the account and region of the stack that imports it. How clients say who they are:
 * with `userName` by IAM, with `userName` and `secret` by a password, with `secret` by the AUTH token, else not at all.
 */
export interface SessionReplicationGroupAttributes extends SessionStoreOptions {
  /** The group's id. */
  readonly replicationGroupId: string;

  /** The host name that clients connect to: in cluster mode the configuration endpoint, else the primary endpoint. */
  readonly endpointAddress: string;

  /**
   * The host name that spreads connections over the replicas.
   * @default - not known, or cluster mode, in which there is none
   */
  readonly readerEndpointAddress?: string;

  /**
   * The port that clients connect to.
   * @default 6379
   */
  readonly port?: number;

  /**
   * Whether clients must know clusters.
   * @default true
   */
  readonly clusterMode?: boolean;

  /**
   * Whether clients connect with TLS.
   * @default true
   */
  readonly transitEncryption?: boolean;

  /** The security groups of the nodes. At least one. Rules are added to them, unless they were imported as immutable. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /**
   * The network in which the group stands.
   * @default - not known, so that nobody is warned of being in another
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The user as which clients connect.
   * @default - with a secret whoever has the token, else nobody in particular
   */
  readonly userName?: string;

  /**
   * The secret that holds the user's password, or the AUTH token of the group.
   * @default - with a userName the user authenticates by IAM, else nobody does
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * The ids of the nodes, for metrics.
   * @default - not known, so that there are no metrics
   */
  readonly cacheClusterIds?: string[];
}

/** What `fromSessionReplicationGroupAttributes()` answers with. */
export class ImportedReplicationGroup extends SessionReplicationGroupBase {
  public override readonly replicationGroupId: string;
  public override readonly replicationGroupArn: string;
  public override readonly vpc?: ec2.IVpc;
  public override readonly endpointAddress: string;
  public override readonly readerEndpointAddress?: string;
  public override readonly port: number;
  public override readonly cacheClusterIds: string[];
  public override readonly connections: ec2.Connections;

  /** @internal */
  protected override readonly _clustered: boolean;
  /** @internal */
  protected override readonly _encrypted: boolean;
  /** @internal */
  protected override readonly _access: CacheAccess | undefined;

  constructor(scope: Construct, id: string, attributes: SessionReplicationGroupAttributes) {
    const encrypted = attributes.transitEncryption ?? true;
    if (!encrypted && (attributes.userName !== undefined || attributes.secret !== undefined)) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `nobody authenticates without TLS, received transitEncryption false with a userName or a secret, importing ${id}: leave out what is not so`,
        scope,
      );
    }
    super(scope, id, attributes);
    const fault = securityGroupsFault(attributes.securityGroups);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_CACHE', fault, this);
    }
    this.replicationGroupId = attributes.replicationGroupId;
    this.replicationGroupArn = Stack.of(scope).formatArn({
      service: 'elasticache',
      resource: 'replicationgroup',
      resourceName: attributes.replicationGroupId,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.vpc = attributes.vpc;
    this.endpointAddress = attributes.endpointAddress;
    this.readerEndpointAddress = attributes.readerEndpointAddress;
    this.port = attributes.port ?? 6379;
    this.cacheClusterIds = attributes.cacheClusterIds ?? [];
    this.connections = new ec2.Connections({
      securityGroups: attributes.securityGroups,
      defaultPort: ec2.Port.tcp(this.port),
    });
    this._clustered = attributes.clusterMode ?? true;
    this._encrypted = encrypted;
    this._access = existingAccess(scope, attributes);
  }
}
