import type { HttpReply, HttpRequest } from './http.js';
import type { Invocation } from './instance.js';
import { isObject } from './json.js';
import type { Listener } from './load-balancer.js';
import type { HeaderAttributes } from './load-balancer-attributes.js';
import { loadBalancerEvent, loadBalancerReply } from './load-balancer-event.js';
import { errorPage } from './load-balancer-pages.js';
import { parseAnswer } from './payload.js';
import type { FunctionGroup } from './target-group.js';

/** The most that a load balancer passes to a function or takes from it, in bytes (ELB user guide, Lambda targets). */
export const LONGEST_BODY = 1024 * 1024;

/** What it takes to have a function answer. */
export interface FunctionSurroundings {
  readonly loadBalancer: HeaderAttributes;
  readonly invoke: (functionArn: string, event: unknown) => Promise<Invocation>;
  readonly log: (line: string) => void;
}

/**
 * Answers a request to a function. Errors are those of the ELB user guide, "Troubleshoot your Application Load
 * Balancers": 502 for a function that fails, is throttled, exceeds its timeout or answers with something malformed or
 * beyond 1 MB; 503 for a target group without targets.
 *
 * @param cookies the `Set-Cookie` lines that go with a reply of the function.
 */
export async function answerFunction(
  request: HttpRequest,
  listener: Listener,
  group: FunctionGroup,
  cookies: readonly string[],
  { invoke, loadBalancer, log }: FunctionSurroundings,
): Promise<HttpReply> {
  const { arn, functionArn, multiValueHeaders } = group;
  if (functionArn === undefined) {
    log(`${listener.resource.path} has no function to forward ${request.method} ${request.path} to, which is 503`);
    return errorPage(503);
  }
  const { protocol, port } = listener;
  const from = { targetGroupArn: arn, multiValueHeaders, protocol, port, loadBalancer };
  const event = loadBalancerEvent(request, from, new Date());
  const outcome = await invoke(functionArn, event);
  if (outcome.kind !== 'result') {
    return errorPage(502);
  }
  if (Buffer.byteLength(outcome.payload) > LONGEST_BODY) {
    log('the answer exceeds the 1 MB that a load balancer permits, which is 502');
    return errorPage(502);
  }
  const answer = parseAnswer(outcome.payload);
  const reply = loadBalancerReply(answer, multiValueHeaders);
  const [expected, other] = multiValueHeaders ? ['multiValueHeaders', 'headers'] : ['headers', 'multiValueHeaders'];
  if (reply === undefined) {
    log(`the answer is not one that a load balancer understands, which is 502: ${outcome.payload.slice(0, 200)}`);
    return errorPage(502);
  }
  if (isObject(answer) && answer[expected] === undefined && answer[other] !== undefined) {
    log(`the target group takes ${expected}: the load balancer ignores the ${other} of the answer`);
  }
  return { ...reply, headers: [...reply.headers, ...cookies.map((line) => ['Set-Cookie', line] as const)] };
}
