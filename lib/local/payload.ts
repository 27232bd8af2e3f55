import { randomBytes } from 'node:crypto';
import { hostNameOf } from './host-name.js';
import { type HttpReply, type HttpRequest, header, type RequestHead } from './http.js';
import { isObject, type JsonObject } from './json.js';

/** A body as events carry it. */
export interface EventBody {
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/**
 * "If the content type is one of the following types, the load balancer sends the body to the Lambda function as is:
 * text/*, application/json, application/javascript, and application/xml. For all other types, the load balancer Base64
 * encodes the body" (ELB user guide, "Lambda functions as targets"). Function URLs were seen to do the same, so that
 * even a form arrives in Base64.
 */
const TEXT = /^(?:text\/.*|application\/(?:json|javascript|xml))$/i;

/** The body of a request for an event. What is compressed cannot be text, whatever its type. */
export function eventBody(request: HttpRequest): EventBody {
  const type = header(request, 'content-type')?.split(';')[0]?.trim() ?? '';
  const encoding = header(request, 'content-encoding') ?? 'identity';
  const isText = request.body.length === 0 || (TEXT.test(type) && encoding === 'identity');
  return { body: request.body.toString(isText ? 'utf8' : 'base64'), isBase64Encoded: !isText };
}

/** A fresh value for `X-Amzn-Trace-Id`. */
export function traceId(now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000).toString(16);
  return `Root=1-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
}

/** What a handler's answer says beside its headers; `undefined` if it is not a proper answer. */
export function statusAndBody(answer: unknown): Pick<HttpReply, 'status' | 'body'> | undefined {
  const status = isObject(answer) ? answer['statusCode'] : undefined;
  if (!isObject(answer) || typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    return undefined;
  }
  const body = answer['body'] ?? '';
  if (typeof body !== 'string') {
    return undefined;
  }
  return { status, body: answer['isBase64Encoded'] === true ? Buffer.from(body, 'base64') : body };
}

/** The headers under a key of an answer, where a value is a text, a number or a flag; `undefined` if one is not. */
export function singleHeaders(answer: JsonObject, key: string): [string, string][] | undefined {
  const headers = answer[key] ?? {};
  if (!isObject(headers)) {
    return undefined;
  }
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
  return lines.every((line) => line !== undefined) ? lines : undefined;
}

/** The headers under a key of an answer, where a value is a list of texts; `undefined` if one is not. */
export function multiHeaders(answer: JsonObject, key: string): [string, string][] | undefined {
  const headers = answer[key] ?? {};
  if (!isObject(headers) || !Object.values(headers).every(Array.isArray)) {
    return undefined;
  }
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    Array.isArray(values) ? values.map((value) => headerLine(name, value)) : [],
  );
  return lines.every((line) => line !== undefined) ? lines : undefined;
}

function headerLine(name: string, value: unknown): [string, string] | undefined {
  return ['string', 'number', 'boolean'].includes(typeof value) ? [name, String(value)] : undefined;
}

/** The answer of a handler, read; an answer is always JSON, since the worker wrote it. */
export function parseAnswer(payload: string): unknown {
  return JSON.parse(payload);
}

/** The texts of a list under a key of an answer; `undefined` if there is something else. */
export function textsAt(answer: JsonObject, key: string): readonly string[] | undefined {
  const list = answer[key] ?? [];
  return Array.isArray(list) && list.every((item) => typeof item === 'string') ? list : undefined;
}

/** The name of a host without its port. */
export function hostName(request: RequestHead): string {
  return hostNameOf(header(request, 'host') ?? 'localhost');
}
