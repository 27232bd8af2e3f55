import { Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { stageOf } from '../network/vpc-of.js';
import { wholeNumberFault } from './range-faults.js';

/** Which priorities the rules of a listener have. */
export class RulePriorities {
  private readonly targets = new Map<number, Construct>();

  /** @param complete whether the listener has no rules but those that are claimed here. */
  constructor(private readonly complete: boolean) {}

  /** @throws if the priority is taken or out of range, or missing where not all rules are known. */
  public claim(target: Construct, asked: number | undefined): number {
    if (asked === undefined && !this.complete) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        'a listener that exists may have rules that are not seen here, received no priority: give one that none of them has',
        target,
      );
    }
    const priority = asked ?? this.lowestFree();
    if (Token.isUnresolved(priority)) {
      return priority;
    }
    const fault = wholeNumberFault('priority', priority, [1, 50_000]);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault, target);
    }
    const holder = this.targets.get(priority);
    if (holder) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        `priority ${priority} is taken by ${holder.node.path}: take another, and give every target of this load balancer one`,
        target,
      );
    }
    this.targets.set(priority, target);
    return priority;
  }

  private lowestFree(): number {
    let priority = 1;
    while (this.targets.has(priority)) {
      priority++;
    }
    return priority;
  }
}

/**
 * Which other rules of the app have the priority of one on the same listener. It may have been given one by other means, and
 * in several stacks, which shows only when the app is synthesized.
 */
export function sharedPriorityFaults(rule: elbv2.ApplicationListenerRule): string[] {
  const own = rule.node.defaultChild as elbv2.CfnListenerRule;
  return stageOf(rule)
    .node.findAll()
    .filter((other) => other instanceof elbv2.CfnListenerRule)
    .filter((other) => other !== own && other.listenerArn === own.listenerArn && other.priority === own.priority)
    .map(
      ({ node }) => `priority ${own.priority} of this listener is also that of ${node.path}: give each rule its own`,
    );
}
