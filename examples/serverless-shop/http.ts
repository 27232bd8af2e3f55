import type { LambdaHttpEvent } from 'cdk-sessions-client';

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

/**
 * Whether a page of another origin made the browser send this. SameSite=Lax keeps the cookie from the posts of other
 * sites, but a neighbouring subdomain is the same site, and signing a visitor in under a stranger's name needs no
 * cookie. Browsers tell by `Sec-Fetch-Site`, before 2023 and over plain HTTP by `Origin`; what sends neither is no
 * browser and carries nobody's cookie. This is the algorithm of Go's `http.CrossOriginProtection`.
 */
function isCrossOrigin(header: (name: string) => string | undefined): boolean {
  const site = header('sec-fetch-site');
  if (site !== undefined) {
    return site !== 'same-origin' && site !== 'none';
  }
  const origin = header('origin');
  return origin !== undefined && origin.replace(/^https?:\/\//, '') !== header('host');
}

/**
 * What every reply says: that nobody keeps it, that the browser is to come over HTTPS only, and that it is not to guess
 * what it got. A function URL has no other place for the second. Over plain HTTP, and where they warn of the
 * certificate, browsers ignore it (RFC 6797, section 8.1): it does nothing to localhost.
 */
const EVERY_REPLY = {
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};

/** A reply of the shop. */
export function reply(statusCode: number, headers: Readonly<Record<string, string>>, body = '') {
  return { statusCode, headers: { ...EVERY_REPLY, ...headers }, body };
}
