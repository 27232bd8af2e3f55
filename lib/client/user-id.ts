import { createHash } from 'node:crypto';
import { SessionError } from './errors.js';
import type { OwnerKey } from './stores/owner-index.js';

/** The longest name of a user, in characters: it is part of every record of theirs. */
const LONGEST_USER = 256;

/** The longest label of a session, in characters. */
const LONGEST_LABEL = 128;

/** Longer than a session id, so that none, of whose hash a session's key is made, can be taken for a user. */
const PREFIX = 'cdk-sessions v1, the sessions of the user ';

/** The name of a user in an index of owners: who reads the index learns no user's id from it that he did not know. */
export function ownerOf(userId: string): OwnerKey {
  return createHash('sha256')
    .update(PREFIX + userId)
    .digest();
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
  const received = faultOf(text, longest);
  if (received !== undefined) {
    throw new SessionError('ERR_SESSION_USER', `${what} of 1 to ${longest} characters, received ${received}`);
  }
}

/** What is wrong with a text, or `undefined`. */
function faultOf(text: unknown, longest: number): string | undefined {
  if (typeof text !== 'string') {
    return `a value of type ${typeof text}`;
  }
  if (text === '' || text.length > longest) {
    return `one of ${text.length}`;
  }
  // Half of a surrogate pair has no bytes of its own: texts that differ in nothing else would be hashed to the same.
  return /\p{Surrogate}/u.test(text) ? 'one with half of a surrogate pair' : undefined;
}
