import type { Resource } from '../../lib/local/assembly.js';
import type { Invocation } from '../../lib/local/instance.js';
import { answerLoadBalancer, type Listener, type Surroundings } from '../../lib/local/load-balancer.js';
import { actionOf, conditionOf } from '../../lib/local/load-balancer-rules.js';
import type { FunctionGroup } from '../../lib/local/target-group.js';
import { request } from './requests.js';

const RESOURCE: Resource = {
  stack: { name: 'Net', artifactId: 'Net', region: 'us-east-1', template: {}, assets: new Map(), images: new Map() },
  logicalId: 'L',
  type: 'AWS::ElasticLoadBalancingV2::Listener',
  path: 'Net/L',
  properties: {},
};

const FORWARD = actionOf([{ Type: 'forward', TargetGroupArn: 'group' }]);

function listener(overrides: Partial<Listener> = {}): Listener {
  return {
    resource: RESOURCE,
    arn: 'listener',
    loadBalancerArn: 'balancer',
    protocol: 'HTTPS',
    port: 443,
    defaultAction: FORWARD,
    rules: [],
    ...overrides,
  };
}

function fixed(status: number) {
  return actionOf([
    { Type: 'fixed-response', FixedResponseConfig: { StatusCode: String(status), MessageBody: 'fixed' } },
  ]);
}

function surroundings(outcome: Invocation, group: Partial<FunctionGroup> = {}) {
  const log = jest.fn();
  const invoke = jest.fn(async () => outcome);
  const found: Surroundings = {
    targetGroup: (arn) => ({
      type: 'function',
      resource: RESOURCE,
      arn,
      functionArn: 'function',
      multiValueHeaders: false,
      ...group,
    }),
    invoke,
    localListener: (port) => (port === '443' ? { scheme: 'http', port: 3001 } : undefined),
    log,
  };
  return { ...found, log, invoke };
}

const FINE: Invocation = { kind: 'result', payload: '{"statusCode":200,"headers":{"a":"b"},"body":"fine"}' };

test('forwards to the function and sends what it answers', async () => {
  const around = surroundings(FINE);
  expect(await answerLoadBalancer(request(), listener(), around)).toEqual({
    status: 200,
    headers: [['a', 'b']],
    body: 'fine',
  });
  expect(around.invoke).toHaveBeenCalledWith('function', expect.objectContaining({ httpMethod: 'GET' }));
});

test('takes the first rule whose conditions all hold, and the default action if there is none', async () => {
  const path = (value: string) => conditionOf({ Field: 'path-pattern', PathPatternConfig: { Values: [value] } });
  const post = conditionOf({ Field: 'http-request-method', HttpRequestMethodConfig: { Values: ['POST'] } });
  const rule = { listenerArn: 'listener', priority: 1, hosts: [] };
  const ruled = listener({
    defaultAction: fixed(404),
    rules: [
      { ...rule, conditions: [path('/a*'), post], action: fixed(201) },
      { ...rule, conditions: [path('/a*')], action: fixed(202) },
    ],
  });
  const statusOf = async (overrides: Parameters<typeof request>[0]) =>
    (await answerLoadBalancer(request(overrides), ruled, surroundings(FINE))).status;
  expect(await statusOf({ path: '/ab', method: 'POST' })).toBe(201);
  expect(await statusOf({ path: '/ab' })).toBe(202);
  expect(await statusOf({ path: '/b' })).toBe(404);
});

describe('redirects', () => {
  const redirect = (config: Readonly<Record<string, string>>, to = request()) => {
    const defaultAction = actionOf([{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', ...config } }]);
    return answerLoadBalancer(to, listener({ protocol: 'HTTP', port: 80, defaultAction }), surroundings(FINE));
  };
  const location = async (...redirected: Parameters<typeof redirect>) =>
    new Map((await redirect(...redirected)).headers).get('Location');

  test('to another listener lead to where it is on this machine', async () => {
    const to = request({ path: '/a/b', query: 'x=1' });
    expect(await location({ Protocol: 'HTTPS', Port: '443' }, to)).toBe('http://localhost:3001/a/b?x=1');
    expect((await redirect({ Protocol: 'HTTPS', Port: '443' }, to)).status).toBe(301);
  });

  test('to elsewhere stay as they are', async () => {
    const elsewhere = {
      Protocol: 'HTTPS',
      Port: '8443',
      Host: 'www.#{host}',
      Path: '/new/#{path}',
      Query: 'from=#{protocol}',
    };
    expect(await location(elsewhere, request({ path: '/a' }))).toBe('https://www.localhost:8443/new/a?from=http');
  });
});

describe('errors', () => {
  const big = JSON.stringify({ statusCode: 200, body: 'x'.repeat(2 ** 20) });
  test.each<[string, Invocation, Partial<FunctionGroup>, number]>([
    ['a function that fails', { kind: 'error', errorType: 'E', errorMessage: '', stack: '' }, {}, 502],
    ['a throttled request', { kind: 'throttled', errorMessage: '' }, {}, 502],
    ['an answer that is malformed', { kind: 'result', payload: '"text"' }, {}, 502],
    ['an answer beyond 1 MB', { kind: 'result', payload: big }, {}, 502],
    ['a target group without a function', FINE, { functionArn: undefined }, 503],
  ])('%s', async (_, outcome, group, status) => {
    expect((await answerLoadBalancer(request(), listener(), surroundings(outcome, group))).status).toBe(status);
  });

  test('the method TRACE is 405, an upgrade 400', async () => {
    const statusOf = async (to: ReturnType<typeof request>) =>
      (await answerLoadBalancer(to, listener(), surroundings(FINE))).status;
    expect(await statusOf(request({ method: 'TRACE' }))).toBe(405);
    expect(await statusOf(request({ headers: [['upgrade', 'websocket']] }))).toBe(400);
  });

  test('headers of the kind that the target group does not take are told', async () => {
    const around = surroundings(FINE, { multiValueHeaders: true });
    expect((await answerLoadBalancer(request(), listener(), around)).headers).toEqual([]);
    expect(around.log).toHaveBeenCalledWith(
      'the target group takes multiValueHeaders: the load balancer ignores the headers of the answer',
    );
  });
});
