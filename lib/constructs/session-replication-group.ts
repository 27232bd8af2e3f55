import { Annotations, ArnFormat, Duration, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache';
import type { Construct } from 'constructs';
import type { CacheAccess } from './cache/cache-access.js';
import { CacheAuthentication } from './cache/cache-authentication.js';
import { CacheEngine } from './cache/cache-engine.js';
import { CacheLog } from './cache/cache-log.js';
import { cacheParameters } from './cache/cache-parameters.js';
import { ClusterMode } from './cache/cluster-mode.js';
import { deployedFaults } from './cache/deployed-faults.js';
import { EvictionPolicy } from './cache/eviction-policy.js';
import { groupName } from './cache/group-name.js';
import {
  ImportedReplicationGroup,
  type SessionReplicationGroupAttributes,
} from './cache/imported-replication-group.js';
import { kept } from './cache/kept.js';
import { nodeIds } from './cache/node-ids.js';
import { replicationGroupFault } from './cache/replication-group-faults.js';
import { DATA_TIERING_CLASS, ENGINE_LOG, type ReplicationGroupPlan } from './cache/replication-group-plan.js';
import { securityGroupsFault } from './cache/security-groups-fault.js';
import { subnetsFault } from './cache/subnets-fault.js';
import { TransitEncryption } from './cache/transit-encryption.js';
import { SessionConstructError } from './errors.js';
import { type ISessionReplicationGroup, SessionReplicationGroupBase } from './session-replication-group-base.js';
import type { SessionReplicationGroupProps } from './session-replication-group-props.js';

/**
 * A replication group of ElastiCache, with Valkey or Redis OSS: nodes in several availability zones, encrypted, with users
 * who authenticate. For sessions, and as well for anything else that is kept in a cache.
 */
export class SessionReplicationGroup extends SessionReplicationGroupBase {
  /**
   * Imports a group that exists.
   *
   * @throws if the attributes contradict each other.
   */
  public static fromSessionReplicationGroupAttributes(
    scope: Construct,
    id: string,
    attributes: SessionReplicationGroupAttributes,
  ): ISessionReplicationGroup {
    return new ImportedReplicationGroup(scope, id, attributes);
  }

  public override readonly replicationGroupId: string;
  public override readonly replicationGroupArn: string;
  /**
   * The network of the cache.
   * @default - not known, of one that was imported without it
   */
  public override readonly vpc?: ec2.IVpc;
  public override readonly endpointAddress: string;
  /**
   * The host name that spreads connections over the replicas.
   * @default - none: in cluster mode clients learn of the replicas from the configuration endpoint
   */
  public override readonly readerEndpointAddress?: string;
  public override readonly port: number;
  public override readonly cacheClusterIds: string[];
  public override readonly connections: ec2.Connections;
  /** The group itself, for what this construct does not offer. */
  public readonly replicationGroup: CfnReplicationGroup;

  /** @internal */
  protected override readonly _clustered: boolean;
  /** @internal */
  protected override readonly _encrypted = true;
  /** @internal */
  protected override readonly _access: CacheAccess | undefined;

  constructor(scope: Construct, id: string, props: SessionReplicationGroupProps) {
    super(scope, id, props);
    const plan = planOf(this, props);
    const subnets = props.vpc.selectSubnets(props.vpcSubnets);
    this.refuse(
      replicationGroupFault(plan) ??
        subnetsFault(subnets, plan.multiAz) ??
        securityGroupsFault(props.securityGroups) ??
        topicFault(props),
    );
    if (plan.transitEncryption === TransitEncryption.PREFERRED) {
      Annotations.of(this).addWarningV2(
        NO_ACCESS_CONTROL_WARNING,
        'whoever reaches this cache reads and writes all sessions, encrypted or not, as ElastiCache has no access control with TransitEncryption.PREFERRED: require encryption as soon as all clients have it',
      );
    }

    this.vpc = props.vpc;
    this.port = plan.port;
    this.connections = new ec2.Connections({
      securityGroups: props.securityGroups ?? [this.ownSecurityGroup(props)],
      defaultPort: ec2.Port.tcp(plan.port),
    });
    this._access = plan.authenticates ? this.bindAuthentication(plan, props) : undefined;
    this._clustered = plan.clusterMode !== ClusterMode.DISABLED;

    const group = this.createGroup(plan, props, subnets);
    this.replicationGroup = group;
    this.node.defaultChild = group;
    const access = this._access;
    this.node.addValidation({
      validate: () =>
        deployedFaults(group, {
          name: 'ReplicationGroupId',
          ...(access && { access: access.authToken === undefined ? 'UserGroupIds' : 'AuthToken' }),
          nodes: true,
        }),
    });
    this.replicationGroupId = this.getResourceNameAttribute(group.ref);
    this.replicationGroupArn = this.stack.formatArn({
      service: 'elasticache',
      resource: 'replicationgroup',
      resourceName: this.replicationGroupId,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.endpointAddress = this._clustered ? group.attrConfigurationEndPointAddress : group.attrPrimaryEndPointAddress;
    if (plan.clusterMode === ClusterMode.COMPATIBLE) {
      // Stacks of clients import this one until they are deployed: without it the way out of ClusterMode.DISABLED is barred.
      this.stack.exportValue(group.attrPrimaryEndPointAddress);
    }
    if (!this._clustered && plan.replicasPerShard > 0) {
      this.readerEndpointAddress = group.attrReaderEndPointAddress;
    }
    this.cacheClusterIds = nodeIds(this.replicationGroupId, plan);
    this._access?.attach?.({
      name: this.replicationGroupId,
      arn: this.replicationGroupArn,
      endpoint: this.endpointAddress,
      port: this.port,
      serverless: false,
      vpc: props.vpc,
      vpcSubnets: props.vpcSubnets,
      connections: this.connections,
    });
  }

  private bindAuthentication(plan: ReplicationGroupPlan, props: SessionReplicationGroupProps): CacheAccess {
    const authentication = props.authentication ?? CacheAuthentication.iam();
    return authentication._bind(this, {
      engine: plan.engine,
      sessionEvents: props.sessionEvents,
      encryptionKey: props.encryptionKey,
      removalPolicy: props.removalPolicy,
    });
  }

  private ownSecurityGroup(props: SessionReplicationGroupProps): ec2.SecurityGroup {
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: `Nodes of ${this.node.path}`.slice(0, 255),
      allowAllOutbound: false,
    });
    securityGroup.applyRemovalPolicy(kept(props.removalPolicy));
    return securityGroup;
  }

  private createGroup(
    plan: ReplicationGroupPlan,
    props: SessionReplicationGroupProps,
    subnets: ec2.SelectedSubnets,
  ): CfnReplicationGroup {
    // What a group that stays is made with cannot be deleted while the group has it.
    const removalPolicy = kept(props.removalPolicy);
    const logs = [
      (props.slowLog ?? CacheLog.cloudWatch())._bind(this, 'slow-log', removalPolicy),
      plan.engineLog._bind(this, 'engine-log', removalPolicy),
    ].filter((log) => log !== undefined);
    const subnetGroup = new CfnSubnetGroup(this, 'Subnets', {
      description: `Subnets of ${this.node.path}`.slice(0, 255),
      subnetIds: subnets.subnetIds,
    });
    subnetGroup.applyRemovalPolicy(removalPolicy);
    const parameterGroup = cacheParameters(this, {
      engine: plan.engine,
      clusterMode: plan.clusterMode,
      evictionPolicy: plan.evictionPolicy,
      sessionEvents: props.sessionEvents ?? false,
      parameters: props.parameters ?? {},
    });
    parameterGroup.applyRemovalPolicy(removalPolicy);

    // The id is pinned: it makes the logical id, and a new one would make CloudFormation replace the group.
    const group = new CfnReplicationGroup(this, 'ReplicationGroup', {
      replicationGroupId: plan.replicationGroupId ?? groupName(this, plan.allowReplacement),
      replicationGroupDescription: plan.description,
      engine: plan.engine.name,
      engineVersion: plan.engine.version,
      cacheNodeType: plan.nodeType.toString(),
      ...(plan.nodeType._class === DATA_TIERING_CLASS && { dataTieringEnabled: true }),
      clusterMode: plan.clusterMode,
      numNodeGroups: plan.shards,
      replicasPerNodeGroup: plan.replicasPerShard,
      automaticFailoverEnabled: plan.automaticFailover,
      multiAzEnabled: plan.multiAz,
      cacheParameterGroupName: parameterGroup.ref,
      cacheSubnetGroupName: subnetGroup.ref,
      securityGroupIds: this.connections.securityGroups.map(({ securityGroupId }) => securityGroupId),
      // AwsSolutions-AEC5 wants the port to be said, and a change of ElastiCache's default would replace the group.
      port: plan.port,
      atRestEncryptionEnabled: true,
      kmsKeyId: props.encryptionKey?.keyArn,
      transitEncryptionEnabled: true,
      // Redis OSS 6 knows no mode: its encryption is always required.
      ...(plan.engine._isAtLeast({ valkey: '7.2', redis: '7.0' }) && { transitEncryptionMode: plan.transitEncryption }),
      userGroupIds: this._access?.userGroupIds,
      authToken: this._access?.authToken,
      logDeliveryConfigurations: logs,
      snapshotRetentionLimit: plan.snapshotRetention.toDays(),
      snapshotWindow: plan.snapshotWindow?.toString(),
      preferredMaintenanceWindow: plan.maintenanceWindow?.toString(),
      notificationTopicArn: props.notificationTopic?.topicArn,
      autoMinorVersionUpgrade: props.autoMinorVersionUpgrade ?? true,
    });
    if (plan.durability) {
      // The oldest aws-cdk-lib that this library runs with does not know the property.
      group.addPropertyOverride('Durability', plan.durability);
    }
    // Without it CloudFormation replaces the group for a shard more.
    group.cfnOptions.updatePolicy = { useOnlineResharding: true };
    group.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.SNAPSHOT);
    if (this._access?.dependency) {
      group.node.addDependency(this._access.dependency);
    }
    return group;
  }

  private refuse(fault: string | undefined): void {
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_CACHE', fault, this);
    }
  }
}

