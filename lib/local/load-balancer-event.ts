import type { HttpReply, HttpRequest } from './http.js';
import { isObject, type JsonObject } from './json.js';
import type { HeaderAttributes } from './load-balancer-attributes.js';
import { type CameInBy, forwardedHeaders } from './load-balancer-headers.js';
import { eventBody, multiHeaders, singleHeaders, statusAndBody } from './payload.js';

/** What an event tells beside the request itself. */
export interface ForwardedFrom extends CameInBy {
  readonly loadBalancer: HeaderAttributes;
  readonly targetGroupArn: string;
  /** Whether the target group has `lambda.multi_value_headers.enabled`. */
  readonly multiValueHeaders: boolean;
}

/**
 * The event that a load balancer sends (ELB user guide, "Lambda functions as targets"). Query parameters stay encoded:
 * "the load balancer does not decode them". Without multi-value headers the last of several values counts.
 */
export function loadBalancerEvent(request: HttpRequest, from: ForwardedFrom, now: Date): JsonObject {
  const headers = grouped(forwardedHeaders(request, from, from.loadBalancer, now));
  const query = grouped(parameters(request.query));
  return {
    requestContext: { elb: { targetGroupArn: from.targetGroupArn } },
    httpMethod: request.method,
    path: request.path,
    ...(from.multiValueHeaders
      ? { multiValueQueryStringParameters: Object.fromEntries(query), multiValueHeaders: Object.fromEntries(headers) }
      : { queryStringParameters: lastValues(query), headers: lastValues(headers) }),
    ...eventBody(request),
  };
}

/**
 * The reply to a handler's answer, or `undefined` if it is malformed: "You must use multiValueHeaders if you have
 * enabled multi-value headers and headers otherwise", and only that one is looked at. In `headers`, names that differ
 * in letter case are headers of their own, and all are sent.
 */
export function loadBalancerReply(answer: unknown, multiValueHeaders: boolean): HttpReply | undefined {
  const content = statusAndBody(answer);
  if (content === undefined || !isObject(answer)) {
    return undefined;
  }
  const headers = multiValueHeaders ? multiHeaders(answer, 'multiValueHeaders') : singleHeaders(answer, 'headers');
  return headers && { ...content, headers };
}

/** The parameters of a query string, still encoded. */
export function parameters(query: string): readonly (readonly [string, string])[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? ([pair, ''] as const) : ([pair.slice(0, at), pair.slice(at + 1)] as const);
    });
}

function grouped(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    groups.set(name, [...(groups.get(name) ?? []), value]);
  }
  return groups;
}

function lastValues(groups: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, string>> {
  return Object.fromEntries([...groups].map(([name, values]) => [name, values.at(-1) ?? '']));
}
