import type { ExpressResponse } from './express-types.js';
import { governsCaching, privateCachingAfter } from './private-caching.js';

/** What was to be given to `writeHead`, without the headers. */
export type HeadLine = readonly [statusCode: unknown, reason?: string];

/**
 * Puts the headers that `writeHead` was given among the others, as it would: they win over what was set before, and a
 * list of pairs may name one twice. What is set later then wins over them.
 */
export function applyHead(response: ExpressResponse, [statusCode, reason, others]: readonly unknown[]): HeadLine {
  const hasReason = typeof reason === 'string';
  for (const [name, value] of merged(pairsOf(hasReason ? others : (others ?? reason)))) {
    response.setHeader(name, value);
  }
  return hasReason ? [statusCode, reason] : [statusCode];
}

/** Adds the session's cookie to those that are set, and says that the reply is for nobody else. */
export function addCookie(response: ExpressResponse, setCookie: string): void {
  const caching = privateCachingAfter(response.getHeader('Cache-Control'));
  for (const name of Object.keys(response.getHeaders()).filter(governsCaching)) {
    response.removeHeader(name);
  }
  response.setHeader('Cache-Control', caching);
  const others = response.getHeader('Set-Cookie') ?? [];
  response.setHeader('Set-Cookie', [...[others].flat().map(String), setCookie]);
}

/** An object, a list of names and values in turn, or a list of pairs. */
function pairsOf(headers: unknown): readonly (readonly [string, unknown])[] {
  if (!Array.isArray(headers)) {
    return Object.entries(headers ?? {});
  }
  if (Array.isArray(headers[0])) {
    return headers;
  }
  return headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1]] as const] : []));
}

/** Each name once, with all values that it is given. */
function merged(pairs: readonly (readonly [string, unknown])[]): Iterable<[string, string | string[]]> {
  const headers = new Map<string, [string, string | string[]]>();
  for (const [name, value] of pairs) {
    const earlier = headers.get(name.toLowerCase());
    const given = value as string | string[];
    headers.set(name.toLowerCase(), [name, earlier === undefined ? given : [earlier[1], given].flat()]);
  }
  return headers.values();
}
