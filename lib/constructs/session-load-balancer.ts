import { Annotations, AspectPriority, Aspects, Resource, Token } from 'aws-cdk-lib';
import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { attachmentsOf } from './attachments.js';
import { SessionConstructError } from './errors.js';
import { functionTargetGroup } from './function-target.js';
import type { SessionCookie } from './session-cookie.js';
import { SessionAccess } from './session-store.js';

/** How to create a load balancer in front of an application with sessions. */
export interface SessionLoadBalancerProps {
  /** Where the load balancer stands: its public subnets in two zones or more, or private ones if it is internal. */
  readonly vpc: ec2.IVpc;

  /**
   * The certificate of the site's domain. With it the site is served over HTTPS, plain HTTP redirects there, and
   * browsers that were here once take HTTPS by themselves for a year (`Strict-Transport-Security`). That covers the
   * site's host names alone; `listener.setAttribute()` says otherwise.
   * @default - plain HTTP only, which carries no session unless its cookie is `SessionCookie.insecure()`
   */
  readonly certificate?: acm.ICertificate;

  /**
   * Whether the load balancer has public addresses, and everybody may connect. To an internal one nobody may until
   * `connections` says so.
   * @default true
   */
  readonly internetFacing?: boolean;

  /**
   * Whether the load balancer refuses to be deleted until this is turned off: a new one has another DNS name.
   * @default true
   */
  readonly deletionProtection?: boolean;
}

/** How requests find their way to a target. */
export interface SessionTargetOptions {
  /**
   * Where the target's rule stands among those of the load balancer, 1 to 50000; the lowest that matches is taken. Give
   * it wherever there is more than one target: the default changes when a target before it comes or goes.
   * @default - the lowest that is free
   */
  readonly priority?: number;

  /**
   * What a request must meet to be sent to this target; all of them, up to five values together.
   * @default - every request
   */
  readonly conditions?: elbv2.ListenerCondition[];
}

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
export class SessionLoadBalancer extends Resource implements ec2.IConnectable {
  /** The load balancer itself, for what this construct does not offer: `logAccessLogs()`, for one. */
  public readonly loadBalancer: elbv2.ApplicationLoadBalancer;
  /** The listener that has the rules: HTTPS with a certificate, plain HTTP without. */
  public readonly listener: elbv2.ApplicationListener;
  /** Who may connect. */
  public readonly connections: ec2.Connections;

  private readonly functions: lambda.IFunction[] = [];
  private readonly targetsByPriority = new Map<number, Construct>();

  constructor(scope: Construct, id: string, props: SessionLoadBalancerProps) {
    super(scope, id);
    const internetFacing = props.internetFacing ?? true;
    this.loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: props.vpc,
      internetFacing,
      deletionProtection: props.deletionProtection ?? true,
      dropInvalidHeaderFields: true,
      desyncMitigationMode: elbv2.DesyncMitigationMode.DEFENSIVE,
    });
    this.node.defaultChild = this.loadBalancer.node.defaultChild;
    this.connections = this.loadBalancer.connections;

    this.listener = this.loadBalancer.addListener('Listener', {
      protocol: props.certificate ? elbv2.ApplicationProtocol.HTTPS : elbv2.ApplicationProtocol.HTTP,
      ...(props.certificate && { certificates: [props.certificate] }),
      open: internetFacing,
      defaultAction: elbv2.ListenerAction.fixedResponse(404, { contentType: 'text/plain', messageBody: 'not found' }),
    });
    if (props.certificate) {
      // The enumeration of the oldest aws-cdk-lib that we support does not know it.
      (this.listener.node.defaultChild as elbv2.CfnListener).sslPolicy = TLS_POLICY;
      this.listener.setAttribute(HSTS.attribute, HSTS.value);
      this.loadBalancer.addRedirect({ open: internetFacing });
      Aspects.of(this).add(
        // Stores may be attached until the app is synthesized, which is when aspects visit.
        { visit: (node) => (node === this ? this.warnOfInsecureCookies() : undefined) },
        { priority: AspectPriority.READONLY },
      );
    } else {
      this.node.addValidation({ validate: () => this.secureCookiesOverPlainHttp() });
    }
  }

  /**
   * Sends requests to a function, cookies one by one as they came (multi-value headers). The target group and its rule
   * are made in the function's stack, with the permission to call the function through that target group only.
   *
   * @param id tells the targets of one function apart.
   * @param fn the function, or an alias of it. An imported one that is not known to be of this account and region is
   * given no permission, of which CDK warns: give it where the function is created.
   * @throws if the priority is taken or out of range.
   */
  public addFunction(id: string, fn: lambda.IFunction, options: SessionTargetOptions = {}): void {
    const target = new Construct(fn, `${this.node.id}${id}`);
    const priority = this.claimPriority(target, options.priority);
    new elbv2.ApplicationListenerRule(target, 'Rule', {
      listener: this.listener,
      priority,
      conditions: options.conditions ?? [elbv2.ListenerCondition.pathPatterns(['/*'])],
      action: elbv2.ListenerAction.forward([functionTargetGroup(target, fn)]),
    });
    this.functions.push(fn);
  }

  private claimPriority(target: Construct, asked: number | undefined): number {
    const priority = asked ?? this.lowestFreePriority();
    if (Token.isUnresolved(priority)) {
      return priority;
    }
    if (!Number.isInteger(priority) || priority < 1 || priority > 50_000) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        `priority must be a whole number from 1 to 50000, received ${priority}`,
        target,
      );
    }
    const holder = this.targetsByPriority.get(priority);
    if (holder) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        `priority ${priority} is taken by ${holder.node.path}: take another, and give every target of this load balancer one`,
        target,
      );
    }
    this.targetsByPriority.set(priority, target);
    return priority;
  }

  private lowestFreePriority(): number {
    let priority = 1;
    while (this.targetsByPriority.has(priority)) {
      priority++;
    }
    return priority;
  }

  private secureCookiesOverPlainHttp(): string[] {
    return this.cookiesServed()
      .filter(({ cookie }) => cookie.secure)
      .map(
        ({ fn, cookie }) =>
          `${fn.node.path} is reached over plain HTTP, where browsers drop its secure cookie ${cookie.name}: give this load balancer a certificate, or the store a policy with SessionCookie.insecure(name)`,
      );
  }

  private warnOfInsecureCookies(): void {
    for (const { fn, cookie } of this.cookiesServed().filter(({ cookie }) => !cookie.secure)) {
      // On a child: the oldest aws-cdk-lib overlooks what was acknowledged on the very construct that is warned of.
      Annotations.of(this.listener).addWarningV2(
        INSECURE_COOKIE_WARNING,
        `${fn.node.path} has the insecure cookie ${cookie.name}, which browsers also send over plain HTTP, in clear, before they are redirected: give its store a policy with SessionCookie.host(name)`,
      );
    }
  }

  private cookiesServed(): { readonly fn: lambda.IFunction; readonly cookie: SessionCookie }[] {
    return this.functions.flatMap((fn) =>
      [...attachmentsOf(unqualified(fn)).values()]
        .filter(({ access }) => access === SessionAccess.READ_WRITE)
        .map(({ store }) => ({ fn, cookie: store.policy.cookie })),
    );
  }
}

/** The function behind an alias or a version: it is the one that stores were attached to. */
function unqualified(fn: lambda.IFunction): lambda.IFunction {
  return fn instanceof lambda.QualifiedFunctionBase ? unqualified(fn.lambda) : fn;
}
