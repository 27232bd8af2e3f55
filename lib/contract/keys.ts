/**
 * The keys that cookies are signed with and data is encrypted with, as they lie in a secret of Secrets Manager. The function
 * that rotates them writes the document, the client reads it.
 *
 * A new key joins the others for `KEY_ACTIVATION` before anything is signed with it: by then every client has read it.
 * An old key stays for as long as a session signed with it may live.
 */
export interface KeyDocument {
  /** The version of this document's format: 1. */
  readonly version: number;
  /** All keys that are valid, the newest first. */
  readonly keys: readonly MasterKey[];
}

/** One key, from which those for each purpose are derived (HKDF-SHA256, RFC 5869). */
export interface MasterKey {
  /** Its name in cookies and records: 1 to 32 characters of base64url. Never given out twice. */
  readonly id: string;
  /** 32 random bytes in base64url: 43 characters. */
  readonly secret: string;
  /** When it was made, in epoch seconds. */
  readonly createdAt: number;
}

/** How a key's id is spelt, as a regular expression. */
export const KEY_ID = '[A-Za-z0-9_-]{1,32}';

/** The version of the document that this release writes, and the newest that it reads. */
export const KEY_DOCUMENT_VERSION = 1;

/**
 * The first document. Secrets Manager makes it while the secret is created, and all that it can make is a text of random
 * characters in a field of an otherwise fixed document: `{"version":1,"initial":"…"}`. It stands for one key that is
 * active at once, since there is none before it. 42 letters and digits are 250 random bits; one character more makes
 * them the spelling of 256.
 */
export const INITIAL_KEY = {
  /** The field that holds the random characters, in place of `keys`. */
  field: 'initial',
  /** How many characters, each an ASCII letter or a digit. */
  length: 42,
  /** What completes them to the key's secret. */
  completion: 'A',
  /** The key's id. */
  id: 'initial',
} as const;

/** The most keys that a document holds: what a cookie or a record may name is looked up among them. */
export const MOST_KEYS = 32;

/** How long a new key is only known and not yet used, in seconds, so that every client has read it by then. */
export const KEY_ACTIVATION = 15 * 60;

/** How often clients read the document again, in seconds: well within `KEY_ACTIVATION`, a failure or two included. */
export const KEY_REFRESH = 5 * 60;
