import type { AssemblyStack } from '../../lib/local/assembly.js';
import { resourcesOf } from '../../lib/local/assembly.js';
import { Resolver } from '../../lib/local/intrinsics.js';
import { type ServerGroup, targetGroupOf } from '../../lib/local/target-group.js';

/** Reads a target group of a template. */
function read(properties: object, attributes: Readonly<Record<string, unknown>> = {}) {
  const TargetGroupAttributes = Object.entries(attributes).map(([Key, Value]) => ({ Key, Value }));
  const Group = {
    Type: 'AWS::ElasticLoadBalancingV2::TargetGroup',
    Properties: { ...properties, TargetGroupAttributes },
  };
  const template = { Resources: { Group } };
  const stack: AssemblyStack = {
    name: 'Web',
    artifactId: 'Web',
    region: 'eu-west-1',
    template,
    assets: new Map(),
    images: new Map(),
  };
  const [resource] = resourcesOf(stack);
  if (resource === undefined) {
    throw new Error('the template has no resource');
  }
  return targetGroupOf(resource, new Resolver([stack], new Map()));
}

function servers(...of: Parameters<typeof read>): ServerGroup {
  const group = read(...of);
  if (group.type !== 'servers') {
    throw new Error(`it is a group for a ${group.type}`);
  }
  return group;
}

test('a group for a function', () => {
  expect(read({ TargetType: 'lambda' })).toMatchObject({
    type: 'function',
    arn: 'arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/Web-Group',
    multiValueHeaders: false,
  });
  const registered = read(
    { TargetType: 'lambda', Targets: [{ Id: 'fn' }] },
    { 'lambda.multi_value_headers.enabled': 'true' },
  );
  expect(registered).toMatchObject({ functionArn: 'fn', multiValueHeaders: true });
});

test('a group for servers has the defaults of AWS', () => {
  const { healthCheck, ...group } = servers({});
  expect(group).toMatchObject({
    protocol: 'HTTP',
    deregistrationDelay: 300_000,
    algorithm: 'round_robin',
    slowStart: 0,
    limits: ['its targets are checked every 2 s, not every 30 s'],
  });
  expect(group.stickiness).toBeUndefined();
  expect(healthCheck).toMatchObject({
    protocol: 'HTTP',
    path: '/',
    interval: 30_000,
    timeout: 5000,
    healthyThreshold: 5,
    unhealthyThreshold: 2,
  });
  expect([200, 201, 302].map(healthCheck.passes)).toEqual([true, false, false]);
});

test('and whatever its template says', () => {
  const { healthCheck, ...group } = servers(
    {
      TargetType: 'ip',
      Protocol: 'HTTPS',
      HealthCheckProtocol: 'HTTPS',
      HealthCheckPath: '/up?full=1',
      HealthCheckIntervalSeconds: 6,
      HealthCheckTimeoutSeconds: '3',
      HealthyThresholdCount: 2,
      UnhealthyThresholdCount: 4,
      Matcher: { HttpCode: '200-204,302' },
    },
    {
      'deregistration_delay.timeout_seconds': '5',
      'load_balancing.algorithm.type': 'least_outstanding_requests',
      'slow_start.duration_seconds': 30,
    },
  );
  expect(group).toMatchObject({
    protocol: 'HTTPS',
    deregistrationDelay: 5000,
    algorithm: 'least_outstanding_requests',
    slowStart: 30_000,
  });
  expect(healthCheck).toMatchObject({
    protocol: 'HTTPS',
    path: '/up?full=1',
    interval: 6000,
    timeout: 3000,
    healthyThreshold: 2,
    unhealthyThreshold: 4,
  });
  expect([200, 204, 205, 302].map(healthCheck.passes)).toEqual([true, true, false, true]);
});

test.each<[Readonly<Record<string, string>>, ServerGroup['stickiness']]>([
  [{ 'stickiness.enabled': 'false', 'stickiness.type': 'lb_cookie' }, undefined],
  [{ 'stickiness.enabled': 'true' }, { type: 'lb_cookie', duration: 86_400_000 }],
  [
    { 'stickiness.enabled': 'true', 'stickiness.lb_cookie.duration_seconds': '60' },
    { type: 'lb_cookie', duration: 60_000 },
  ],
  [
    {
      'stickiness.enabled': 'true',
      'stickiness.type': 'app_cookie',
      'stickiness.app_cookie.cookie_name': 'sid',
      'stickiness.app_cookie.duration_seconds': '7',
    },
    { type: 'app_cookie', cookieName: 'sid', duration: 7000 },
  ],
])('the attributes %j are the stickiness %j', (attributes, stickiness) => {
  expect(servers({}, attributes).stickiness).toEqual(stickiness);
});

test.each<[object, Readonly<Record<string, string>>, string]>([
  [{ TargetType: 'alb' }, {}, 'its targets are of the type alb: only functions, instances and addresses run here'],
  [{ Protocol: 'TCP' }, {}, 'its Protocol is TCP: only HTTP and HTTPS run here'],
  [{ ProtocolVersion: 'GRPC' }, {}, 'its targets speak GRPC: only HTTP/1.1 is spoken to targets here'],
  [{}, { 'load_balancing.algorithm.type': 'fastest' }, 'its algorithm fastest is not one that is known here'],
  [
    {},
    { 'stickiness.enabled': 'true', 'stickiness.type': 'source_ip' },
    'its stickiness is of the type source_ip: lb_cookie and app_cookie run here',
  ],
  [
    {},
    { 'stickiness.enabled': 'true', 'stickiness.type': 'app_cookie' },
    'its stickiness is app_cookie, and stickiness.app_cookie.cookie_name is missing',
  ],
])('%j with the attributes %j does not run', (properties, attributes, message) => {
  expect(() => read(properties, attributes)).toThrow(message);
});

test.each<[object, Readonly<Record<string, string>>, string]>([
  [
    { Targets: [{ Id: 'i-1' }, { Id: '10.0.0.1' }] },
    {},
    'its targets i-1, 10.0.0.1 are not on this machine: services and instance groups register theirs',
  ],
  [{ HealthCheckPort: '9000' }, {}, 'its targets are checked on the port of their requests, not on 9000'],
  [
    {},
    { 'load_balancing.algorithm.anomaly_mitigation': 'on' },
    'its targets are chosen at random, without anomaly mitigation',
  ],
  [
    {},
    { 'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': '50' },
    'it fails open when no target is healthy, not at a threshold',
  ],
])('%j with the attributes %j runs, but otherwise', (properties, attributes, limit) => {
  const usual = { HealthCheckIntervalSeconds: 2 };
  expect(servers(usual).limits).toEqual([]);
  expect(servers({ ...usual, ...properties }, attributes).limits).toEqual([limit]);
});
