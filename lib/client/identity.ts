import { admit } from './admission.js';
import { destroy } from './ending.js';
import type { Located, SessionRecord } from './record.js';
import type { SaveContext } from './save-context.js';
import { fingerprint, newHandle } from './session-id.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** Who is signed in, as a record says it, and since when. */
export type Identity = Pick<SessionRecord, 'createdAt' | 'signIn'>;

/** Where and when a session is about to be written. */
export interface Place {
  readonly key: SessionKey;
  readonly now: EpochMilliseconds;
  readonly deadline: EpochMilliseconds;
}

/** Who signs in, as the request that is to be saved says. */
interface Visitor {
  readonly user: string | undefined;
  readonly label: string | undefined;
}

/**
 * Who is signed in to a session that begins now. With somebody to sign in it is entered among theirs.
 *
 * @param predecessor the session that it takes the place of, if there is one
 * @throws SessionError ERR_SESSION_LIMIT as `admit` does
 */
export async function identityOfNew(
  context: SaveContext,
  { user, label }: Visitor,
  { key, now, deadline }: Place,
  predecessor?: Located,
): Promise<Identity> {
  if (user === undefined) {
    return { createdAt: now };
  }
  const entry = { handle: newHandle(), enteredAt: now, deadline };
  const { notBefore } = await admit(context, user, { key, ...entry }, predecessor?.record.signIn?.handle);
  return {
    // It was entered after they were revoked, whatever the clocks of two machines say.
    createdAt: Math.max(now, notBefore),
    signIn: { user, ...entry, checkedAt: now, ...(label !== undefined && { label }) },
  };
}

/**
 * Who is signed in to a session that goes on under another key, under which it is entered, too. `undefined`: the user's
 * sessions were revoked since it began, and it was ended.
 */
export async function identityOfSuccessor(
  context: SaveContext,
  old: Located,
  { key, now, deadline }: Place,
): Promise<Identity | undefined> {
  const { createdAt, signIn } = old.record;
  if (signIn === undefined) {
    return { createdAt };
  }
  const entry = { handle: signIn.handle, enteredAt: now, deadline };
  const { notBefore } = await context.owners.enter(signIn.user, { key, ...entry });
  if (createdAt < notBefore) {
    await destroy(context, old);
    context.hooks.call('destroyed', { session: fingerprint(old.key) });
    return undefined;
  }
  return { createdAt, signIn: { ...signIn, ...entry, checkedAt: now } };
}
