import { admit } from './admission.js';
import { destroy } from './ending.js';
import type { Located, SessionRecord } from './record.js';
import type { SaveContext } from './save-context.js';
import { fingerprint } from './session-id.js';
import type { OwnedSession } from './stores/owner-index.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** What a record says of who is signed in, and since when. */
export type Identity = Pick<SessionRecord, 'createdAt' | 'user' | 'label' | 'checkedAt'>;

/** Who signs in, as the request that is to be saved says. */
interface SignIn {
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
  { user, label }: SignIn,
  own: OwnedSession,
  now: EpochMilliseconds,
  predecessor?: SessionKey,
): Promise<Identity> {
  if (user === undefined) {
    return { createdAt: now };
  }
  const { notBefore } = await admit(context, user, own, predecessor);
  // It was entered after they were revoked, whatever the clocks of two machines say.
  return { createdAt: Math.max(now, notBefore), user, ...(label !== undefined && { label }), checkedAt: now };
}

/**
 * Who is signed in to a session that goes on under another key, under which it is entered, too. `undefined`: the user's
 * sessions were revoked since it began, and it was ended.
 */
export async function identityOfSuccessor(
  context: SaveContext,
  old: Located,
  own: OwnedSession,
  now: EpochMilliseconds,
): Promise<Identity | undefined> {
  const { createdAt, user, label } = old.record;
  if (user === undefined) {
    return { createdAt };
  }
  const { notBefore } = await context.owners.enter(user, own);
  if (createdAt < notBefore) {
    await destroy(context, old);
    context.hooks.call('destroyed', { session: fingerprint(old.key) });
    return undefined;
  }
  return { createdAt, user, ...(label !== undefined && { label }), checkedAt: now };
}
