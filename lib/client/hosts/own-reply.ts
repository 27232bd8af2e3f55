/** A reply of the library's own, in place of the application's. It sets no cookie: that of the visitor stays valid. */
export interface OwnReply {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The reply while the store does not answer. */
export const UNAVAILABLE = ownReply(
  503,
  'Service Unavailable',
  'The service is unavailable for a moment. Please try again.\n',
  { 'Retry-After': '1' },
);

/** The reply to who signs in and has as many sessions as they may have. */
export const TOO_MANY_SESSIONS = ownReply(
  409,
  'Conflict',
  'You have reached the number of places where you may be signed in at the same time. Please sign out of one of them first.\n',
);

function ownReply(statusCode: number, reason: string, body: string, others: Readonly<Record<string, string>> = {}) {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', ...others, 'Cache-Control': 'no-store' };
  return { statusCode, reason, headers, body } satisfies OwnReply;
}
