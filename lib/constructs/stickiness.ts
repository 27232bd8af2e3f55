import { Annotations, type CfnResource, type Duration, Stack, Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { deployedProperties } from './deployed-properties.js';
import { SessionConstructError } from './errors.js';
import { type Range, secondsFault } from './load-balancer/range-faults.js';
import { warnedOf } from './network/warned-of.js';

/** What `Annotations.of(targetGroup).acknowledgeWarning()` takes. */
const COOKIE_WARNING = 'cdk-sessions:loadBalancerCookie';

/** One second to seven days: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/sticky-sessions.html */
export const STICKINESS_SECONDS: Range = [1, 604_800];

/** Beginning with this are AWSALB, AWSALBCORS, AWSALBAPP and AWSALBTG, which load balancers set themselves. */
const RESERVED_PREFIX = 'AWSALB';

// RFC 6265, section 4.1.1: a cookie's name is a token (RFC 9110, section 5.6.2). The session cookie has the same limit.
const COOKIE_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;

/** Why functions and stickiness do not go together. */
export const STICKY_FUNCTION =
  'a target group with a Lambda function cannot be sticky: leave stickiness out, and keep sessions in a shared store such as SessionTable';

/** The attributes of a target group that stickiness consists of. What is not among a value's is not set at all. */
const ATTRIBUTES = [
  'stickiness.enabled',
  'stickiness.type',
  'stickiness.lb_cookie.duration_seconds',
  'stickiness.app_cookie.cookie_name',
  'stickiness.app_cookie.duration_seconds',
] as const;

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/application/disable-cross-zone.html */
const CROSS_ZONE = 'load_balancing.cross_zone.enabled';

type StickinessAttributes = Readonly<Partial<Record<(typeof ATTRIBUTES)[number], string>>>;

/** Which stickiness a target group was given last. */
const applied = new WeakMap<elbv2.ApplicationTargetGroup, Stickiness>();

/**
 * Whether a load balancer sends a visitor to the same target again. That keeps an application alive whose sessions are in
 * the memory of its processes, until a target ends: then all sessions on it are lost. An application with its sessions in
 * a store that all targets share needs none.
 */
export class Stickiness {
  /** Every request goes to the target that the algorithm chooses. Right wherever sessions are in a shared store. */
  public static none(): Stickiness {
    return new Stickiness('Stickiness.none()', { 'stickiness.enabled': 'false' });
  }

  /**
   * By cookies of the load balancer's own, `AWSALB` and `AWSALBCORS`, renewed with every reply. The former can be neither
   * `Secure` nor `HttpOnly`, the latter not `HttpOnly`, which scanners report: there is a warning.
   *
   * @param duration how long a visitor who does not come back is remembered: whole seconds, 1 second to 7 days.
   * @throws if the duration is missing or out of range.
   */
  public static loadBalancerCookie(duration: Duration): Stickiness {
    return new Stickiness('Stickiness.loadBalancerCookie()', {
      'stickiness.enabled': 'true',
      'stickiness.type': 'lb_cookie',
      'stickiness.lb_cookie.duration_seconds': seconds(duration),
    });
  }

  /**
   * From when on the application sets a cookie of this name, and for as long as it is sent back: a visitor without one
   * goes to any target. The load balancer adds a cookie of its own, `AWSALBAPP-0` and so on, which does not take over the
   * attributes of the application's.
   *
   * @param name of the application's cookie, such as `JSESSIONID`: 1 to 64 characters of RFC 6265, not beginning with
   *   `AWSALB`.
   * @param duration how long a visitor who does not come back is remembered: whole seconds, 1 second to 7 days.
   * @throws if the name or the duration is missing, or not as said.
   */
  public static applicationCookie(name: string, duration: Duration): Stickiness {
    return new Stickiness('Stickiness.applicationCookie()', {
      'stickiness.enabled': 'true',
      'stickiness.type': 'app_cookie',
      'stickiness.app_cookie.cookie_name': cookieName(name),
      'stickiness.app_cookie.duration_seconds': seconds(duration),
    });
  }

  private constructor(
    private readonly description: string,
    private readonly attributes: StickinessAttributes,
  ) {}

  /**
   * Puts it on a target group that exists already, such as `service.targetGroup` of an ecs-patterns service, in place of
   * what was there. Changing it later replaces nothing.
   *
   * @throws if the target group was imported, or has a Lambda function in it. What an escape hatch does to it later is
   *   found when the app is synthesized.
   */
  public applyTo(targetGroup: elbv2.IApplicationTargetGroup): void {
    if (!(targetGroup instanceof elbv2.ApplicationTargetGroup)) {
      throw new SessionConstructError(
        'ERR_SESSION_LOAD_BALANCER',
        'the stickiness of an imported target group cannot be changed, received one: apply it where the target group is created',
        targetGroup,
      );
    }
    // Protected; what an unknown version of CDK does not tell here is found at synth.
    const fault = functionFault(Reflect.get(targetGroup, 'targetType'));
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault, targetGroup);
    }
    applied.set(targetGroup, this);
    for (const key of ATTRIBUTES) {
      targetGroup.setAttribute(key, this.attributes[key]);
    }
    targetGroup.node.addValidation({
      validate: () => (applied.get(targetGroup) === this ? this.deployedFaults(targetGroup) : []),
    });
    if (this.attributes['stickiness.type'] === 'lb_cookie') {
      Annotations.of(warnedOf(targetGroup)).addWarningV2(
        COOKIE_WARNING,
        'the cookie AWSALB can be neither Secure nor HttpOnly, and AWSALBCORS not HttpOnly, which security scanners report: keep sessions in a store that all targets share, with Stickiness.none(), or acknowledge this',
      );
    }
  }

  private deployedFaults(targetGroup: elbv2.ApplicationTargetGroup): string[] {
    const deployed = deployedTargetGroup(targetGroup);
    const fault = functionFault(deployed['TargetType']);
    if (fault !== undefined) {
      return [fault];
    }
    const attributes = targetGroupAttributes(deployed);
    if (this.attributes['stickiness.enabled'] === 'true' && attributes.get(CROSS_ZONE) === 'false') {
      return [
        `${this.description} was applied, and ${CROSS_ZONE} is "false", with which no target group can be sticky: leave crossZoneEnabled out, or apply Stickiness.none()`,
      ];
    }
    return ATTRIBUTES.flatMap((key) => {
      const asked = Stack.of(targetGroup).resolve(this.attributes[key]);
      const found = attributes.get(key);
      return JSON.stringify(found) === JSON.stringify(asked)
        ? []
        : [
            `${this.description} was applied, and ${key} is ${JSON.stringify(found) ?? 'missing'}: remove what changes it later, or apply another Stickiness`,
          ];
    });
  }
}

