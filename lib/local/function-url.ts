import { randomUUID } from 'node:crypto';
import { type HttpReply, type HttpRequest, header } from './http.js';
import type { Invocation } from './instance.js';
import { isObject, type JsonObject } from './json.js';
import { eventBody, hostName, parseAnswer, singleHeaders, statusAndBody, textsAt, traceId } from './payload.js';

/** The most that a synchronous invocation takes, in bytes (Lambda developer guide, "Lambda quotas"). */
export const LONGEST_PAYLOAD = 6 * 1024 * 1024;

/**
 * Answers a request to a function URL.
 *
 * A function's error, its timeout and an answer that cannot be understood are 502; a throttled request is 429
 * (Lambda developer guide, "Monitoring Lambda function URLs", counts errors and timeouts as 5XX); an event beyond
 * 6 MB is 413.
 */
export async function answerFunctionUrl(
  request: HttpRequest,
  invoke: (event: unknown) => Promise<Invocation>,
  log: (line: string) => void,
): Promise<HttpReply> {
  const event = functionUrlEvent(request, new Date());
  if (Buffer.byteLength(JSON.stringify(event)) > LONGEST_PAYLOAD) {
    return tooLarge();
  }
  const outcome = await invoke(event);
  switch (outcome.kind) {
    case 'throttled':
      return message(429, { Reason: 'ConcurrentInvocationLimitExceeded', Type: 'User', message: 'Rate Exceeded.' });
    case 'error':
      return badGateway();
    case 'result': {
      const reply = functionUrlReply(parseAnswer(outcome.payload));
      if (reply === undefined) {
        log(`the answer is not one that a function URL understands, which is 502: ${excerpt(outcome.payload)}`);
      }
      return reply ?? badGateway();
    }
  }
}

/** The event of payload format 2.0 (Lambda developer guide, "Request payload format" of function URLs). */
export function functionUrlEvent(request: HttpRequest, now: Date): JsonObject {
  const domainName = hostName(request);
  const cookies = request.headers
    .filter(([name]) => name === 'cookie')
    .flatMap(([, value]) => value.split(/;[ \t]*/))
    .filter((cookie) => cookie !== '');
  const body = eventBody(request);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: request.path,
    rawQueryString: request.query,
    ...(cookies.length > 0 && { cookies }),
    headers: eventHeaders(request, now),
    ...(request.query !== '' && { queryStringParameters: joinedQuery(request.query) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: request.method,
        path: request.path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: header(request, 'user-agent') ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.body !== '' && { body: body.body }),
    isBase64Encoded: body.isBase64Encoded,
  };
}

/**
 * The reply to a handler's answer. One without a status code is a body: "If your function returns valid JSON and
 * doesn't return a statusCode, Lambda assumes" 200 and application/json (Lambda developer guide, "Response payload
 * format"). `undefined` if the answer cannot be understood.
 */
export function functionUrlReply(answer: unknown): HttpReply | undefined {
  if (!isObject(answer) || answer['statusCode'] === undefined) {
    return { status: 200, headers: [['content-type', 'application/json']], body: JSON.stringify(answer) };
  }
  const content = statusAndBody(answer);
  const headers = singleHeaders(answer, 'headers');
  const cookies = textsAt(answer, 'cookies');
  if (content === undefined || headers === undefined || cookies === undefined) {
    return undefined;
  }
  const typed = headers.some(([name]) => name.toLowerCase() === 'content-type');
  return {
    ...content,
    headers: [
      ...headers,
      ...(typed ? [] : [['content-type', 'application/json'] as const]),
      ...cookies.map((cookie) => ['set-cookie', cookie] as const),
    ],
  };
}

/** The reply to a request that is longer than Lambda takes. */
export function tooLarge(): HttpReply {
  return message(413, {
    Message: `Request must be smaller than ${LONGEST_PAYLOAD} bytes for the InvokeFunction operation`,
  });
}

/** The reply when the function failed. */
export function badGateway(): HttpReply {
  return { status: 502, headers: [['content-type', 'application/json']], body: 'Internal Server Error' };
}

function message(status: number, body: JsonObject): HttpReply {
  return { status, headers: [['content-type', 'application/json']], body: JSON.stringify(body) };
}

/** Values of one name are joined by commas; cookies have a field of their own. In AWS it is always HTTPS on 443. */
function eventHeaders(request: HttpRequest, now: Date): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (const [name, value] of request.headers) {
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  headers.delete('cookie');
  headers.set('x-forwarded-for', request.sourceIp);
  headers.set('x-forwarded-port', '443');
  headers.set('x-forwarded-proto', 'https');
  headers.set('x-amzn-trace-id', traceId(now));
  return Object.fromEntries(headers);
}

function joinedQuery(query: string): Readonly<Record<string, string>> {
  const joined = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(joined);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** For example `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(now: Date): string {
  const [date = '', time = ''] = now.toISOString().split(/[T.]/);
  const [year, month, day] = date.split('-');
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`;
}

function excerpt(payload: string): string {
  return payload.length > 200 ? `${payload.slice(0, 200)}…` : payload;
}
