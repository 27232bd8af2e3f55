import type { SessionData } from 'express-session';
import { unreadable } from '../record.js';
import { RECORD_FORMAT } from '../record-format.js';
import { SessionData as Encodable } from '../session-data.js';
import { damaged, parseObject } from '../stored-json.js';

/** The cookie of a session as JSON has it. */
export interface StoredCookie {
  readonly expires?: string | null;
  readonly [option: string]: unknown;
}

/** A session as JSON has it. */
export type StoredExpressSession = Record<string, unknown> & { cookie: StoredCookie };

/**
 * The cookie of a session, as it is to be stored.
 *
 * @throws SessionError ERR_SESSION_RECORD if there is none, without which express-session could not read the session again
 */
export function storedCookieOf(session: SessionData): StoredCookie {
  return cookieIn(JSON.parse(JSON.stringify({ cookie: session.cookie })), 'what is to be stored');
}

/** What a cookie says but for when it expires, as a text to compare. */
export function cookieText({ expires: _, ...others }: StoredCookie): string {
  return JSON.stringify(Object.entries(others).sort());
}

/** A session's JSON as a store keeps it, deflated above the length that the store names. */
export function encodeSession(text: string, compressAbove: number | undefined): Uint8Array {
  const { deflated, bytes } = Encodable.of(text, 1, compressAbove).encoded;
  return Buffer.concat([Buffer.of(deflated ? RECORD_FORMAT.expressDeflated : RECORD_FORMAT.express), bytes]);
}

/**
 * The same, read. Dates in it stay text; express-session makes one of `cookie.expires`.
 *
 * @throws SessionError ERR_SESSION_RECORD if it is none, or has no cookie
 */
export function decodeSession(value: Uint8Array): StoredExpressSession {
  const [format = 0] = value;
  if (format !== RECORD_FORMAT.express && format !== RECORD_FORMAT.expressDeflated) {
    throw unreadable(format);
  }
  const deflated = format === RECORD_FORMAT.expressDeflated;
  const session = parseObject(Encodable.decode({ deflated, bytes: value.subarray(1) }, 1).text);
  return { ...session, cookie: cookieIn(session, 'what is stored') };
}

function cookieIn({ cookie }: Readonly<Record<string, unknown>>, what: string): StoredCookie {
  if (typeof cookie !== 'object' || cookie === null) {
    throw damaged(`${what} has no cookie, as each session of express-session has`);
  }
  return cookie as StoredCookie;
}
