import type { PolicyContract } from './environment.js';

/** The times of a policy, in seconds. */
export interface PolicyTimes {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly renewalTimeout?: number;
  readonly touchAfter: number;
}

/** The longest absolute timeout: 400 days, beyond which browsers cut a cookie's life (RFC 6265bis, section 5.5). */
const LONGEST = 400 * 24 * 3600;

/** The most sessions that one user may have: what is kept of all of them together must stay small. */
const MOST_SESSIONS_PER_OWNER = 1000;

/** The most where the policy does not say. */
export const STANDARD_SESSIONS_PER_OWNER = 100;

/** What is wrong with the number of sessions that one user may have, or `undefined`. */
export function sessionsPerOwnerFault(sessions: number): string | undefined {
  return Number.isSafeInteger(sessions) && sessions >= 1 && sessions <= MOST_SESSIONS_PER_OWNER
    ? undefined
    : `sessionsPerOwner must be a whole number from 1 to ${MOST_SESSIONS_PER_OWNER}, received ${sessions}`;
}

/** What is wrong with these times, or `undefined`. Both the construct and the client ask here. */
export function timesFault(times: PolicyTimes): string | undefined {
  const { idleTimeout, absoluteTimeout, renewalTimeout, touchAfter } = times;
  if (absoluteTimeout > LONGEST) {
    return `absoluteTimeout must be at most 400 days, the longest life of a cookie, received ${absoluteTimeout} s: shorten it`;
  }
  if (idleTimeout > absoluteTimeout) {
    return `idleTimeout must not exceed absoluteTimeout, received ${idleTimeout} s and ${absoluteTimeout} s: shorten the one or lengthen the other`;
  }
  if (renewalTimeout !== undefined && renewalTimeout > absoluteTimeout) {
    return `renewalTimeout must not exceed absoluteTimeout, received ${renewalTimeout} s and ${absoluteTimeout} s: shorten it, or leave it out`;
  }
  if (touchAfter >= idleTimeout) {
    return `touchAfter must be shorter than idleTimeout, received ${touchAfter} s and ${idleTimeout} s: a tenth is a good choice`;
  }
  return undefined;
}

/** The policy where nobody chose one. Within AAL2 of NIST SP 800-63B, both as revision 4 and as revision 3 have it. */
export const STANDARD_POLICY: PolicyContract = {
  idleTimeout: 30 * 60,
  absoluteTimeout: 12 * 3600,
  touchAfter: 3 * 60,
  cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
};
