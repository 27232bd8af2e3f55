import type { CookieContract } from '../contract/environment.js';

/** The values that Cookie header lines give to one name, in their order (RFC 6265, section 4.2.1). */
export function cookieValues(headers: readonly string[], name: string): readonly string[] {
  const prefix = `${name}=`;
  const values: string[] = [];
  for (const header of headers) {
    let start = 0;
    while (start <= header.length) {
      const semicolon = header.indexOf(';', start);
      const end = semicolon < 0 ? header.length : semicolon;
      const first = afterBlanks(header, start);
      if (header.startsWith(prefix, first)) {
        values.push(header.slice(first + prefix.length, beforeBlanks(header, end)));
      }
      start = end + 1;
    }
  }
  return values;
}

/**
 * Where a pair begins, after the spaces and tabs before it. What trim() takes for space as well, a browser takes for part
 * of a name, and applies none of the rules of a __Host- prefix to such a name: anybody could set it. Not a regular
 * expression, whose time grows with the square of a run of blanks.
 */
function afterBlanks(text: string, start: number): number {
  let index = start;
  while (isBlank(text.charCodeAt(index))) {
    index++;
  }
  return index;
}

/** Where a pair ends, before the spaces and tabs after it. */
function beforeBlanks(text: string, end: number): number {
  let index = end;
  while (isBlank(text.charCodeAt(index - 1))) {
    index--;
  }
  return index;
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
