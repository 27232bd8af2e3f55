import type { Duration } from 'aws-cdk-lib';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Stickiness } from './stickiness.js';

/** How requests find their way to a target. */
export interface SessionTargetOptions {
  /**
   * Where the target's rule stands among those of the load balancer, 1 to 50000; the lowest that matches is taken. Give
   * it wherever there is more than one target: the default changes when a target before it comes or goes, and an update
   * fails that moves a rule to a priority of another one, even of one that goes with it.
   * @default - the lowest that is free; required on a listener that exists already
   */
  readonly priority?: number;

  /**
   * What a request must meet to be sent to this target; all of them, up to five values together.
   * @default - every request
   */
  readonly conditions?: elbv2.ListenerCondition[];
}

/** How requests find their way to target groups that exist already, one or several. */
export interface SessionTargetGroupsOptions extends SessionTargetOptions {
  /**
   * For how long a visitor is sent to the same one of several target groups: whole seconds, 1 second to 7 days. Without it
   * a visitor may meet another version of the application with every request. Required if one of the groups is sticky
   * itself. The load balancer keeps it in cookies of its own, `AWSALBTG` and `AWSALBTGCORS`.
   * @default - each request is divided anew, by weight
   */
  readonly groupStickiness?: Duration;
}

/** How requests find their way to servers, and how these are looked after. */
export interface SessionServerTargetOptions extends SessionTargetOptions {
  /**
   * Whether a visitor is sent to the same server again.
   * @default Stickiness.none(), which is right where sessions are in a shared store
   */
  readonly stickiness?: Stickiness;

  /**
   * How servers are spoken to. With HTTPS, requests are encrypted on that way, too; a server's certificate may be any, as
   * load balancers do not look at it.
   * @default ApplicationProtocol.HTTP
   */
  readonly protocol?: elbv2.ApplicationProtocol;

  /**
   * What is asked for to find out whether a server is well: a path, with a query if need be, up to 1024 characters. It
   * must not touch the session: each check comes without a cookie, so that writing to the session would make a new one,
   * some for each server in every interval.
   * @default /health
   */
  readonly healthCheckPath?: string;

  /**
   * The status codes of a server that is well: `200`, `200,204` or `200-299`, from 200 to 499.
   * @default 200
   */
  readonly healthyHttpCodes?: string;

  /**
   * How often a server is asked: whole seconds, 5 to 300, more than `healthCheckTimeout`.
   * @default Duration.seconds(30)
   */
  readonly healthCheckInterval?: Duration;

  /**
   * How long its answer may take: whole seconds, 2 to 120.
   * @default Duration.seconds(5)
   */
  readonly healthCheckTimeout?: Duration;

  /**
   * After how many good answers in a row a server is well again, 2 to 10.
   * @default 5
   */
  readonly healthyThresholdCount?: number;

  /**
   * After how many bad answers in a row a server is no longer well, 2 to 10.
   * @default 2
   */
  readonly unhealthyThresholdCount?: number;

  /**
   * For how long a server that is taken out may finish what it has begun: whole seconds, 0 to 3600. Each deployment waits
   * for it. Elastic Load Balancing's own default is 300 seconds, which is for downloads; requests with sessions take less,
   * and in a shared store no session ends with a server. Give more where sessions are in a server's memory, or requests
   * take longer.
   * @default Duration.seconds(30)
   */
  readonly deregistrationDelay?: Duration;

  /**
   * For how long a new server gets a share of the requests that grows to that of the others: whole seconds, 30 to 900. Only
   * with the algorithm ROUND_ROBIN.
   * @default - its whole share at once
   */
  readonly slowStart?: Duration;

  /**
   * How a server is chosen for a request that is not tied to one.
   * @default TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN
   */
  readonly loadBalancingAlgorithm?: elbv2.TargetGroupLoadBalancingAlgorithmType;

  /**
   * Whether a server that answers with more errors than the others gets fewer requests. Only with the algorithm
   * WEIGHTED_RANDOM.
   * @default false
   */
  readonly anomalyMitigation?: boolean;
}

/** How requests find their way to the tasks of a service of ECS. */
export interface SessionEcsTargetOptions extends SessionServerTargetOptions {
  /**
   * The container that answers.
   * @default - the task definition's default container, which is the first essential one
   */
  readonly containerName?: string;

  /**
   * The port in that container.
   * @default - its first port mapping for TCP
   */
  readonly containerPort?: number;
}

/** How requests find their way to the instances of an Auto Scaling group. */
export interface SessionInstanceTargetOptions extends SessionServerTargetOptions {
  /** The port that instances listen on, 1 to 65535. */
  readonly port: number;
}
