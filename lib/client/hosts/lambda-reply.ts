import type { LambdaSource } from './lambda-event.js';
import type { OwnReply } from './own-reply.js';
import { governsCaching, PRIVATE_CACHING } from './private-caching.js';

/**
 * A reply in the form that Lambda's HTTP senders read. Which fields a sender reads differs: payload format 2.0 `headers`
 * and `cookies`, payload format 1.0 both kinds of headers, a load balancer one of them.
 */
export interface HttpReply {
  statusCode: number;
  /** The status with its reason phrase, for load balancers. */
  statusDescription?: string;
  headers?: Record<string, HeaderValue>;
  multiValueHeaders?: Record<string, HeaderValue[]>;
  /** The values of the Set-Cookie headers, in payload format 2.0. */
  cookies?: string[];
  body: string;
  /** Whether `body` is base64. */
  isBase64Encoded?: boolean;
}

type HeaderValue = string | number | boolean;

/** A handler's own reply, of which plain JavaScript may leave anything out. */
type HandlerReply = Omit<HttpReply, 'body'> & { body?: string };
type HandlerHeaders = Pick<HandlerReply, 'headers' | 'multiValueHeaders'>;
type Headers = HandlerHeaders['headers'] | HandlerHeaders['multiValueHeaders'];
/** The handler's headers as they are written: cookies go their own way. */
type PlainHeaders = { readonly [Field in keyof HandlerHeaders]-?: NonNullable<HandlerHeaders[Field]> };

const SET_COOKIE = 'Set-Cookie';

/** What the host adds to a reply that sets a cookie, in place of the handler's own. */
type OwnHeaders = typeof PRIVATE_CACHING | Record<string, never>;

/**
 * Makes of what a handler returned a reply that its sender reads as a whole, with a Set-Cookie header if there is one to
 * set. With it goes `Cache-Control: private, no-store` in place of the handler's own: a Set-Cookie does not keep shared
 * caches from handing one visitor's session to the next (RFC 9111, section 7.3).
 *
 * The handler's cookies and other headers all stay, moved to the fields that the sender reads. A header that the handler
 * gave in two fields is taken from the one that the sender reads. The result itself is not changed. Without a cookie to
 * set, an API's result is passed on as it is; a load balancer's is not, since it would ignore one of the fields.
 *
 * @throws RangeError if a load balancer without multi-value headers cannot carry so many cookies.
 */
export function replyFor<Result>(
  source: LambdaSource,
  result: Result,
  setCookie: string | undefined,
): Result | HttpReply {
  const reply = setCookie === undefined && !source.startsWith('alb') ? undefined : interpret(source, result);
  if (reply === undefined) {
    return result;
  }
  const { headers, multiValueHeaders, cookies, ...rest } = reply;
  const all = [...list(cookies), ...setCookies(headers), ...setCookies(multiValueHeaders), ...list(setCookie)];
  const own = setCookie === undefined ? {} : PRIVATE_CACHING;
  const handlers = { headers: without(headers, own), multiValueHeaders: without(multiValueHeaders, own) };
  return { ...rest, body: rest.body ?? '', ...WRITE[source](handlers, own, [...new Set(all)]) };
}

/** A reply of the library's own in the form that its sender reads. */
export function ownReplyFor(source: LambdaSource, { statusCode, reason, headers, body }: OwnReply): HttpReply {
  return {
    statusCode,
    // REST APIs answer 502 to a field that they do not know, so only load balancers get the description.
    ...(source.startsWith('alb') && { statusDescription: `${statusCode} ${reason}` }),
    ...(source === 'alb-multi-value'
      ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) }
      : { headers: { ...headers } }),
    body,
    isBase64Encoded: false,
  };
}

