import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import { type HealthCheck, LONGEST_INTERVAL, matcherOf } from './health-check.js';
import type { Resolver } from './intrinsics.js';
import { type JsonObject, numberAt, objectAt, objectsAt, textAt } from './json.js';

/** A target group. */
export type TargetGroup = FunctionGroup | ServerGroup;

/** A target group for a function. */
export interface FunctionGroup {
  readonly type: 'function';
  readonly resource: Resource;
  readonly arn: string;
  /** Absent if nothing is registered. */
  readonly functionArn?: string;
  readonly multiValueHeaders: boolean;
}

/** How the next target is chosen (ELB user guide, "Routing algorithms"). */
export type Algorithm = 'round_robin' | 'least_outstanding_requests' | 'weighted_random';

/** A target group for servers, which register themselves while it runs. */
export interface ServerGroup {
  readonly type: 'servers';
  readonly resource: Resource;
  readonly arn: string;
  /** What its targets speak. */
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly healthCheck: HealthCheck;
  /** How long the requests under way may go on once their target is deregistered, in milliseconds. */
  readonly deregistrationDelay: number;
  readonly algorithm: Algorithm;
  /** How long it takes until a new target gets its full share, in milliseconds; 0 if it gets it at once. */
  readonly slowStart: number;
  /** Absent if each request is routed on its own. */
  readonly stickiness?: Stickiness;
  /** What about it is otherwise than on AWS. */
  readonly limits: readonly string[];
}

/** How a target group keeps a visitor at one target. Its duration is in milliseconds. */
export type Stickiness =
  | { readonly type: 'lb_cookie'; readonly duration: number }
  | { readonly type: 'app_cookie'; readonly cookieName: string; readonly duration: number };

/** Reads an `AWS::ElasticLoadBalancingV2::TargetGroup`. @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here */
export function targetGroupOf(resource: Resource, resolver: Resolver): TargetGroup {
  const properties = resolver.properties(resource);
  const type = textAt(properties, 'TargetType') ?? 'instance';
  const common = { resource, arn: String(resolver.resolve(resource.stack, { Ref: resource.logicalId })) };
  const attributes = attributesOf(properties);
  switch (type) {
    case 'lambda': {
      const functionArn = textAt(objectsAt(properties, 'Targets')[0], 'Id');
      return {
        ...common,
        type: 'function',
        ...(functionArn !== undefined && { functionArn }),
        multiValueHeaders: attributes.get('lambda.multi_value_headers.enabled') === 'true',
      };
    }
    case 'instance':
    case 'ip':
      return { ...common, type: 'servers', ...serversOf(properties, attributes) };
    default:
      throw new LocalError(
        'ERR_LOCAL_TEMPLATE',
        `its targets are of the type ${type}: only functions, instances and addresses run here`,
      );
  }
}

type Attributes = ReadonlyMap<string, string>;

function attributesOf(properties: JsonObject): Attributes {
  return new Map(
    objectsAt(properties, 'TargetGroupAttributes').map((attribute) => [
      textAt(attribute, 'Key') ?? '',
      String(attribute['Value']),
    ]),
  );
}

function serversOf(properties: JsonObject, attributes: Attributes): Omit<ServerGroup, 'type' | 'resource' | 'arn'> {
  const protocol = protocolOf(properties, 'Protocol', 'HTTP');
  const version = textAt(properties, 'ProtocolVersion') ?? 'HTTP1';
  if (version !== 'HTTP1') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its targets speak ${version}: only HTTP/1.1 is spoken to targets here`);
  }
  const stickiness = stickinessOf(attributes);
  return {
    protocol,
    healthCheck: {
      protocol: protocolOf(properties, 'HealthCheckProtocol', 'HTTP'),
      path: textAt(properties, 'HealthCheckPath') ?? '/',
      interval: seconds(numberAt(properties, 'HealthCheckIntervalSeconds') ?? 30),
      timeout: seconds(numberAt(properties, 'HealthCheckTimeoutSeconds') ?? 5),
      healthyThreshold: numberAt(properties, 'HealthyThresholdCount') ?? 5,
      unhealthyThreshold: numberAt(properties, 'UnhealthyThresholdCount') ?? 2,
      passes: matcherOf(textAt(objectAt(properties, 'Matcher'), 'HttpCode') ?? '200'),
    },
    deregistrationDelay: seconds(numberIn(attributes, 'deregistration_delay.timeout_seconds', 300)),
    algorithm: algorithmOf(attributes),
    slowStart: seconds(numberIn(attributes, 'slow_start.duration_seconds', 0)),
    ...(stickiness !== undefined && { stickiness }),
    limits: limitsOf(properties, attributes),
  };
}

function protocolOf(properties: JsonObject, key: string, usual: 'HTTP' | 'HTTPS'): 'HTTP' | 'HTTPS' {
  const protocol = textAt(properties, key) ?? usual;
  if (protocol !== 'HTTP' && protocol !== 'HTTPS') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its ${key} is ${protocol}: only HTTP and HTTPS run here`);
  }
  return protocol;
}

