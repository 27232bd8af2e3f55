/**
 * What a reply that sets the session's cookie says of caching, in place of what the application said: a Set-Cookie does not
 * keep shared caches from handing one visitor's session to the next (RFC 9111, section 7.3).
 */
export const PRIVATE_CACHING = { 'Cache-Control': 'private, no-store' } as const;

/** Whether a header tells caches what to do: they heed `CDN-Cache-Control` and its like before `Cache-Control` (RFC 9213). */
export function governsCaching(header: string): boolean {
  return /^(?:(?:.*-)?cache-control|(?:surrogate|edge)-control)$/i.test(header);
}
