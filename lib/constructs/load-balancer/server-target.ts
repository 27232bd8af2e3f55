import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { allowConnection } from '../network/connection-rules.js';
import { warnOfNoRule } from '../network/no-rule-warning.js';
import type { SessionServerTargetOptions } from '../session-target-options.js';
import { Stickiness } from '../stickiness.js';
import { serverTargetFault } from './server-target-faults.js';

/** What a target group of servers is made for. */
export interface ServerTargetProps extends SessionServerTargetOptions {
  /** Whose requests it takes. */
  readonly balancer: Construct & ec2.IConnectable;
  /** Where the servers stand. */
  readonly vpc: ec2.IVpc;
  /**
   * The port that servers listen on.
   * @default - each is registered with a port of its own
   */
  readonly port?: number;
}

/**
 * A target group of servers, in their stack, and so are the rules of security groups that let the load balancer in. CDK's
 * own would be in the stack of an imported listener, which servers would not wait for.
 */
export class ServerTargetGroup extends elbv2.ApplicationTargetGroup {
  private readonly balancer: Construct & ec2.IConnectable;

  /** @throws if Elastic Load Balancing would refuse it. */
  constructor(scope: Construct, id: string, { balancer, vpc, port, ...options }: ServerTargetProps) {
    const fault = serverTargetFault(options);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault, scope);
    }
    super(scope, id, {
      vpc,
      protocol: options.protocol ?? elbv2.ApplicationProtocol.HTTP,
      port,
      deregistrationDelay: options.deregistrationDelay ?? Duration.seconds(30),
      slowStart: options.slowStart,
      loadBalancingAlgorithmType: options.loadBalancingAlgorithm,
      enableAnomalyMitigation: options.anomalyMitigation,
      healthCheck: {
        // Plain HTTP unless told otherwise, whatever the target group speaks.
        protocol: options.protocol === elbv2.ApplicationProtocol.HTTPS ? elbv2.Protocol.HTTPS : undefined,
        path: options.healthCheckPath ?? '/health',
        healthyHttpCodes: options.healthyHttpCodes ?? '200',
        interval: options.healthCheckInterval,
        timeout: options.healthCheckTimeout,
        healthyThresholdCount: options.healthyThresholdCount,
        unhealthyThresholdCount: options.unhealthyThresholdCount,
      },
    });
    this.balancer = balancer;
    (options.stickiness ?? Stickiness.none()).applyTo(this);
  }

  /** Called by a target that is added. */
  public override registerConnectable(connectable: ec2.IConnectable, portRange?: ec2.Port): void {
    if (connectable.connections.securityGroups.length === 0) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        'servers are let in by a security group, received some without any, as tasks on instances of addAsgCapacityProvider() are: cluster.connections.addSecurityGroup(...group.connections.securityGroups) before the service is created',
        this,
      );
    }
    const letIn = allowConnection({
      consumer: this,
      from: this.balancer.connections,
      to: connectable.connections,
      ports: [portRange ?? ec2.Port.tcp(this.defaultPort)],
      description: 'load balancer',
    });
    if (!letIn) {
      warnOfNoRule(this.balancer, 'its targets', connectable.connections);
    }
  }
}
