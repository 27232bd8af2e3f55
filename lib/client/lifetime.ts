import type { PolicyContract } from '../contract/environment.js';
import type { Grace, Located, SessionEnd, SignIn } from './record.js';
import { newNonce } from './session-id.js';
import type { EpochMilliseconds } from './stores/store.js';

/** When a session ends: if it stays idle, and in any case. */
export interface Ends {
  readonly expiresAt: EpochMilliseconds;
  readonly deadline: EpochMilliseconds;
}

/** How long requests that set out with the old id may take after a periodic renewal gave the session a new one. */
const RENEWAL_GRACE = 30_000;

/** How long requests that set out before a sign-in may take to arrive, in milliseconds. */
const OVERTAKEN = 10_000;

/** How long a request may be at work before it saves, in milliseconds: the longest that a front door of AWS waits. */
const LONGEST_HANDLER = 60_000;

/** The policy's times, applied to a session. */
export class Lifetime {
  readonly #idle: number;
  readonly #absolute: number;
  readonly #renewal: number;
  readonly #touchAfter: number;

  constructor(policy: PolicyContract) {
    this.#idle = policy.idleTimeout * 1000;
    this.#absolute = policy.absoluteTimeout * 1000;
    this.#renewal = (policy.renewalTimeout ?? Number.POSITIVE_INFINITY) * 1000;
    this.#touchAfter = policy.touchAfter * 1000;
  }

  /** The idle timeout that records are saved with, in seconds. */
  get idleTimeout(): number {
    return this.#idle / 1000;
  }

  /** The ends of a session that begins now. */
  ofNew(now: EpochMilliseconds): Ends {
    return this.#afterUse(now, now + this.#absolute);
  }

  /**
   * The ends of a stored session: what was promised when it was saved, or what today's policy says if that is less.
   *
   * While the deadline cuts the idle time short, the last use is not known exactly, and taken as early as it can have
   * been: a policy that was tightened may end such a session too soon, never too late.
   */
  of({ stored, record }: Located): Ends {
    const deadline = Math.min(stored.deadline, record.createdAt + this.#absolute);
    const lastUse = stored.expiresAt - record.idleTimeout * 1000;
    return { deadline, expiresAt: Math.min(stored.expiresAt, lastUse + this.#idle, deadline) };
  }

  /** The ends of a stored session that is used now. A clock that is behind does not bring them forward. */
  ofUsed(located: Located, now: EpochMilliseconds): Ends {
    const { deadline, expiresAt } = this.of(located);
    return { deadline, expiresAt: Math.max(expiresAt, this.#afterUse(now, deadline).expiresAt) };
  }

  /** The ends of what is left of a session when it does not live under its key any more: never before a cookie says. */
  ofEnded(located: Located, now: EpochMilliseconds): Ends {
    const { deadline, expiresAt } = this.ofUsed(located, now);
    const { stored } = located;
    return { deadline: Math.max(deadline, stored.deadline), expiresAt: Math.max(expiresAt, stored.expiresAt) };
  }

  /** When a session was last used, as far as what is stored tells. */
  lastUse({ stored, record }: Located, { checkedAt }: SignIn): EpochMilliseconds {
    return Math.max(checkedAt, stored.expiresAt - record.idleTimeout * 1000);
  }

  /** Whether moving the idle end is worth a write: a tenth of the idle time lost is, each request's seconds are not. */
  touchDue(located: Located, now: EpochMilliseconds): boolean {
    return this.ofUsed(located, now).expiresAt - this.of(located).expiresAt > this.#touchAfter;
  }

  /** Whether a touch alone would keep the policy: a record that was saved under another idle timeout is saved anew. */
  touchSuffices({ record }: Located): boolean {
    return record.idleTimeout === this.idleTimeout;
  }

  /** Whether it is time to look up whether the user's sessions were revoked: as often as a session in use is touched. */
  checkDue({ checkedAt }: SignIn, now: EpochMilliseconds): boolean {
    // A clock that was ahead then must not put it off.
    return Math.abs(now - checkedAt) > this.#touchAfter;
  }

  /** Whether the session's id has reached its age. */
  renewalDue({ record }: Located, now: EpochMilliseconds): boolean {
    return now - record.renewedAt >= this.#renewal;
  }

  /**
   * Whether a touch must come before the handler, and suffices: the idle time may run out while that is at work, and a
   * touch is due, or would be the last of the session, as it takes it to its deadline.
   */
  touchFirst(located: Located, now: EpochMilliseconds): boolean {
    const { expiresAt, deadline } = this.of(located);
    if (expiresAt - now >= LONGEST_HANDLER || !this.touchSuffices(located)) {
      return false;
    }
    const isLast = expiresAt < deadline && this.ofUsed(located, now).expiresAt === deadline;
    return isLast || this.touchDue(located, now);
  }

  /** How requests that set out with the old id find a session that is renewed now. */
  graceAfterRenewal(now: EpochMilliseconds): Grace {
    return { nonce: newNonce(), until: now + RENEWAL_GRACE };
  }

  /** Whether a request with an id that answers nothing any more may have set out while it still did. */
  mayBeOvertaken(end: SessionEnd | undefined, now: EpochMilliseconds): boolean {
    return end?.kind === 'retired' && end.grace === undefined && now < end.at + OVERTAKEN;
  }

  #afterUse(now: EpochMilliseconds, deadline: EpochMilliseconds): Ends {
    return { deadline, expiresAt: Math.min(now + this.#idle, deadline) };
  }
}
