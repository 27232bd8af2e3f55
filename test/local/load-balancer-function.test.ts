import type { Invocation } from '../../lib/local/instance.js';
import { USUAL_ATTRIBUTES } from '../../lib/local/load-balancer-attributes.js';
import { answerFunction } from '../../lib/local/load-balancer-function.js';
import type { FunctionGroup } from '../../lib/local/target-group.js';
import { loadBalancerListener, resourceOf } from './load-balancers.js';
import { request } from './requests.js';

const FINE: Invocation = { kind: 'result', payload: '{"statusCode":200,"headers":{"a":"b"},"body":"fine"}' };

/** What comes of a request to a function with this outcome. */
async function answered(outcome: Invocation, group: Partial<FunctionGroup> = {}, cookies: readonly string[] = []) {
  const log = jest.fn();
  const invoke = jest.fn(async () => outcome);
  const usual = { arn: 'group', functionArn: 'function', multiValueHeaders: false };
  const whole: FunctionGroup = { type: 'function', resource: resourceOf('Group'), ...usual, ...group };
  const reply = await answerFunction(request(), loadBalancerListener(), whole, cookies, {
    invoke,
    loadBalancer: USUAL_ATTRIBUTES,
    log,
  });
  return { reply, log, invoke };
}

test('a function gets an event, and its answer is the reply', async () => {
  const { reply, invoke } = await answered(FINE);
  expect(reply).toEqual({ status: 200, headers: [['a', 'b']], body: 'fine' });
  expect(invoke).toHaveBeenCalledWith('function', expect.objectContaining({ httpMethod: 'GET' }));
});

test('cookies of the load balancer go with the answer', async () => {
  const { reply } = await answered(FINE, {}, ['AWSALBTG=a']);
  expect(reply.headers).toEqual([
    ['a', 'b'],
    ['Set-Cookie', 'AWSALBTG=a'],
  ]);
});

const BIG = JSON.stringify({ statusCode: 200, body: 'x'.repeat(2 ** 20) });
test.each<[string, Invocation, Partial<FunctionGroup>, number]>([
  ['a function that fails', { kind: 'error', errorType: 'E', errorMessage: '', stack: '' }, {}, 502],
  ['a throttled request', { kind: 'throttled', errorMessage: '' }, {}, 502],
  ['an answer that is malformed', { kind: 'result', payload: '"text"' }, {}, 502],
  ['an answer beyond 1 MB', { kind: 'result', payload: BIG }, {}, 502],
  ['a target group without a function', FINE, { functionArn: undefined }, 503],
])('%s is an error without cookies', async (_, outcome, group, status) => {
  const { reply } = await answered(outcome, group, ['AWSALBTG=a']);
  expect(reply.status).toBe(status);
  expect(reply.headers).toEqual([['Content-Type', 'text/html']]);
});

test('headers of the kind that the target group does not take are told', async () => {
  const { reply, log } = await answered(FINE, { multiValueHeaders: true });
  expect(reply.headers).toEqual([]);
  expect(log).toHaveBeenCalledWith(
    'the target group takes multiValueHeaders: the load balancer ignores the headers of the answer',
  );
});
