import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import { type HttpReply, type HttpRequest, header } from './http.js';
import type { Invocation } from './instance.js';
import type { Resolver } from './intrinsics.js';
import { isObject, numberAt, objectsAt, textAt } from './json.js';
import { loadBalancerEvent, loadBalancerReply } from './load-balancer-event.js';
import {
  type Action,
  actionOf,
  type Condition,
  chooseTarget,
  conditionOf,
  hostPatterns,
} from './load-balancer-rules.js';
import { hostName, parseAnswer } from './payload.js';
import type { TargetGroup } from './target-group.js';

/** The most that a load balancer passes to a function or takes from it, in bytes (ELB user guide, Lambda targets). */
export const LONGEST_BODY = 1024 * 1024;

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

/** What a listener needs of the world around it to answer. */
export interface Surroundings {
  readonly targetGroup: (arn: string) => TargetGroup | undefined;
  readonly invoke: (functionArn: string, event: unknown) => Promise<Invocation>;
  /** Where the listener of the same load balancer on a port of AWS listens on this machine. */
  readonly localListener: (port: string) => { readonly scheme: string; readonly port: number } | undefined;
  readonly log: (line: string) => void;
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

/**
 * Answers a request to a listener. Errors are those of the ELB user guide, "Troubleshoot your Application Load
 * Balancers": 502 for a function that fails, is throttled, exceeds its timeout or answers with something malformed or
 * beyond 1 MB; 503 for a target group without targets; 400 for an upgrade that a function would get, 405 for TRACE.
 */
export async function answerLoadBalancer(
  request: HttpRequest,
  listener: Listener,
  surroundings: Surroundings,
): Promise<HttpReply> {
  if (request.method === 'TRACE') {
    return errorPage(405);
  }
  const rule = listener.rules.find(({ conditions }) => conditions.every((condition) => condition(request)));
  const action = rule?.action ?? listener.defaultAction;
  switch (action.type) {
    case 'fixed-response':
      return { status: action.status, headers: [['Content-Type', action.contentType]], body: action.body };
    case 'redirect': {
      const location = redirectLocation(action, request, listener, surroundings);
      const page = errorPage(action.status);
      return { ...page, headers: [...page.headers, ['Location', location]] };
    }
    case 'forward': {
      const chosen = chooseTarget(action.targets, Math.random());
      return answerTarget(request, listener, chosen, surroundings);
    }
  }
}

/** The reply to a request whose body a function could not be given. */
export function tooLarge(): HttpReply {
  return errorPage(413);
}

/** The reply when the function failed. */
export function badGateway(): HttpReply {
  return errorPage(502);
}

async function answerTarget(
  request: HttpRequest,
  listener: Listener,
  targetGroupArn: string | undefined,
  { targetGroup, invoke, log }: Surroundings,
): Promise<HttpReply> {
  const target = targetGroupArn === undefined ? undefined : targetGroup(targetGroupArn);
  if (target?.type !== 'function' || target.functionArn === undefined) {
    log(`${listener.resource.path} has no function to forward ${request.method} ${request.path} to, which is 503`);
    return errorPage(503);
  }
  if (header(request, 'upgrade') !== undefined) {
    return errorPage(400);
  }
  const { multiValueHeaders } = target;
  const { protocol, port } = listener;
  const event = loadBalancerEvent(
    request,
    { targetGroupArn: target.arn, multiValueHeaders, protocol, port },
    new Date(),
  );
  const outcome = await invoke(target.functionArn, event);
  if (outcome.kind !== 'result') {
    return badGateway();
  }
  if (Buffer.byteLength(outcome.payload) > LONGEST_BODY) {
    log('the answer exceeds the 1 MB that a load balancer permits, which is 502');
    return badGateway();
  }
  const answer = parseAnswer(outcome.payload);
  const reply = loadBalancerReply(answer, multiValueHeaders);
  const [expected, other] = multiValueHeaders ? ['multiValueHeaders', 'headers'] : ['headers', 'multiValueHeaders'];
  if (reply === undefined) {
    log(`the answer is not one that a load balancer understands, which is 502: ${outcome.payload.slice(0, 200)}`);
  } else if (isObject(answer) && answer[expected] === undefined && answer[other] !== undefined) {
    log(`the target group takes ${expected}: the load balancer ignores the ${other} of the answer`);
  }
  return reply ?? badGateway();
}

/** A redirect to another listener of the same load balancer leads to where that listener is on this machine. */
function redirectLocation(
  action: Extract<Action, { type: 'redirect' }>,
  request: HttpRequest,
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

const REASONS: Readonly<Record<number, string>> = {
  301: 'Moved Permanently',
  302: 'Found',
  400: 'Bad Request',
  405: 'Not Allowed',
  413: 'Request Entity Too Large',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
};

function errorPage(status: number): HttpReply {
  const title = `${status} ${REASONS[status]}`;
  const body = `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n</body>\n</html>\n`;
  return { status, headers: [['Content-Type', 'text/html']], body };
}
