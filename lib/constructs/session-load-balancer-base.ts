import { type IResource, Resource } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct, type IConstruct } from 'constructs';
import { SessionConstructError } from './errors.js';
import { subnetIdsOf } from './instance-consumer.js';
import { ecsTarget } from './load-balancer/ecs-target.js';
import { functionTargetGroup } from './load-balancer/function-target.js';
import { wholeNumberFault } from './load-balancer/range-faults.js';
import { conditionsFault } from './load-balancer/rule-conditions.js';
import { type RulePriorities, sharedPriorityFaults } from './load-balancer/rule-priorities.js';
import { ServedCookies } from './load-balancer/served-cookies.js';
import { ServerTargetGroup } from './load-balancer/server-target.js';
import { stickyGroupsFaults, weightedFault, weightedForward } from './load-balancer/weighted-target-groups.js';
import { apart, vpcOf } from './network/vpc-of.js';
import type {
  SessionEcsTargetOptions,
  SessionInstanceTargetOptions,
  SessionTargetGroupsOptions,
  SessionTargetOptions,
} from './session-target-options.js';
import { STICKY_FUNCTION } from './stickiness.js';

/** A load balancer in front of an application with sessions, created or existing. */
export interface ISessionLoadBalancer extends IResource, ec2.IConnectable {
  /** The listener that has the rules. */
  readonly listener: elbv2.IApplicationListener;

  /**
   * Sends requests to a function, cookies one by one as they came (multi-value headers). The target group and its rule
   * are made in the function's stack, with the permission to call the function through that target group only. There is
   * no stickiness among the copies of a function: its sessions are kept in a store.
   *
   * @param id tells the targets of one function apart.
   * @param fn the function, or an alias of it. An imported one that is not known to be of this account and region is
   * given no permission, of which CDK warns: give it where the function is created.
   * @throws if the priority is taken or out of range.
   */
  addFunction(id: string, fn: lambda.IFunction, options?: SessionTargetOptions): void;

  /**
   * Sends requests to the tasks of a service of ECS: by their addresses with the network mode `awsvpc`, as on Fargate, by
   * their instances otherwise. Target group, rule and rules of security groups are made in the service's stack.
   *
   * @param id tells the targets of one service apart.
   * @returns the target group, for its metrics and to scale by requests.
   * @throws if the service has no such container or port, or Elastic Load Balancing would refuse the options.
   */
  addEcsService(id: string, service: ecs.BaseService, options?: SessionEcsTargetOptions): elbv2.ApplicationTargetGroup;

  /**
   * Sends requests to the instances of an Auto Scaling group. Target group, rule and rules of security groups are made in
   * the group's stack. Whether instances that are not well are replaced is the group's own business: give it
   * `healthChecks` with ELB.
   *
   * @param id tells the targets of one group apart.
   * @returns the target group, for its metrics.
   * @throws if Elastic Load Balancing would refuse the options.
   */
  addAutoScalingGroup(
    id: string,
    group: autoscaling.AutoScalingGroup,
    options: SessionInstanceTargetOptions,
  ): elbv2.ApplicationTargetGroup;

  /**
   * Sends requests to target groups that exist already, to several of them by weight: for a canary, say. The rule is made
   * in the stack of the first. `Stickiness.applyTo()` makes target groups sticky.
   *
   * @param id tells the rules of one target group apart.
   * @param targetGroups one to five, each with a weight of 0 to 999, 1 unless given.
   * @throws if Elastic Load Balancing would refuse them.
   */
  addTargetGroups(id: string, targetGroups: elbv2.WeightedTargetGroup[], options?: SessionTargetGroupsOptions): void;
}

/** What created and existing load balancers have in common: their targets. */
export abstract class SessionLoadBalancerBase extends Resource implements ISessionLoadBalancer {
  public abstract readonly listener: elbv2.IApplicationListener;
  public abstract readonly connections: ec2.Connections;

  /** @internal */
  protected readonly _cookies = new ServedCookies();
  /** @internal */
  protected abstract readonly _priorities: RulePriorities;
  /**
   * Where servers stand that do not tell it.
   *
   * @internal
   */
  protected abstract readonly _vpc: ec2.IVpc | undefined;

