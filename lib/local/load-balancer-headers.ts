import { isHopByHop, type RequestHead } from './http.js';
import type { ForwardedFor, HeaderAttributes } from './load-balancer-attributes.js';
import { traceId } from './payload.js';

/** A header, its name in lower case. */
type Header = readonly [name: string, value: string];

/** Where a request came in. */
export interface CameInBy {
  /** What the listener speaks in AWS, which is not always what it speaks here. */
  readonly protocol: string;
  readonly port: number;
}

const OWN = new Set(['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto']);

/**
 * A request's headers with those that a load balancer adds (ELB user guide, "HTTP headers and Application Load
 * Balancers"), and without those with odd names where it drops them. The trace is that of the request, or begins here.
 */
export function forwardedHeaders(
  request: RequestHead,
  { protocol, port }: CameInBy,
  { forwardedFor, dropInvalidHeaders }: HeaderAttributes,
  now: Date,
): readonly Header[] {
  const traced = request.headers.some(([name]) => name === 'x-amzn-trace-id');
  return [
    ...request.headers.filter(([name]) => !OWN.has(name) && (!dropInvalidHeaders || /^[-a-z0-9]+$/.test(name))),
    ...(traced ? [] : [['x-amzn-trace-id', traceId(now)] as const]),
    ...forwardedForHeaders(request, forwardedFor),
    ['x-forwarded-port', String(port)],
    ['x-forwarded-proto', protocol.toLowerCase()],
  ];
}

/**
 * The headers that a server gets: `Host` and all others as they were sent, but those that concern one connection only.
 * A client may name more of these in `Connection`, yet not what the server relies on: `Host`, and what is added here.
 *
 * A trace that the client has begun goes on with a part of its own: "If the X-Amzn-Trace-Id header is present and has a
 * Root field, the load balancer inserts a Self field" (ELB user guide, "Request tracing for your Application Load
 * Balancer").
 */
export function serverHeaders(
  request: RequestHead,
  by: CameInBy,
  attributes: HeaderAttributes,
  now: Date,
): readonly Header[] {
  const oneHop = namedByConnection(request);
  const headers = request.headers
    .filter(([name]) => !isHopByHop(name) && name !== 'content-length' && name !== 'expect')
    .filter(([name]) => name === 'host' || !oneHop.has(name))
    .map(([name, value]): Header => [name, name === 'x-amzn-trace-id' ? tracedFurther(value, now) : value]);
  return [...forwardedHeaders({ ...request, headers }, by, attributes, now), ...framing(request)];
}

function forwardedForHeaders(request: RequestHead, mode: ForwardedFor): readonly Header[] {
  const passedBy = request.headers.filter(([name]) => name === 'x-forwarded-for');
  switch (mode) {
    case 'append':
      return [['x-forwarded-for', [...passedBy.map(([, value]) => value), request.sourceIp].join(', ')]];
    case 'preserve':
      return passedBy;
    case 'remove':
      return [];
  }
}

/** A header that is named in `Connection` is for this connection only (RFC 9110, section 7.6.1). */
function namedByConnection({ headers }: RequestHead): ReadonlySet<string> {
  const named = headers.filter(([name]) => name === 'connection').flatMap(([, value]) => value.split(','));
  return new Set(named.map((name) => name.trim().toLowerCase()));
}

/** A body goes on as it came: with its length, or in chunks. A method that has one gets a length even without it. */
function framing({ method, headers }: RequestHead): readonly Header[] {
  if (headers.some(([name]) => name === 'transfer-encoding')) {
    return [['transfer-encoding', 'chunked']];
  }
  const length = headers.find(([name]) => name === 'content-length');
  const usual: readonly Header[] = ['POST', 'PUT', 'PATCH'].includes(method) ? [['content-length', '0']] : [];
  return length === undefined ? usual : [length];
}

function tracedFurther(trace: string, now: Date): string {
  const fields = trace.split(';').filter((field) => field !== '' && !field.startsWith('Self='));
  return [traceId(now).replace(/^Root/, 'Self'), ...fields].join(';');
}
