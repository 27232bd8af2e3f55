import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import type { CacheAuthenticationContract } from '../contract/environment.js';
import type { CacheAccess } from './cache/cache-access.js';
import { SessionConstructError } from './errors.js';
import { placementFor } from './placement.js';
import type { ISessionStore, SessionBinding } from './session-store.js';
import { SessionStoreBase } from './session-store-base.js';

/** A cache of ElastiCache that keeps sessions, or whatever else, of either kind. */
export interface ISessionCache extends ISessionStore, ec2.IConnectable {
  /**
   * The network of the cache.
   * @default - not known, of one that was imported without it
   */
  readonly vpc?: ec2.IVpc;
  /**
   * The host name that clients connect to and write through: of a cluster the one that tells of all nodes, else that of
   * whichever node is the primary.
   */
  readonly endpointAddress: string;
  /**
   * The host name for reads that may lag behind the primary.
   * @default - none, or not known of a cache that was imported without it. In cluster mode a replication group has none
   */
  readonly readerEndpointAddress?: string;
  /** The port that clients connect to. */
  readonly port: number;

  /**
   * The user that clients connect as.
   * @default - none, of a cache with a token or without authentication
   */
  readonly userName?: string;
  /**
   * The ARN of the secret with the password or the token, in the field `password`.
   * @default - none, with IAM or without authentication
   */
  readonly secretArn?: string;

  /** Grants what it takes to connect: with IAM to do so, else to read the secret. It opens no security group. */
  grantConnect(grantee: iam.IGrantable): iam.Grant;
}

/**
 * What tells one kind of cache from the other.
 *
 * @internal
 */
export interface CacheIdentity {
  /** How messages call its kind. */
  readonly kind: 'replication group' | 'serverless cache';
  /** The name that a token of IAM is signed for. */
  readonly name: string;
  readonly arn: string;
  readonly cluster: boolean;
  readonly tls: boolean;
  /** What clients must reach. */
  readonly ports: ec2.Port;
}

/** What caches of both kinds have in common: who connects, binding and grants. */
export abstract class SessionCacheBase extends SessionStoreBase implements ISessionCache {
  /**
   * The network of the cache.
   * @default - not known, of one that was imported without it
   */
  public abstract readonly vpc?: ec2.IVpc;
  public abstract readonly endpointAddress: string;
  /**
   * The host name for reads that may lag behind the primary.
   * @default - none, or not known of a cache that was imported without it. In cluster mode a replication group has none
   */
  public abstract readonly readerEndpointAddress?: string;
  public abstract readonly port: number;
  public abstract readonly connections: ec2.Connections;

  /** @internal */
  protected abstract readonly _access: CacheAccess | undefined;
  /** @internal */
  protected abstract _identity(): CacheIdentity;

  public get userName(): string | undefined {
    const { _authentication: authentication } = this;
    return authentication && 'user' in authentication ? authentication.user : undefined;
  }

  public get secretArn(): string | undefined {
    const { _authentication: authentication } = this;
    return authentication && 'secret' in authentication ? authentication.secret : undefined;
  }

  public override bind(consumer: IConstruct): SessionBinding {
    const { _authentication: authentication } = this;
    const { kind, cluster, tls, ports } = this._identity();
    return {
      stores: {
        primary: {
          kind: 'redis',
          endpoint: this.endpointAddress,
          port: this.port,
          cluster,
          tls,
          ...placementFor(consumer, this, kind),
          ...(authentication && { authentication }),
        },
      },
      network: { vpc: this.vpc, connections: this.connections, ports: [ports] },
    };
  }

  /**
   * Grants what it takes to connect: with IAM `elasticache:Connect` on this cache and its user, else to read the secret.
   *
   * @throws if nobody authenticates: there is nothing to grant then, and security groups decide alone.
   */
  public grantConnect(grantee: iam.IGrantable): iam.Grant {
    if (!this._access) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        'whoever reaches this cache may use it, as nobody authenticates: there is nothing to grant, open its connections instead',
        this,
      );
    }
    return this._access.grantConnect(grantee, this._identity().arn);
  }

  /** Grants what it takes to connect. What the cache's user may do is in its access string. */
  protected override grantStore(grantee: iam.IGrantable): iam.Grant {
    return this._access ? this.grantConnect(grantee) : iam.Grant.drop(grantee, 'nobody authenticates at this cache');
  }

  /**
   * A cache has no such grant yet: who connects to it as its user may read as well.
   *
   * @throws always.
   */
  public override grantRevoke(_grantee: iam.IGrantable): iam.Grant {
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      'a cache has no such grant yet: who connects to it may read as well, take grantReadWrite(), or a SessionTable',
      this,
    );
  }

  /** @internal */
  private get _authentication(): CacheAuthenticationContract | undefined {
    const { name, kind } = this._identity();
    return this._access?.contract({ name, serverless: kind === 'serverless cache' });
  }
}