/**
 * What AWS makes of a handler's result, or `undefined` if nothing: it answers 502 then, with or without a cookie.
 *
 * Only payload format 2.0 takes a result without `statusCode`, as the body of a reply of its own:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
function interpret(source: LambdaSource, result: unknown): HandlerReply | undefined {
  const isObject = typeof result === 'object' && result !== null && !Array.isArray(result);
  if (source !== 'payload-2.0') {
    return isObject ? (result as HandlerReply) : undefined;
  }
  if (isObject && 'statusCode' in result && result.statusCode !== undefined) {
    return result as HandlerReply;
  }
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json' },
    // A string is the body as it is, anything else as JSON; Lambda's runtime turns undefined into null.
    body: typeof result === 'string' ? result : JSON.stringify(result === undefined ? null : result),
    isBase64Encoded: false,
  };
}

/** How each sender takes the handler's headers, those of the host, and all cookies. */
const WRITE: Record<LambdaSource, (handlers: PlainHeaders, own: OwnHeaders, cookies: string[]) => Partial<HttpReply>> =
  {
    'payload-2.0': (handlers, own, cookies) => ({ headers: { ...singleValueHeaders(handlers), ...own }, cookies }),

    // API Gateway merges both fields, so the other headers stay where the handler put them.
    'payload-1.0': ({ headers, multiValueHeaders }, own, cookies) => ({
      headers: { ...headers, ...own },
      multiValueHeaders: { ...multiValueHeaders, [SET_COOKIE]: cookies },
    }),

    alb: (handlers, own, cookies) => ({
      headers: { ...singleValueHeaders(handlers), ...own, ...respell(cookies) },
    }),

    'alb-multi-value': ({ headers, multiValueHeaders }, own, cookies) => ({
      multiValueHeaders: {
        ...multiValueHeaders,
        ...Object.fromEntries(missing(headers, multiValueHeaders)),
        ...Object.fromEntries(Object.entries(own).map(([name, value]) => [name, [value]])),
        ...(cookies.length > 0 && { [SET_COOKIE]: cookies }),
      },
    }),
  };

/** The handler's headers for a sender that reads `headers` only: several values become a list (RFC 9110, section 5.3). */
function singleValueHeaders({ headers, multiValueHeaders }: PlainHeaders): Record<string, HeaderValue> {
  const lists = missing(multiValueHeaders, headers).map(([name, values]) => [name, values.join(', ')] as const);
  return { ...headers, ...Object.fromEntries(lists) };
}

/**
 * Several cookies for a load balancer that takes one value for each name: `set-cookie`, `Set-cookie`, `sEt-cookie`, ….
 * Names that differ in letter case alone are different keys in JSON and one header in HTTP. AWS documents a single cookie
 * here; other frameworks have long relied on this trick. To rely on documentation, enable multi-value headers on the
 * target group.
 */
function respell(cookies: readonly string[]): Record<string, string> {
  if (cookies.length > SPELLINGS) {
    throw new RangeError(
      `received ${cookies.length} cookies for a load balancer that takes at most ${SPELLINGS}: enable multi-value headers on its target group`,
    );
  }
  return Object.fromEntries(cookies.map((cookie, index) => [spelling(index), cookie]));
}

/** Nine letters, each in upper or lower case. */
const SPELLINGS = 2 ** 9;

function spelling(index: number): string {
  let bits = index;
  return 'set-cookie'.replace(/[a-z]/g, (letter) => {
    const upper = bits & 1;
    bits >>= 1;
    return upper ? letter.toUpperCase() : letter;
  });
}

/** The handler's cookies among its headers, whatever the letter case of their names. */
function setCookies(headers: Headers): string[] {
  return Object.entries(headers ?? {})
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .flatMap(([, value]) => list(value));
}

/** The handler's headers but for cookies, which go their own way, and, where the host decides on caching, what is said of it. */
function without<Value>(headers: Record<string, Value> | undefined, own: OwnHeaders): Record<string, Value> {
  const dropped = (name: string) =>
    name.toLowerCase() === 'set-cookie' || (own === PRIVATE_CACHING && governsCaching(name));
  return Object.fromEntries(Object.entries(headers ?? {}).filter(([name]) => !dropped(name)));
}

/** The headers of one field that the other lacks, with spellings of one name brought together. */
function missing(from: NonNullable<Headers>, other: NonNullable<Headers>): [string, string[]][] {
  const given = Object.entries(other).filter(([, value]) => list(value).length > 0);
  const present = new Set(given.map(([name]) => name.toLowerCase()));
  const found = new Map<string, [string, string[]]>();
  for (const [name, value] of Object.entries(from)) {
    const key = name.toLowerCase();
    const values = list(value);
    if (!present.has(key) && values.length > 0) {
      const [spelled, earlier] = found.get(key) ?? [name, []];
      found.set(key, [spelled, [...earlier, ...values]]);
    }
  }
  return [...found.values()];
}

/** Handlers in plain JavaScript leave values out, and put lists where one value belongs. */
function list(value: HeaderValue | HeaderValue[] | null | undefined): string[] {
  return [value ?? []].flat().map(String);
}
