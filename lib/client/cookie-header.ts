import type { CookieContract } from '../contract/environment.js';

/** The values that Cookie header lines give to one name, in their order (RFC 6265, section 4.2.1). */
export function cookieValues(headers: readonly string[], name: string): readonly string[] {
  const prefix = `${name}=`;
  const values: string[] = [];
  for (const header of headers) {
    for (const pair of header.split(';')) {
      const trimmed = withoutBlanks(pair);
      if (trimmed.startsWith(prefix)) {
        values.push(trimmed.slice(prefix.length));
      }
    }
  }
  return values;
}

/**
 * A text without the spaces and tabs around it. What trim() takes for space as well, a browser takes for part of a name,
 * and applies none of the rules of a __Host- prefix to such a name: anybody could set it. Not a regular expression,
 * whose time grows with the square of a run of blanks.
 */
function withoutBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text.charCodeAt(start))) {
    start++;
  }
  while (isBlank(text.charCodeAt(end - 1))) {
    end--;
  }
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A Set-Cookie line that gives the cookie a value, for `maxAge` seconds if it is to outlive the browser. */
export function setCookie(cookie: CookieContract, value: string, maxAge: number): string {
  return attributes(cookie, value, cookie.persistent ? maxAge : undefined);
}

/** A Set-Cookie line that makes the browser forget the cookie: the same attributes, and a life that is over. */
export function clearCookie(cookie: CookieContract): string {
  return attributes(cookie, '', 0);
}

function attributes({ name, domain, sameSite, secure }: CookieContract, value: string, maxAge?: number): string {
  return [
    `${name}=${value}`,
    ...(maxAge === undefined ? [] : [`Max-Age=${maxAge}`]),
    ...(domain === undefined ? [] : [`Domain=${domain}`]),
    'Path=/',
    ...(secure ? ['Secure'] : []),
    'HttpOnly',
    `SameSite=${sameSite[0]?.toUpperCase()}${sameSite.slice(1)}`,
  ].join('; ');
}
