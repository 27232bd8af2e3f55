import { ArnFormat, Duration, Fn, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import type { CacheAccess } from './cache/cache-access.js';
import { CacheAuthentication } from './cache/cache-authentication.js';
import { CacheEngine } from './cache/cache-engine.js';
import { deployedFaults } from './cache/deployed-faults.js';
import { groupName } from './cache/group-name.js';
import { ImportedServerlessCache, type SessionServerlessCacheAttributes } from './cache/imported-serverless-cache.js';
import { kept } from './cache/kept.js';
import { securityGroupsFault } from './cache/security-groups-fault.js';
import { type ServerlessPlan, serverlessFault } from './cache/serverless-faults.js';
import { cacheUsageLimits } from './cache/serverless-limits.js';
import { serverlessSubnets, serverlessSubnetsFault } from './cache/serverless-subnets.js';
import { SessionConstructError } from './errors.js';
import { type ISessionServerlessCache, SessionServerlessCacheBase } from './session-serverless-cache-base.js';
import type { SessionServerlessCacheProps } from './session-serverless-cache-props.js';

/**
 * A serverless cache of ElastiCache, with Valkey or Redis OSS: it grows and shrinks by itself in several availability zones,
 * encrypted, with users who authenticate. For sessions, and as well for anything else that is kept in a cache.
 */
export class SessionServerlessCache extends SessionServerlessCacheBase {
  /**
   * Imports a cache that exists.
   *
   * @throws if a secret is given without the user whose password it holds.
   */
  public static fromSessionServerlessCacheAttributes(
    scope: Construct,
    id: string,
    attributes: SessionServerlessCacheAttributes,
  ): ISessionServerlessCache {
    return new ImportedServerlessCache(scope, id, attributes);
  }

  public override readonly serverlessCacheName: string;
  public override readonly serverlessCacheArn: string;
  /**
   * The network of the cache.
   * @default - not known, of one that was imported without it
   */
  public override readonly vpc?: ec2.IVpc;
  public override readonly endpointAddress: string;
  /**
   * The host name for reads that may lag behind.
   * @default - not known, of a cache that was imported without it
   */
  public override readonly readerEndpointAddress?: string;
  public override readonly connections: ec2.Connections;
  /** The cache itself, for what this construct does not offer. */
  public readonly serverlessCache: CfnServerlessCache;

  /** @internal */
  protected override readonly _access: CacheAccess;

  constructor(scope: Construct, id: string, props: SessionServerlessCacheProps) {
    super(scope, id, props);
    const plan = planOf(this, props);
    const subnets = serverlessSubnets(props.vpc, props.vpcSubnets);
    this.refuse(serverlessFault(plan) ?? serverlessSubnetsFault(subnets) ?? securityGroupsFault(props.securityGroups));

    this.vpc = props.vpc;
    this.connections = new ec2.Connections({
      securityGroups: props.securityGroups ?? [this.ownSecurityGroup(props)],
      defaultPort: this._ports(),
    });
    this._access = this.bindAuthentication(plan, props);

    const cache = this.createCache(plan, props, subnets.subnetIds);
    this.serverlessCache = cache;
    this.node.defaultChild = cache;
    this.node.addValidation({
      validate: () => deployedFaults(cache, { name: 'ServerlessCacheName', access: 'UserGroupId', nodes: false }),
    });
    this.serverlessCacheName = this.getResourceNameAttribute(cache.ref);
    this.serverlessCacheArn = this.stack.formatArn({
      service: 'elasticache',
      resource: 'serverlesscache',
      resourceName: this.serverlessCacheName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.endpointAddress = cache.attrEndpointAddress;
    this.readerEndpointAddress = cache.attrReaderEndpointAddress;
    this._access.attach?.({
      name: this.serverlessCacheName,
      arn: this.serverlessCacheArn,
      endpoint: this.endpointAddress,
      port: this.port,
      serverless: true,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      connections: this.connections,
    });
  }

  private bindAuthentication(plan: ServerlessPlan, props: SessionServerlessCacheProps): CacheAccess {
    const access = (props.authentication ?? CacheAuthentication.iam())._bind(this, {
      engine: plan.engine,
      encryptionKey: props.encryptionKey,
      removalPolicy: plan.removalPolicy,
    });
    this.refuse(
      access.authToken === undefined
        ? undefined
        : 'a serverless cache has users and no AUTH token, received CacheAuthentication.authToken(): take CacheAuthentication.iam(), or CacheAuthentication.password()',
    );
    return access;
  }

  private ownSecurityGroup(props: SessionServerlessCacheProps): ec2.SecurityGroup {
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: `Endpoints of ${this.node.path}`.slice(0, 255),
      allowAllOutbound: false,
    });
    // One that a cache has that stays cannot be deleted.
    securityGroup.applyRemovalPolicy(kept(props.removalPolicy));
    return securityGroup;
  }

  private createCache(
    plan: ServerlessPlan,
    props: SessionServerlessCacheProps,
    subnetIds: string[],
  ): CfnServerlessCache {
    const name = plan.serverlessCacheName ?? groupName(this, plan.allowReplacement);
    const takesSnapshot = plan.removalPolicy === RemovalPolicy.SNAPSHOT;

    // The id is pinned: it makes the logical id, and a new one would make CloudFormation replace the cache.
    const cache = new CfnServerlessCache(this, 'ServerlessCache', {
      serverlessCacheName: name,
      description: plan.description,
      engine: plan.engine.name,
      majorEngineVersion: majorVersion(plan.engine),
      subnetIds,
      securityGroupIds: this.connections.securityGroups.map(({ securityGroupId }) => securityGroupId),
      userGroupId: this._access.userGroupIds?.[0],
      kmsKeyId: props.encryptionKey?.keyArn,
      cacheUsageLimits: cacheUsageLimits(plan.limits),
      snapshotRetentionLimit: plan.snapshotRetention.toDays(),
      dailySnapshotTime: plan.dailySnapshotTime,
      ...(takesSnapshot && { finalSnapshotName: plan.finalSnapshotName ?? `${name}-final` }),
    });
    // CloudFormation takes no snapshot of a serverless cache by its policy: ElastiCache does, if there is a name for it.
    cache.applyRemovalPolicy(takesSnapshot ? RemovalPolicy.DESTROY : plan.removalPolicy);
    if (this._access.dependency) {
      cache.node.addDependency(this._access.dependency);
    }
    return cache;
  }

  private refuse(fault: string | undefined): void {
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_CACHE', fault, this);
    }
  }
}

function planOf(scope: Construct, props: SessionServerlessCacheProps): ServerlessPlan {
  return {
    engine: props.engine ?? CacheEngine.VALKEY_9_1,
    limits: props,
    snapshotRetention: props.snapshotRetention ?? Duration.days(1),
    dailySnapshotTime: props.dailySnapshotTime,
    finalSnapshotName: props.finalSnapshotName,
    serverlessCacheName: props.serverlessCacheName,
    allowReplacement: props.allowReplacement,
    description: props.description ?? scope.node.path.slice(-255),
    removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
  };
}

/** ElastiCache is told the major version alone. */
function majorVersion({ version }: CacheEngine): string {
  return Token.isUnresolved(version) ? Fn.select(0, Fn.split('.', version)) : version.replace(/\..*$/, '');
}