function algorithmOf(attributes: Attributes): Algorithm {
  const algorithm = attributes.get('load_balancing.algorithm.type') ?? 'round_robin';
  if (algorithm !== 'round_robin' && algorithm !== 'least_outstanding_requests' && algorithm !== 'weighted_random') {
    throw new LocalError('ERR_LOCAL_TEMPLATE', `its algorithm ${algorithm} is not one that is known here`);
  }
  return algorithm;
}

/** Without a type it is `lb_cookie`, without a duration a day (ELB API reference, "TargetGroupAttribute"). */
function stickinessOf(attributes: Attributes): Stickiness | undefined {
  if (attributes.get('stickiness.enabled') !== 'true') {
    return undefined;
  }
  const type = attributes.get('stickiness.type') ?? 'lb_cookie';
  if (type !== 'lb_cookie' && type !== 'app_cookie') {
    throw new LocalError(
      'ERR_LOCAL_TEMPLATE',
      `its stickiness is of the type ${type}: lb_cookie and app_cookie run here`,
    );
  }
  const duration = seconds(numberIn(attributes, `stickiness.${type}.duration_seconds`, 86_400));
  if (type === 'lb_cookie') {
    return { type, duration };
  }
  const cookieName = attributes.get('stickiness.app_cookie.cookie_name');
  if (cookieName === undefined || cookieName === '') {
    throw new LocalError(
      'ERR_LOCAL_TEMPLATE',
      'its stickiness is app_cookie, and stickiness.app_cookie.cookie_name is missing',
    );
  }
  return { type, cookieName, duration };
}

/** What a template asks of servers that is not done here, or not as on AWS. */
function limitsOf(properties: JsonObject, attributes: Attributes): readonly string[] {
  const limits: string[] = [];
  const fixed = objectsAt(properties, 'Targets').map((target) => textAt(target, 'Id'));
  if (fixed.length > 0) {
    limits.push(
      `its targets ${fixed.join(', ')} are not on this machine: services and instance groups register theirs`,
    );
  }
  const interval = seconds(numberAt(properties, 'HealthCheckIntervalSeconds') ?? 30);
  if (interval > LONGEST_INTERVAL) {
    limits.push(`its targets are checked every ${LONGEST_INTERVAL / 1000} s, not every ${interval / 1000} s`);
  }
  const port = textAt(properties, 'HealthCheckPort') ?? 'traffic-port';
  if (port !== 'traffic-port') {
    limits.push(`its targets are checked on the port of their requests, not on ${port}`);
  }
  if (attributes.get('load_balancing.algorithm.anomaly_mitigation') === 'on') {
    limits.push('its targets are chosen at random, without anomaly mitigation');
  }
  const routing = 'target_group_health.unhealthy_state_routing.minimum_healthy_targets';
  const thresholds = [attributes.get(`${routing}.count`) ?? '1', attributes.get(`${routing}.percentage`) ?? 'off'];
  if (thresholds.join() !== '1,off') {
    limits.push('it fails open when no target is healthy, not at a threshold');
  }
  return limits;
}

function numberIn(attributes: Attributes, key: string, usual: number): number {
  return numberAt({ value: attributes.get(key) }, 'value') ?? usual;
}

function seconds(count: number): number {
  return count * 1000;
}
