import { Token } from 'aws-cdk-lib';
import { cookieFault } from '../contract/cookie.js';
import type { CookieContract } from '../contract/environment.js';
import { SessionConstructError } from './errors.js';

/** When browsers send a cookie along with requests that other sites caused. */
export enum SameSite {
  /** Never: somebody who follows a link to the site arrives without the session. */
  STRICT = 'strict',
  /** Only when somebody navigates to the site, as by a link. */
  LAX = 'lax',
  /** Always: for pages shown inside other sites. Such an application must itself defend against forged requests. */
  NONE = 'none',
}

/** What the kinds of session cookie have in common. */
export interface SessionCookieOptions {
  /**
   * When browsers send the cookie along with requests that other sites caused.
   * @default SameSite.LAX
   */
  readonly sameSite?: SameSite;

  /**
   * Whether the cookie outlives the browser, until the session's absolute deadline.
   * @default false
   */
  readonly persistent?: boolean;
}

/**
 * The cookie that carries the session's id. It is always `HttpOnly`, with `Path=/`.
 *
 * The prefixes `__Host-` and `__Secure-` are promises that browsers hold a cookie to: RFC 6265bis, section 4.1.3.
 */
export class SessionCookie {
  /**
   * A cookie of one host over HTTPS, `__Host-<name>`: no other host, no subdomain and no plain HTTP can set or see it.
   *
   * @param name the name without its prefix; `session` unless given.
   * @throws if a browser would drop such a cookie.
   */
  public static host(name: string = 'session', options: SessionCookieOptions = {}): SessionCookie {
    return new SessionCookie({ name: prefixed('__Host-', name), secure: true }, options);
  }

  /**
   * A cookie that a domain shares with all its subdomains over HTTPS, `__Secure-<name>`. Every one of these hosts
   * can read and replace it.
   *
   * @param name the name without its prefix.
   * @param domain the site's own domain or one above it, in lower case, with a dot in it and none in front: `example.com`.
   * Neither an IP address nor a public suffix such as `co.uk`; only the former is noticed here.
   * @throws if a browser would drop such a cookie.
   */
  public static shared(name: string, domain: string, options: SessionCookieOptions = {}): SessionCookie {
    return new SessionCookie({ name: prefixed('__Secure-', name), secure: true, domain }, options);
  }

  /**
   * A cookie that travels over plain HTTP too, where everybody on the way can read and use it. Not for production.
   *
   * @param name the whole name, without one of the prefixes that promise HTTPS.
   * @throws if a browser would drop such a cookie.
   */
  public static insecure(name: string, options: SessionCookieOptions = {}): SessionCookie {
    return new SessionCookie({ name, secure: false }, options);
  }

  /** The cookie's whole name, prefix included. */
  public readonly name: string;
  /** Whether browsers send it over HTTPS only. */
  public readonly secure: boolean;
  /** When browsers send it along with requests that other sites caused. */
  public readonly sameSite: SameSite;
  /** Whether it outlives the browser. */
  public readonly persistent: boolean;
  /**
   * The domain whose subdomains share it.
   * @default - only the host that set it
   */
  public readonly domain?: string;

  private constructor(
    identity: { readonly name: string; readonly secure: boolean; readonly domain?: string },
    options: SessionCookieOptions,
  ) {
    this.name = identity.name;
    this.secure = identity.secure;
    this.domain = identity.domain;
    this.sameSite = options.sameSite ?? SameSite.LAX;
    this.persistent = options.persistent ?? false;
    // What only the deployment knows cannot be judged here; the client judges it when it starts.
    const unresolved = [this.name, this.domain].some((value) => Token.isUnresolved(value));
    const fault = unresolved ? undefined : cookieFault(this);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_COOKIE', fault);
    }
  }

  /** @internal */
  public _toContract(): CookieContract {
    const { name, sameSite, secure, persistent, domain } = this;
    return { name, sameSite, secure, persistent, ...(domain !== undefined && { domain }) };
  }
}

function prefixed(prefix: string, name: string): string {
  if (/^__(host|secure|http)-/i.test(name)) {
    throw new SessionConstructError(
      'ERR_SESSION_COOKIE',
      `the cookie's name must be given without its prefix, which is added here, received ${JSON.stringify(name)}`,
    );
  }
  return prefix + name;
}