/** By which kind of cookie a target group is sticky as it is deployed, whoever made it so; `undefined` if it is not. */
export function stickinessType(targetGroup: elbv2.ApplicationTargetGroup): string | undefined {
  const attributes = targetGroupAttributes(deployedTargetGroup(targetGroup));
  return attributes.get('stickiness.enabled') === 'true'
    ? String(attributes.get('stickiness.type') ?? 'lb_cookie')
    : undefined;
}

type DeployedTargetGroup = ReturnType<typeof deployedProperties>;

function deployedTargetGroup(targetGroup: elbv2.ApplicationTargetGroup): DeployedTargetGroup {
  return deployedProperties(targetGroup.node.defaultChild as CfnResource);
}

/** None where an escape hatch put something in their place that only the deployment knows. */
function targetGroupAttributes({ TargetGroupAttributes }: DeployedTargetGroup): ReadonlyMap<string, unknown> {
  const attributes: readonly { readonly Key: string; readonly Value: unknown }[] = Array.isArray(TargetGroupAttributes)
    ? TargetGroupAttributes
    : [];
  return new Map(attributes.map(({ Key, Value }) => [Key, Value]));
}

function functionFault(targetType: unknown): string | undefined {
  return targetType === elbv2.TargetType.LAMBDA ? STICKY_FUNCTION : undefined;
}

function seconds(duration: Duration): string {
  const fault =
    // Only TypeScript knows that there is one.
    duration === undefined || duration === null
      ? 'stickiness needs a duration, received none: give one from Duration.seconds(1) to Duration.days(7)'
      : secondsFault('the duration of stickiness', duration, STICKINESS_SECONDS);
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault);
  }
  return duration.toSeconds().toString();
}

function cookieName(name: string): string {
  const fault = Token.isUnresolved(name) ? undefined : cookieNameFault(name);
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_LOAD_BALANCER', fault);
  }
  return name;
}

function cookieNameFault(name: string): string | undefined {
  // Only TypeScript knows what it is.
  if (typeof name !== 'string' || !COOKIE_NAME.test(name)) {
    return `the application's cookie must have a name of 1 to 64 letters, digits and !#$%&'*+-.^_\`|~, received ${JSON.stringify(name) ?? 'none'}`;
  }
  return name.startsWith(RESERVED_PREFIX)
    ? `names that begin with ${RESERVED_PREFIX} are the load balancer's own, received ${name}: give the name of a cookie that the application sets`
    : undefined;
}
