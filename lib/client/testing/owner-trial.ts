import { randomBytes } from 'node:crypto';
import type { OwnedSession, Owner, OwnerIndex, OwnerKey } from '../stores/owner-index.js';
import { MINUTE, same, type Trial } from './contract-trial.js';

/** One run of a case about owners. */
export interface OwnerTrial extends Trial {
  readonly owners: OwnerIndex;
  /** An owner that no other trial has. */
  readonly owner: OwnerKey;
}

/** Another session, which ends in so many milliseconds. */
export function session(now: number, life: number = 10 * MINUTE): OwnedSession {
  return { key: randomBytes(32), handle: randomBytes(6).toString('base64url'), enteredAt: now, deadline: now + life };
}

/** Later than any of these trials lasts. */
export function keepUntil(start: number): number {
  return start + 600 * MINUTE;
}

/** @throws AssertionError if this is not what is kept of an owner, in whatever order. */
export function agree(owner: Owner, sessions: readonly OwnedSession[], notBefore = 0, message?: string): void {
  same(
    { sessions: owner.sessions.map(entryText).sort(), notBefore: owner.notBefore },
    { sessions: sessions.map(entryText).sort(), notBefore },
    message,
  );
}

export function entryText({ key, handle, enteredAt, deadline }: OwnedSession): string {
  return `${handle}, ${Buffer.from(key).toString('hex')} from ${enteredAt} until ${deadline}`;
}