  public addFunction(id: string, fn: lambda.IFunction, options: SessionTargetOptions = {}): void {
    const target = this.targetIn(fn, id);
    // Only TypeScript knows that there is none.
    if ('stickiness' in options && options.stickiness !== undefined) {
      this.refuse(target, STICKY_FUNCTION);
    }
    this.addRule(target, options, elbv2.ListenerAction.forward([functionTargetGroup(target, fn)]));
    this._cookies.addTarget(fn);
  }

  public addEcsService(
    id: string,
    service: ecs.BaseService,
    options: SessionEcsTargetOptions = {},
  ): elbv2.ApplicationTargetGroup {
    const target = this.targetIn(service, id);
    const container = ecsTarget(target, service, options);
    // No port: each task is registered with its own, and one that changed would replace the target group.
    const { vpc } = service.cluster;
    this.refuseOtherVpc(target, vpc);
    const targetGroup = new ServerTargetGroup(target, 'TargetGroup', { ...options, balancer: this, vpc });
    targetGroup.addTarget(service.loadBalancerTarget(container));
    this.addRule(target, options, elbv2.ListenerAction.forward([targetGroup]));
    this._cookies.addTarget(service);
    return targetGroup;
  }

  public addAutoScalingGroup(
    id: string,
    group: autoscaling.AutoScalingGroup,
    options: SessionInstanceTargetOptions,
  ): elbv2.ApplicationTargetGroup {
    const target = this.targetIn(group, id);
    const vpc =
      this._vpc ??
      this.refuse(
        target,
        'a target group of instances needs their VPC, received a listener without one: give vpc, too',
      );
    // Only TypeScript knows that there are options.
    const port = options?.port;
    const fault =
      port === undefined
        ? 'instances are reached on a port, received none: give port'
        : wholeNumberFault('port', port, [1, 65_535]);
    if (fault !== undefined) {
      this.refuse(target, fault);
    }
    this.refuseOtherVpc(target, vpcOf(group, subnetIdsOf(group)));
    const targetGroup = new ServerTargetGroup(target, 'TargetGroup', { ...options, balancer: this, vpc });
    targetGroup.addTarget(group);
    this.addRule(target, options, elbv2.ListenerAction.forward([targetGroup]));
    this._cookies.addTarget(group);
    return targetGroup;
  }

  public addTargetGroups(
    id: string,
    targetGroups: elbv2.WeightedTargetGroup[],
    options: SessionTargetGroupsOptions = {},
  ): void {
    const { groupStickiness } = options;
    const [first] = targetGroups;
    if (!first) {
      this.refuse(this, 'a rule forwards to 1 to 5 target groups, received none');
    }
    const target = this.targetIn(first.targetGroup, id);
    const fault = weightedFault(targetGroups, groupStickiness);
    if (fault !== undefined) {
      this.refuse(target, fault);
    }
    this.addRule(target, options, weightedForward(targetGroups, groupStickiness));
    target.node.addValidation({ validate: () => stickyGroupsFaults(targetGroups, groupStickiness) });
  }

  /** Rules are made with the targets: in the balancer's stack they would form a cycle with those of the targets. */
  private targetIn(scope: IConstruct, id: string): Construct {
    const name = `${this.node.id}${id}`;
    if (scope.node.tryFindChild(name)) {
      this.refuse(scope, `the id ${name}, of the load balancer and the target, is taken: give the target another id`);
    }
    return new Construct(scope, name);
  }

  /** A target group of one VPC cannot be behind a load balancer in another, peered or not. */
  private refuseOtherVpc(target: Construct, vpc: ec2.IVpc | undefined): void {
    if (vpc && this._vpc && apart(vpc, this._vpc)) {
      this.refuse(
        target,
        `servers stand in the VPC of their load balancer, received some in ${vpc.node.path} for one in ${this._vpc.node.path}: take one VPC for both`,
      );
    }
  }

  private addRule(
    target: Construct,
    { priority, conditions }: SessionTargetOptions,
    action: elbv2.ListenerAction,
  ): void {
    const fault = conditions && conditionsFault(conditions);
    if (fault !== undefined) {
      this.refuse(target, fault);
    }
    const rule = new elbv2.ApplicationListenerRule(target, 'Rule', {
      listener: this.listener,
      priority: this._priorities.claim(target, priority),
      conditions: conditions ?? [elbv2.ListenerCondition.pathPatterns(['/*'])],
      action,
    });
    rule.node.addValidation({ validate: () => sharedPriorityFaults(rule) });
  }

  private refuse(target: IConstruct, message: string): never {
    throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', message, target);
  }
}
