import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct } from 'constructs';
import { SessionLoadBalancerBase } from '../session-load-balancer-base.js';
import type { SessionLoadBalancerAttributes } from '../session-load-balancer-props.js';
import { RulePriorities } from './rule-priorities.js';

/** A listener that was there before, with rules of others. */
export class ExistingLoadBalancer extends SessionLoadBalancerBase {
  public override readonly listener: elbv2.IApplicationListener;
  public override readonly connections: ec2.Connections;

  /** @internal */
  protected override readonly _priorities: RulePriorities = new RulePriorities(false);
  /** @internal */
  protected override readonly _vpc: ec2.IVpc | undefined;

  constructor(scope: Construct, id: string, { listener, vpc, tlsTerminatedInFront }: SessionLoadBalancerAttributes) {
    super(scope, id);
    this.listener = listener;
    this.connections = listener.connections;
    this._vpc = vpc ?? (listener instanceof elbv2.ApplicationListener ? listener.loadBalancer.vpc : undefined);
    if (speaksPlainHttp(listener) && !tlsTerminatedInFront) {
      this.node.addValidation({ validate: () => this._cookies.plainHttpFaults() });
    }
  }
}

/** As far as it is known: an imported listener does not tell. */
function speaksPlainHttp(listener: elbv2.IApplicationListener): boolean {
  return (
    listener instanceof elbv2.ApplicationListener &&
    (listener.node.defaultChild as elbv2.CfnListener).protocol === elbv2.ApplicationProtocol.HTTP
  );
}
