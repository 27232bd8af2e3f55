import { decide, type Listener, type Surroundings } from '../../lib/local/load-balancer.js';
import { actionOf, conditionOf } from '../../lib/local/load-balancer-rules.js';
import { loadBalancerListener as listener } from './load-balancers.js';
import { request } from './requests.js';

function fixed(status: number) {
  return actionOf([
    { Type: 'fixed-response', FixedResponseConfig: { StatusCode: String(status), MessageBody: 'fixed' } },
  ]);
}

const AROUND: Surroundings = {
  localListener: (port) => (port === '443' ? { scheme: 'http', port: 3001 } : undefined),
  stuckTo: () => undefined,
};

/** The reply that is decided on. */
function replyOf(...decided: Parameters<typeof decide>) {
  const decision = decide(...decided);
  if (decision.type !== 'reply') {
    throw new Error(`forwarded to ${decision.targetGroupArn}`);
  }
  return decision.reply;
}

test('takes the first rule whose conditions all hold, and the default action if there is none', () => {
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
  const statusOf = (overrides: Parameters<typeof request>[0]) => replyOf(request(overrides), ruled, AROUND).status;
  expect(statusOf({ path: '/ab', method: 'POST' })).toBe(201);
  expect(statusOf({ path: '/ab' })).toBe(202);
  expect(statusOf({ path: '/b' })).toBe(404);
});

test('the method TRACE is 405', () => {
  expect(replyOf(request({ method: 'TRACE' }), listener(), AROUND).status).toBe(405);
});

describe('redirects', () => {
  const redirect = (config: Readonly<Record<string, string>>, to = request()) => {
    const defaultAction = actionOf([{ Type: 'redirect', RedirectConfig: { StatusCode: 'HTTP_301', ...config } }]);
    return replyOf(to, listener({ protocol: 'HTTP', port: 80, defaultAction }), AROUND);
  };
  const location = (...redirected: Parameters<typeof redirect>) =>
    new Map(redirect(...redirected).headers).get('Location');

  test('to another listener lead to where it is on this machine', () => {
    const to = request({ path: '/a/b', query: 'x=1' });
    expect(location({ Protocol: 'HTTPS', Port: '443' }, to)).toBe('http://localhost:3001/a/b?x=1');
    expect(redirect({ Protocol: 'HTTPS', Port: '443' }, to).status).toBe(301);
  });

  test('to elsewhere stay as they are', () => {
    const elsewhere = {
      Protocol: 'HTTPS',
      Port: '8443',
      Host: 'www.#{host}',
      Path: '/new/#{path}',
      Query: 'from=#{protocol}',
    };
    expect(location(elsewhere, request({ path: '/a' }))).toBe('https://www.localhost:8443/new/a?from=http');
  });
});

describe('target groups', () => {
  const weighted = (stickiness: object) =>
    listener({
      defaultAction: actionOf([
        {
          Type: 'forward',
          ForwardConfig: {
            TargetGroups: [
              { TargetGroupArn: 'blue', Weight: 3 },
              { TargetGroupArn: 'green', Weight: 1 },
              { TargetGroupArn: 'none', Weight: 0 },
            ],
            TargetGroupStickinessConfig: stickiness,
          },
        },
      ]),
    });
  const chosen = (of: Listener, around: Partial<Surroundings>) => {
    const decision = decide(request(), of, { ...AROUND, ...around });
    return decision.type === 'forward' ? decision.targetGroupArn : decision.reply;
  };

  test('are chosen by their weights', () => {
    const choose = (chance: number) => chosen(weighted({}), { random: () => chance });
    expect([0, 0.74, 0.75, 0.99].map(choose)).toEqual(['blue', 'blue', 'green', 'green']);
  });

  test('keep a visitor who was there, whatever the weight is by now', () => {
    const sticky = weighted({ Enabled: true, DurationSeconds: 60 });
    const choose = (stuckTo: string) => chosen(sticky, { random: () => 0, stuckTo: () => stuckTo });
    expect(choose('green')).toBe('green');
    expect(choose('none')).toBe('none');
  });

  test('keep nobody who was at one that the rule does not name, or if their stickiness is off', () => {
    const around = { random: () => 0, stuckTo: () => 'elsewhere' };
    expect(chosen(weighted({ Enabled: true, DurationSeconds: 60 }), around)).toBe('blue');
    expect(chosen(weighted({ Enabled: false }), { random: () => 0, stuckTo: () => 'green' })).toBe('blue');
  });
});
