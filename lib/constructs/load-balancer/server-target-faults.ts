import { Duration, Token } from 'aws-cdk-lib';
import { ApplicationProtocol, TargetGroupLoadBalancingAlgorithmType } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { SessionServerTargetOptions } from '../session-target-options.js';
import { Stickiness } from '../stickiness.js';
import { secondsFault, wholeNumberFault } from './range-faults.js';

// What Elastic Load Balancing does where nothing is given.
const INTERVAL = Duration.seconds(30);
const TIMEOUT = Duration.seconds(5);

/**
 * Why Elastic Load Balancing would refuse such a target group, or `undefined`.
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html and
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
 */
export function serverTargetFault(options: SessionServerTargetOptions): string | undefined {
  return (
    stickinessFault(options) ??
    protocolFault(options) ??
    secondsFault('deregistrationDelay', options.deregistrationDelay, [0, 3600]) ??
    secondsFault('slowStart', options.slowStart, [30, 900]) ??
    algorithmFault(options) ??
    healthCheckFault(options)
  );
}

/** Only TypeScript knows what it is. */
function stickinessFault({ stickiness }: SessionServerTargetOptions): string | undefined {
  return stickiness === undefined || stickiness instanceof Stickiness
    ? undefined
    : `stickiness must be made by Stickiness, received ${JSON.stringify(stickiness)}: take Stickiness.none(), or one with a duration`;
}

function protocolFault({ protocol = ApplicationProtocol.HTTP }: SessionServerTargetOptions): string | undefined {
  return Object.values(ApplicationProtocol).includes(protocol) || Token.isUnresolved(protocol)
    ? undefined
    : `servers are spoken to in HTTP or HTTPS, received ${JSON.stringify(protocol)}: take one of ApplicationProtocol`;
}

function algorithmFault({
  slowStart,
  anomalyMitigation,
  loadBalancingAlgorithm: algorithm = TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN,
}: SessionServerTargetOptions): string | undefined {
  if (Token.isUnresolved(algorithm)) {
    return undefined;
  }
  if (!Object.values(TargetGroupLoadBalancingAlgorithmType).includes(algorithm)) {
    return `loadBalancingAlgorithm must be one of TargetGroupLoadBalancingAlgorithmType, received ${JSON.stringify(algorithm)}`;
  }
  if (slowStart && algorithm !== TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN) {
    return `slowStart needs the algorithm round_robin, received ${algorithm}: leave one of the two out`;
  }
  if (anomalyMitigation && algorithm !== TargetGroupLoadBalancingAlgorithmType.WEIGHTED_RANDOM) {
    return `anomalyMitigation needs the algorithm weighted_random, received ${algorithm}: take TargetGroupLoadBalancingAlgorithmType.WEIGHTED_RANDOM, or leave it out`;
  }
  return undefined;
}

function healthCheckFault(options: SessionServerTargetOptions): string | undefined {
  const { healthCheckPath, healthCheckInterval = INTERVAL, healthCheckTimeout = TIMEOUT } = options;
  return (
    pathFault(healthCheckPath) ??
    codesFault(options.healthyHttpCodes) ??
    secondsFault('healthCheckInterval', healthCheckInterval, [5, 300]) ??
    secondsFault('healthCheckTimeout', healthCheckTimeout, [2, 120]) ??
    orderFault(healthCheckInterval, healthCheckTimeout) ??
    wholeNumberFault('healthyThresholdCount', options.healthyThresholdCount, [2, 10]) ??
    wholeNumberFault('unhealthyThresholdCount', options.unhealthyThresholdCount, [2, 10])
  );
}

function pathFault(path: string | undefined): string | undefined {
  return path === undefined || Token.isUnresolved(path) || /^\/[\x21-\x7e]{0,1023}$/.test(path)
    ? undefined
    : `healthCheckPath must be a path from / on, of up to 1024 printable characters and no spaces, received ${JSON.stringify(path)}`;
}

function codesFault(codes: string | undefined): string | undefined {
  if (codes === undefined || Token.isUnresolved(codes)) {
    return undefined;
  }
  const inRange = codes.split(',').every((part) => {
    const [, first = '', last = first] = /^([234]\d\d)(?:-([234]\d\d))?$/.exec(part) ?? [];
    return first !== '' && first <= last;
  });
  return inRange
    ? undefined
    : `healthyHttpCodes must be codes from 200 to 499, like 200, 200,204 or 200-299, received ${JSON.stringify(codes)}`;
}

function orderFault(interval: Duration, timeout: Duration): string | undefined {
  const known = !interval.isUnresolved() && !timeout.isUnresolved();
  return known && interval.toMilliseconds() <= timeout.toMilliseconds()
    ? `healthCheckInterval must be longer than healthCheckTimeout, received ${interval.toString()} and ${timeout.toString()}`
    : undefined;
}
