import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { SessionServerlessCacheBase } from '../session-serverless-cache-base.js';
import type { SessionStoreOptions } from '../session-store.js';
import type { CacheAccess } from './cache-access.js';
import { existingAccess } from './existing-access.js';
import { securityGroupsFault } from './security-groups-fault.js';

/**
 * A serverless cache that exists, in the account and region of the stack that imports it. How clients say who they are: with
 * `userName` by IAM, with `userName` and `secret` by a password, else not at all.
 */
export interface SessionServerlessCacheAttributes extends SessionStoreOptions {
  /** The cache's name. */
  readonly serverlessCacheName: string;

  /** The host name that clients connect to. */
  readonly endpointAddress: string;

  /**
   * The host name for reads that may lag behind.
   * @default - not known
   */
  readonly readerEndpointAddress?: string;

  /** The security groups of the cache. At least one. Rules are added to them, unless they were imported as immutable. */
  readonly securityGroups: ec2.ISecurityGroup[];

  /**
   * The network from which the cache is reached.
   * @default - not known, so that nobody is warned of being in another
   */
  readonly vpc?: ec2.IVpc;

  /**
   * The user as which clients connect.
   * @default - nobody in particular: the cache has no users
   */
  readonly userName?: string;

  /**
   * The secret that holds the user's password.
   * @default - with a userName the user authenticates by IAM, else nobody does
   */
  readonly secret?: secretsmanager.ISecret;
}

/** What `fromSessionServerlessCacheAttributes()` answers with. */
export class ImportedServerlessCache extends SessionServerlessCacheBase {
  public override readonly serverlessCacheName: string;
  public override readonly serverlessCacheArn: string;
  public override readonly vpc?: ec2.IVpc;
  public override readonly endpointAddress: string;
  public override readonly readerEndpointAddress?: string;
  public override readonly connections: ec2.Connections;

  /** @internal */
  protected override readonly _access: CacheAccess | undefined;

  constructor(scope: Construct, id: string, attributes: SessionServerlessCacheAttributes) {
    if (attributes.secret !== undefined && attributes.userName === undefined) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `a serverless cache has no AUTH token, received a secret without a userName, importing ${id}: give the userName whose password it holds`,
        scope,
      );
    }
    super(scope, id, attributes);
    const fault = securityGroupsFault(attributes.securityGroups);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_CACHE', fault, this);
    }
    this.serverlessCacheName = attributes.serverlessCacheName;
    this.serverlessCacheArn = Stack.of(scope).formatArn({
      service: 'elasticache',
      resource: 'serverlesscache',
      resourceName: attributes.serverlessCacheName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.vpc = attributes.vpc;
    this.endpointAddress = attributes.endpointAddress;
    this.readerEndpointAddress = attributes.readerEndpointAddress;
    this.connections = new ec2.Connections({
      securityGroups: attributes.securityGroups,
      defaultPort: this._ports(),
    });
    this._access = existingAccess(scope, attributes);
  }
}
