/**
 * What every reply says: that nobody keeps it, that the browser is to come over HTTPS only, and that it is not to guess
 * what it got. A function URL has no other place for the second. Over plain HTTP, and where they warn of the
 * certificate, browsers ignore it (RFC 6797, section 8.1): it does nothing to localhost.
 */
export const EVERY_REPLY = {
  'cache-control': 'no-store',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
};
