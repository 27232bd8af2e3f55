import { type CookieValue, formatCookieValue, parseCookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import type { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { clearCookie, cookieValues, setCookie } from './cookie-header.js';
import { isSignedWith, signedCookieValue } from './keys/cookie-signature.js';
import type { KeyCache } from './keys/key-cache.js';
import type { Whereabouts } from './save-context.js';

/** A cookie that we gave out, as far as can be told without asking the store. */
export interface PresentedCookie extends CookieValue {
  /** Whether it is to be signed anew: it was not, or not with today's key. */
  readonly outdated: boolean;
}

/** What a cookie is worth: `outdated` is as good as `valid`, but is to be signed anew. */
export type Standing = 'valid' | 'outdated' | 'forged';

/** How cookies are signed. */
export interface CookieSigning {
  readonly keys: KeyCache;
  /** Whether cookies that are not signed still count, and are signed in the reply. */
  readonly acceptsUnprotected: boolean;
}

/** Reads and writes the cookie that carries a session's id, signed where there are keys. */
export class Cookies {
  constructor(
    private readonly policy: PolicyContract,
    private readonly signing: CookieSigning | undefined,
    private readonly clock: Clock,
  ) {}

  /** The cookies of our name in Cookie header lines; those that nobody can have got from us come last, as `undefined`. */
  read(headers: readonly string[]): readonly (CookieValue | undefined)[] {
    // Sorting takes `undefined` to the end, and leaves all others in their order.
    return cookieValues(headers, this.policy.cookie.name)
      .map(parseCookieValue)
      .sort(() => 0);
  }

  /** What a cookie is worth, without asking the store. */
  async standing(cookie: CookieValue, budget: CallBudget): Promise<Standing> {
    if (this.signing === undefined) {
      return 'valid';
    }
    const { keys, acceptsUnprotected } = this.signing;
    if (cookie.signature === undefined) {
      return acceptsUnprotected ? 'outdated' : 'forged';
    }
    const ring = await keys.ringWith(cookie.signature.keyId, budget);
    const key = ring.find(cookie.signature.keyId);
    if (key === undefined || !isSignedWith(this.policy.cookie.name, cookie, key)) {
      return 'forged';
    }
    return key === ring.signer(this.clock()) ? 'valid' : 'outdated';
  }

  /** Whether a cookie that is in the browser says where the session lives, and closely enough until when. */
  tells({ id, outdated, signature }: PresentedCookie, { id: current, expiresAt }: Whereabouts): boolean {
    if (id !== current || outdated || this.signing === undefined || signature === undefined) {
      return id === current && !outdated;
    }
    const behind = aliveUntil(expiresAt) - signature.aliveUntil;
    return behind >= 0 && behind <= this.policy.touchAfter;
  }

  /** Sees to it that cookies can be signed: a session whose cookie cannot be would be lost to its visitor. */
  async prepare(budget: CallBudget): Promise<void> {
    await this.signing?.keys.ring(budget);
  }

  /** The Set-Cookie line that tells the browser where a session lives. */
  async give({ id, deadline, expiresAt }: Whereabouts, budget: CallBudget): Promise<string> {
    const { cookie } = this.policy;
    const value = { id, deadline: Math.ceil(deadline / 1000) };
    const signer = (await this.signing?.keys.ring(budget))?.signer(this.clock());
    const spelt = signer
      ? signedCookieValue(cookie.name, value, aliveUntil(expiresAt), signer)
      : formatCookieValue(value);
    return setCookie(cookie, spelt, Math.max(0, Math.ceil((deadline - this.clock()) / 1000)));
  }

  /** The Set-Cookie line that makes the browser forget the session. */
  clear(): string {
    return clearCookie(this.policy.cookie);
  }
}

/** Rounded down: a session must not be told lost that has just run out. */
function aliveUntil(expiresAt: number): number {
  return Math.floor(expiresAt / 1000);
}
