import { admit } from './admission.js';
import { endRevoked } from './ending.js';
import type { Located, SessionRecord } from './record.js';
import type { SaveContext } from './save-context.js';
import { newHandle } from './session-id.js';
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
 * Writes a session that begins now. With somebody to sign in it is entered among theirs.
 *
 * @param predecessor the session that it takes the place of, if there is one: who signs in again keeps its handle
 * @throws SessionError ERR_SESSION_LIMIT as `admit` does
 */
export async function writeNew<Result>(
  context: SaveContext,
  { user, label }: Visitor,
  { key, now, deadline }: Place,
  predecessor: Located | undefined,
  write: (identity: Identity) => Promise<Result>,
): Promise<Result> {
  if (user === undefined) {
    return write({ createdAt: now });
  }
  const before = predecessor?.record.signIn;
  const entry = { handle: before?.user === user ? before.handle : newHandle(), enteredAt: now, deadline };
  return admit(context, user, { key, ...entry }, ({ notBefore }) =>
    write({
      // It was entered after they were revoked, whatever the clocks of two machines say.
      createdAt: Math.max(now, notBefore),
      signIn: { user, ...entry, checkedAt: now, ...(label !== undefined && { label }) },
    }),
  );
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
    await endRevoked(context, old);
    return undefined;
  }
  return { createdAt, signIn: { ...signIn, ...entry, checkedAt: now } };
}
