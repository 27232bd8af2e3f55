import { createHash } from 'node:crypto';
import { SessionError } from './errors.js';
import type { OwnerKey } from './stores/owner-index.js';

/** The longest name of a user, in characters: it is part of every record of theirs. */
const LONGEST_USER = 256;

/** The longest label of a session, in characters. */
const LONGEST_LABEL = 128;

/** The name of a user in an index of owners: who reads the index learns no user's id from it that he did not know. */
export function ownerOf(userId: string): OwnerKey {
  return createHash('sha256').update(`user ${userId}`).digest();
}

/** @throws SessionError ERR_SESSION_USER */
export function assertUserId(method: string, userId: unknown): void {
  assertText(`${method} must be given the user's id, a text`, userId, LONGEST_USER);
}

/** @throws SessionError ERR_SESSION_USER */
export function assertLabel(label: unknown): void {
  assertText('the label of a session must be a text', label, LONGEST_LABEL);
}

function assertText(what: string, text: unknown, longest: number): void {
  if (typeof text !== 'string' || text === '' || text.length > longest) {
    const received = typeof text === 'string' ? `one of ${text.length}` : `a value of type ${typeof text}`;
    throw new SessionError('ERR_SESSION_USER', `${what} of 1 to ${longest} characters, received ${received}`);
  }
}