/** What `Annotations.of(group).acknowledgeWarning()` takes. */
const NO_ACCESS_CONTROL_WARNING = 'cdk-sessions:cacheWithoutAccessControl';

/** The newest Valkey that ElastiCache has for everybody. */
const STANDARD_ENGINE = CacheEngine.VALKEY_9_1;

function planOf(scope: Construct, props: SessionReplicationGroupProps): ReplicationGroupPlan {
  const { nodeType } = props;
  const engine = props.engine ?? STANDARD_ENGINE;
  const replicasPerShard = props.replicasPerShard ?? 1;
  const replicated = Token.isUnresolved(replicasPerShard) || replicasPerShard > 0;
  const clusterMode = props.clusterMode ?? ClusterMode.ENABLED;
  const transitEncryption = props.transitEncryption ?? TransitEncryption.REQUIRED;
  return {
    engine,
    nodeType,
    clusterMode,
    shards: props.shards ?? 1,
    replicasPerShard,
    automaticFailover: props.automaticFailover ?? replicated,
    multiAz: props.multiAz ?? replicated,
    durability: props.durability,
    evictionPolicy:
      props.evictionPolicy ??
      (nodeType._class === DATA_TIERING_CLASS ? EvictionPolicy.VOLATILE_LRU : EvictionPolicy.VOLATILE_TTL),
    transitEncryption,
    authenticates: props.authentication !== undefined || transitEncryption === TransitEncryption.REQUIRED,
    port: props.port ?? 6379,
    snapshotRetention: props.snapshotRetention ?? Duration.days(1),
    snapshotWindow: props.snapshotWindow,
    maintenanceWindow: props.maintenanceWindow,
    engineLog: props.engineLog ?? (engine._isAtLeast(ENGINE_LOG) ? CacheLog.cloudWatch() : CacheLog.none()),
    replicationGroupId: props.replicationGroupId,
    allowReplacement: props.allowReplacement,
    description: props.description ?? scope.node.path.slice(-255),
  };
}

/** https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ECEvents.SNS.html */
function topicFault({ notificationTopic }: SessionReplicationGroupProps): string | undefined {
  return notificationTopic?.fifo
    ? `ElastiCache publishes to no FIFO topic, received ${notificationTopic.node.path}: give a standard one`
    : undefined;
}
