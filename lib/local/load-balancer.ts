import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import type { HttpReply, RequestHead } from './http.js';
import type { Resolver } from './intrinsics.js';
import { numberAt, objectsAt, textAt } from './json.js';
import { errorPage } from './load-balancer-pages.js';
import {
  type Action,
  actionOf,
  type Condition,
  chooseTarget,
  conditionOf,
  type Forward,
  hostPatterns,
} from './load-balancer-rules.js';
import { hostName } from './payload.js';

/** A listener of an Application Load Balancer. */
export interface Listener {
  readonly resource: Resource;
  readonly arn: string;
  readonly loadBalancerArn: string;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly port: number;
  readonly defaultAction: Action;
  /** By priority, the first one first. */
  readonly rules: readonly Rule[];
}

interface Rule {
  readonly listenerArn: string;
  readonly priority: number;
  readonly conditions: readonly Condition[];
  /** The hosts that its conditions name. */
  readonly hosts: readonly RegExp[];
  readonly action: Action;
}

/** Reads an `AWS::ElasticLoadBalancingV2::Listener`. @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here */
export function listenerOf(resource: Resource, resolver: Resolver, rules: readonly Rule[]): Listener {
  const properties = resolver.properties(resource);
  const protocol = textAt(properties, 'Protocol');
  if (protocol !== 'HTTP' && protocol !== 'HTTPS') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its protocol is ${protocol}: only HTTP and HTTPS run here`);
  }
  const arn = String(resolver.resolve(resource.stack, { Ref: resource.logicalId }));
  return {
    resource,
    arn,
    loadBalancerArn: textAt(properties, 'LoadBalancerArn') ?? '',
    protocol,
    port: numberAt(properties, 'Port') ?? (protocol === 'HTTPS' ? 443 : 80),
    defaultAction: actionOf(objectsAt(properties, 'DefaultActions')),
    rules: rules.filter((rule) => rule.listenerArn === arn).sort((one, other) => one.priority - other.priority),
  };
}

/** Reads an `AWS::ElasticLoadBalancingV2::ListenerRule`. @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here */
export function ruleOf(resource: Resource, resolver: Resolver): Rule {
  const properties = resolver.properties(resource);
  const conditions = objectsAt(properties, 'Conditions');
  return {
    listenerArn: textAt(properties, 'ListenerArn') ?? '',
    priority: numberAt(properties, 'Priority') ?? 0,
    conditions: conditions.map(conditionOf),
    hosts: conditions.flatMap(hostPatterns),
    action: actionOf(objectsAt(properties, 'Actions')),
  };
}

/** Whether a rule of the listener is for this name of a host. */
export function servesHost({ rules }: Listener, name: string): boolean {
  return rules.some(({ hosts }) => hosts.some((pattern) => pattern.test(name)));
}

/** What becomes of a request to a listener. */
export type Decision =
  | { readonly type: 'reply'; readonly reply: HttpReply }
  | {
      readonly type: 'forward';
      /** Absent if the rule names none that requests may go to. */
      readonly targetGroupArn?: string;
      readonly action: Forward;
    };

/** What the decision needs of the world around a listener. */
export interface Surroundings {
  /** Where the listener of the same load balancer on a port of AWS listens on this machine. */
  readonly localListener: (port: string) => { readonly scheme: string; readonly port: number } | undefined;
  /** The ARN of the target group that a visitor was at, if one is known. */
  readonly stuckTo: (head: RequestHead) => string | undefined;
  /** @default Math.random */
  readonly random?: () => number;
}

/**
 * Decides what becomes of a request: the first rule counts whose conditions all hold, or else the default action. The
 * method TRACE is 405 (ELB user guide, "Troubleshoot your Application Load Balancers").
 *
 * Among several target groups the weights decide. "When the load balancer receives a request that matches a rule with
 * target group stickiness enabled and contains the cookie, the request is routed to the target group specified in the
 * cookie" (ELB user guide, "Forward actions"): weights are for those who have none, so that even a target group with the
 * weight 0 keeps its visitors.
 */
export function decide(head: RequestHead, listener: Listener, surroundings: Surroundings): Decision {
  if (head.method === 'TRACE') {
    return { type: 'reply', reply: errorPage(405) };
  }
  const rule = listener.rules.find(({ conditions }) => conditions.every((condition) => condition(head)));
  const action = rule?.action ?? listener.defaultAction;
  switch (action.type) {
    case 'fixed-response': {
      const { status, contentType, body } = action;
      return { type: 'reply', reply: { status, headers: [['Content-Type', contentType]], body } };
    }
    case 'redirect': {
      const location = redirectLocation(action, head, listener, surroundings);
      const page = errorPage(action.status);
      return { type: 'reply', reply: { ...page, headers: [...page.headers, ['Location', location]] } };
    }
    case 'forward': {
      const { stuckTo, random = Math.random } = surroundings;
      const stuck = action.stickiness === undefined ? undefined : stuckTo(head);
      const kept = action.targets.find(({ targetGroupArn }) => targetGroupArn === stuck)?.targetGroupArn;
      const targetGroupArn = kept ?? chooseTarget(action.targets, random());
      return { type: 'forward', action, ...(targetGroupArn !== undefined && { targetGroupArn }) };
    }
  }
}

/** A redirect to another listener of the same load balancer leads to where that listener is on this machine. */
function redirectLocation(
  action: Extract<Action, { type: 'redirect' }>,
  request: RequestHead,
  listener: Listener,
  { localListener }: Surroundings,
): string {
  const values: Readonly<Record<string, string>> = {
    protocol: listener.protocol.toLowerCase(),
    host: hostName(request),
    port: String(listener.port),
    path: request.path.replace(/^\//, ''),
    query: request.query,
  };
  const fill = (template: string) =>
    template.replace(/#\{(\w+)\}/g, (placeholder, name) => values[name] ?? placeholder);
  const host = fill(action.host);
  const port = fill(action.port);
  const query = fill(action.query);
  const local = host === values['host'] ? localListener(port) : undefined;
  const origin = `${local?.scheme ?? fill(action.protocol).toLowerCase()}://${host}:${local?.port ?? port}`;
  return `${origin}${fill(action.path)}${query === '' ? '' : `?${query}`}`;
}
