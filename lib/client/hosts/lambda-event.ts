import { SessionError } from '../errors.js';

/**
 * What the HTTP events of Lambda have in common: function URLs, HTTP APIs, REST APIs and Application Load Balancers.
 * The event types of `@types/aws-lambda` extend it; annotate the handler's event with one of them to see the rest.
 */
export interface LambdaHttpEvent {
  /** The version of the payload's format; REST APIs and load balancers send none. */
  readonly version?: string | undefined;
  /** The request's path, in payload format 2.0. */
  readonly rawPath?: string | undefined;
  /** The request's path, in all other formats. */
  readonly path?: string | undefined;
  /** The request's method; payload format 2.0 has it in `requestContext.http`. */
  readonly httpMethod?: string | undefined;
  /** The request's cookies, one `name=value` each, in payload format 2.0. */
  readonly cookies?: readonly string[] | undefined;
  /** The request's headers. REST APIs keep the letter case of the names that the client sent. */
  readonly headers?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** The same with every value of a header. A load balancer sends either this or `headers`. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
  /** The query's parameters; of those that repeat, a load balancer or a REST API has the last value only. */
  readonly queryStringParameters?: Readonly<Record<string, string | undefined>> | null | undefined;
  /** The request's body. */
  readonly body?: string | null | undefined;
  /** Whether `body` is base64. */
  readonly isBase64Encoded?: boolean | undefined;
  /** What the sender of the event says about the request. */
  readonly requestContext: {
    readonly http?: { readonly method: string; readonly path: string } | undefined;
    readonly elb?: { readonly targetGroupArn: string } | undefined;
    readonly requestId?: string | undefined;
  };
}

/** What the host uses of Lambda's context. The `Context` of `@types/aws-lambda` extends it. */
export interface LambdaContext {
  /** The id of the invocation. */
  readonly awsRequestId?: string | undefined;
  /** How many milliseconds are left until the function times out. */
  getRemainingTimeInMillis?(): number;
}

/**
 * Who sent an event, and so in which form the reply must be.
 *
 * - `payload-2.0`: a function URL, or an HTTP API by default.
 * - `payload-1.0`: a REST API, or an HTTP API that asks for it.
 * - `alb`: an Application Load Balancer.
 * - `alb-multi-value`: the same, with multi-value headers enabled on the target group.
 */
export type LambdaSource = 'payload-2.0' | 'payload-1.0' | 'alb' | 'alb-multi-value';

/**
 * Recognises who sent an event.
 *
 * @throws SessionError with ERR_SESSION_EVENT if it is not an HTTP request.
 */
export function lambdaSource(event: unknown): LambdaSource {
  // Events for Lambda authorizers look like requests, but have a `type`; their answer is a policy and carries no cookie.
  if (isRecord(event) && isRecord(event['requestContext']) && !('type' in event)) {
    const { requestContext } = event;
    if (isRecord(requestContext['elb'])) {
      return isRecord(event['multiValueHeaders']) ? 'alb-multi-value' : 'alb';
    }
    // VPC Lattice calls its own format 2.0 as well, but has no `http`.
    if (event['version'] === '2.0' && isRecord(requestContext['http'])) {
      return 'payload-2.0';
    }
    if (typeof event['httpMethod'] === 'string') {
      return 'payload-1.0';
    }
  }
  throw new SessionError(
    'ERR_SESSION_EVENT',
    `received ${describe(event)}, which is not an HTTP request: invoke the function through a function URL, an API Gateway HTTP API (payload 2.0 or 1.0), an API Gateway REST API or an Application Load Balancer`,
  );
}

/** The lines of the request's Cookie header, from whichever field of the event has them most completely. */
export function cookieHeaders(event: LambdaHttpEvent): readonly string[] {
  const lines = [texts(event.cookies), cookieLines(event.multiValueHeaders), cookieLines(event.headers)];
  return lines.find((found) => found.length > 0) ?? [];
}

function cookieLines(headers: LambdaHttpEvent['headers'] | LambdaHttpEvent['multiValueHeaders']): readonly string[] {
  return Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => texts(value));
}

/** Whoever invokes a function directly writes the event, and may write anything. */
function texts(value: unknown): readonly string[] {
  return [value].flat().filter((element) => typeof element === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Names the shape of an event and none of its values, which may be secret. */
function describe(event: unknown): string {
  if (!isRecord(event)) {
    return `an event that is ${event === null ? 'null' : Array.isArray(event) ? 'an array' : `of type ${typeof event}`}`;
  }
  const names = Object.keys(event).join(', ');
  return names === '' ? 'an event without keys' : `an event with the keys ${shorten(names)}`;
}

function shorten(names: string): string {
  return names.length > 200 ? `${names.slice(0, 200)}…` : names;
}
