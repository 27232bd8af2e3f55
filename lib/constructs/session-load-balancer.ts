import { Annotations, AspectPriority, Aspects, Names } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { SessionConstructError } from './errors.js';
import { balancerFault } from './load-balancer/balancer-faults.js';
import { ExistingLoadBalancer } from './load-balancer/existing-load-balancer.js';
import { ipv6Faults } from './load-balancer/ipv6-faults.js';
import { RulePriorities } from './load-balancer/rule-priorities.js';
import { type ISessionLoadBalancer, SessionLoadBalancerBase } from './session-load-balancer-base.js';
import type { SessionLoadBalancerAttributes, SessionLoadBalancerProps } from './session-load-balancer-props.js';

/**
 * The policy that Elastic Load Balancing recommends: TLS 1.3 with hybrid post-quantum key agreement, and TLS 1.2 with
 * forward secrecy. https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
 */
const TLS_POLICY = 'ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09';

/**
 * A year is what OWASP ASVS 5.0 (3.4.1) asks of every site. Its second level asks for `includeSubDomains` as well, and
 * browsers' preload lists for `preload`: both speak for sites that this load balancer knows nothing of (RFC 6797,
 * section 11.4).
 */
const HSTS = {
  attribute: 'routing.http.response.strict_transport_security.header_value',
  value: 'max-age=31536000',
};

/** What `Annotations.of(front).acknowledgeWarning()` takes. */
const INSECURE_COOKIE_WARNING = 'cdk-sessions:insecureCookieBehindHttps';

/**
 * An Application Load Balancer in front of an application with sessions.
 *
 * Its listener answers 404 by itself. Every target is a rule with a priority, made in the target's own stack, so that
 * balancer and targets may be in different stacks without a cycle between them.
 */
export class SessionLoadBalancer extends SessionLoadBalancerBase {
  /**
   * Adds targets to a listener that exists, whoever made it. Its rules, certificates and answer to everything else stay
   * what they are: each target needs a priority that none of them has.
   */
  public static fromApplicationListener(
    scope: Construct,
    id: string,
    attributes: SessionLoadBalancerAttributes,
  ): ISessionLoadBalancer {
    return new ExistingLoadBalancer(scope, id, attributes);
  }

  /** The load balancer itself, for what this construct does not offer: its metrics, for one. */
  public readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  /** The listener that has the rules: HTTPS with a certificate, plain HTTP without. */
  public override readonly listener: elbv2.ApplicationListener;
  /** Who may connect. */
  public override readonly connections: ec2.Connections;

  /** @internal */
  protected override readonly _priorities: RulePriorities = new RulePriorities(true);
  /** @internal */
  protected override readonly _vpc: ec2.IVpc;

  /** @throws if Elastic Load Balancing would refuse it. */
  constructor(scope: Construct, id: string, props: SessionLoadBalancerProps) {
    super(scope, id);
    const internetFacing = props.internetFacing ?? true;
    const vpcSubnets = props.vpcSubnets ?? (internetFacing ? { subnetType: ec2.SubnetType.PUBLIC } : {});
    // A group that somebody gives has been told by them who may connect.
    const open = internetFacing && props.securityGroup === undefined;
    const fault = balancerFault(props, props.vpc.selectSubnets(vpcSubnets), this.stack.region);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault, this);
    }
    this._vpc = props.vpc;
    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: props.vpc,
      vpcSubnets,
      securityGroup: props.securityGroup,
      internetFacing,
      ipAddressType: props.ipAddressType,
      idleTimeout: props.idleTimeout,
      deletionProtection: props.deletionProtection ?? true,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: props.desyncMitigationMode ?? elbv2.DesyncMitigationMode.DEFENSIVE,
    });
    this.node.defaultChild = this.loadBalancer.node.defaultChild;
    this.connections = this.loadBalancer.connections;

    this.listener = this.loadBalancer.addListener('Listener', {
      protocol: props.certificate ? elbv2.ApplicationProtocol.HTTPS : elbv2.ApplicationProtocol.HTTP,
      ...(props.certificate && { certificates: [props.certificate] }),
      open,
      defaultAction: elbv2.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: 'not found' }),
    });
    if (props.certificate) {
      this.serveHttps(props, open);
    } else if (!props.tlsTerminatedInFront) {
      this.node.addValidation({ validate: () => this._cookies.plainHttpFaults() });
    }
    // CDK opens a listener to IPv6 with DUAL_STACK alone.
    if (open && props.ipAddressType === elbv2.IpAddressType.DUAL_STACK_WITHOUT_PUBLIC_IPV4) {
      for (const { connections } of this.loadBalancer.listeners) {
        connections.allowDefaultPortFrom(ec2.Peer.anyIpv6());
      }
    }
    this.node.addValidation({ validate: () => ipv6Faults(props, vpcSubnets) });
    if (props.accessLogsBucket) {
      this.loadBalancer.logAccessLogs(props.accessLogsBucket, props.accessLogsPrefix);
    }
    if (props.connectionLogsBucket) {
      this.loadBalancer.logConnectionLogs(props.connectionLogsBucket, props.connectionLogsPrefix);
    }
    if (props.webAcl) {
      new wafv2.CfnWebACLAssociation(this, 'WebAclAssociation', {
        webAclArn: props.webAcl.webAclArn,
        resourceArn: this.loadBalancer.loadBalancerArn,
      });
    }
  }

  private serveHttps({ sslPolicy, additionalCertificates = [] }: SessionLoadBalancerProps, open: boolean): void {
    // The enumeration of the oldest aws-cdk-lib that we support does not know the default.
    (this.listener.node.defaultChild as elbv2.CfnListener).sslPolicy = sslPolicy ?? TLS_POLICY;
    this.listener.setAttribute(HSTS.attribute, HSTS.value);
    // CDK would number them: without the first, each would take the place of the one before it, and CloudFormation would
    // then delete the last number, and with it a certificate that is still wanted.
    for (const certificate of additionalCertificates) {
      this.listener.addCertificates(Names.nodeUniqueId(certificate.node), [certificate]);
    }
    this.loadBalancer.addRedirect({ open });
    Aspects.of(this).add(
      // Stores may be attached until the app is synthesized, which is when aspects visit.
      { visit: (node) => (node === this ? this.warnOfInsecureCookies() : undefined) },
      { priority: AspectPriority.READONLY },
    );
  }

  private warnOfInsecureCookies(): void {
    for (const warning of this._cookies.httpsWarnings()) {
      // On a child: the oldest aws-cdk-lib overlooks what was acknowledged on the very construct that is warned of.
      Annotations.of(this.listener).addWarningV2(INSECURE_COOKIE_WARNING, warning);
    }
  }
}
