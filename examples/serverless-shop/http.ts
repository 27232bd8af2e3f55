import type { LambdaHttpEvent } from 'cdk-sessions-client';
import { isCrossOrigin } from '../shop/cross-origin.js';
import { EVERY_REPLY } from '../shop/headers.js';

/** The request behind an event. */
export interface ShopRequest {
  /** Method and path, as in `GET /`. */
  readonly route: string;
  /** The fields of a submitted form. */
  readonly form: URLSearchParams;
  /** Whether another site sent the browser here to change something. */
  readonly forged: boolean;
  /** What the browser says that it is. */
  readonly userAgent: string | undefined;
}

/** Reads the request out of an event. A function URL and a load balancer spell the same request differently. */
export function readRequest(event: LambdaHttpEvent): ShopRequest {
  const method = event.requestContext.http?.method ?? event.httpMethod ?? '';
  const header = (name: string) => event.headers?.[name] ?? event.multiValueHeaders?.[name]?.[0];
  const body = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8').toString('utf8');
  return {
    route: `${method} ${event.rawPath ?? event.path}`,
    form: new URLSearchParams(body),
    forged: method !== 'GET' && isCrossOrigin(header),
    userAgent: header('user-agent'),
  };
}

/** A reply of the shop. */
export function reply(statusCode: number, headers: Readonly<Record<string, string>>, body = '') {
  return { statusCode, headers: { ...EVERY_REPLY, ...headers }, body };
}
