import { BITS_256 } from './base64url.js';
import { KEY_ID } from './keys.js';

/**
 * The value of the session cookie: `v1.<id>.<deadline>`, and with keys `v1.<id>.<deadline>.<alive until>.<key id>.<mac>`.
 *
 * The id is 256 random bits in base64url, the deadline the end of the session in epoch seconds, rounded up, so that a
 * cookie which has outlived its session is known without asking the store. Every value has exactly one spelling: what
 * is not canonical is refused before anything is looked up.
 */
export interface CookieValue {
  /** 32 random bytes as 43 characters of base64url. */
  readonly id: string;
  /** When the session ends in any case, in epoch seconds, rounded up. */
  readonly deadline: number;
  /** Says that we made it. */
  readonly signature?: CookieSignature | undefined;
}

/** What is in a cookie that is signed. */
export interface CookieSignature {
  /**
   * Until when the session lives at least unless it is signed out, in epoch seconds, rounded down: one that is nowhere to
   * be found before that was lost.
   */
  readonly aliveUntil: number;
  /** Which key made the MAC. */
  readonly keyId: string;
  /** The MAC of everything before it: HMAC-SHA256 as 43 characters of base64url. */
  readonly mac: string;
}

const SECONDS = '0|[1-9]\\d{0,10}';
const VALUE = new RegExp(`^v1\\.(${BITS_256})\\.(${SECONDS})(?:\\.(${SECONDS})\\.(${KEY_ID})\\.(${BITS_256}))?$`);

/** Spells a cookie value. */
export function formatCookieValue({ id, deadline, signature }: CookieValue): string {
  const value = `v1.${id}.${deadline}`;
  return signature ? `${value}.${signature.aliveUntil}.${signature.keyId}.${signature.mac}` : value;
}

/** Reads a cookie value; `undefined` for anything but the one spelling. */
export function parseCookieValue(value: string): CookieValue | undefined {
  const [, id, deadline, aliveUntil, keyId, mac] = VALUE.exec(value) ?? [];
  if (id === undefined || deadline === undefined) {
    return undefined;
  }
  const signed = keyId !== undefined && mac !== undefined;
  return {
    id,
    deadline: Number(deadline),
    signature: signed ? { aliveUntil: Number(aliveUntil), keyId, mac } : undefined,
  };
}

// RFC 6265, section 4.1.1: a cookie's name is a token (RFC 9110, section 5.6.2).
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/;
// A last label that begins with a digit makes the whole an IPv4 address, or nothing at all, to browsers (WHATWG URL,
// section 3.5); no top-level domain does.
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

// RFC 6265bis, section 4.1.3, and the drafts after it, which add the two with Http: those promise HttpOnly, too, which
// the session cookie always is. What begins with __Host-Http- begins with __Host-.
const PROMISES_HTTPS = /^__(host|secure|http)-/i;
const PROMISES_ONE_HOST = /^__host-/i;

/** The attributes that decide whether browsers would keep a cookie. */
export interface CookieAttributes {
  readonly name: string;
  readonly sameSite: string;
  readonly secure: boolean;
  readonly domain?: string;
}

/**
 * Why browsers would drop such a cookie, or `undefined` if they keep it. Both the construct and the client ask here.
 * Prefixes count whatever their case. Two faults are beyond it: a domain that is not the site's own, and a public
 * suffix such as `co.uk`, of which browsers have a list that changes.
 */
export function cookieFault({ name, sameSite, secure, domain }: CookieAttributes): string | undefined {
  if (!TOKEN.test(name)) {
    return `the cookie's name must be 1 to 64 characters of letters, digits and !#$%&'*+-.^_\`|~, received ${JSON.stringify(name)}`;
  }
  if (domain !== undefined && !DOMAIN.test(domain)) {
    return `the cookie's domain must be a lower-case host name with a dot and no leading one, not an address, received ${JSON.stringify(domain)}`;
  }
  if (PROMISES_HTTPS.test(name) && !secure) {
    return `a cookie with the prefix of ${name} must be secure: take another name for an insecure one`;
  }
  if (PROMISES_ONE_HOST.test(name) && domain !== undefined) {
    return `a cookie with the prefix of ${name} belongs to one host: take a __Secure- name to share it in ${domain}`;
  }
  if (sameSite === 'none' && !secure) {
    return 'browsers drop a cookie with SameSite=None that is not secure';
  }
  return undefined;
}
