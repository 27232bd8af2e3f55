/**
 * What a reply that sets the session's cookie says of caching, in place of what the application said: a Set-Cookie does not
 * keep shared caches from handing one visitor's session to the next (RFC 9111, section 7.3).
 */
export const PRIVATE_CACHING = { 'Cache-Control': 'private, no-store' } as const;

/** Whether a header tells caches what to do: they heed `CDN-Cache-Control` and its like before `Cache-Control` (RFC 9213). */
export function governsCaching(header: string): boolean {
  return /^(?:(?:.*-)?cache-control|(?:surrogate|edge)-control)$/i.test(header);
}

/** The same, with the one word of what the application said that is not about keeping: a proxy that compresses heeds it. */
export function privateCachingAfter(said: unknown): string {
  const words = String(said)
    .split(',')
    .map((word) => word.trim().toLowerCase());
  const own = PRIVATE_CACHING['Cache-Control'];
  return words.includes('no-transform') ? `${own}, no-transform` : own;
}
