import { SessionError } from './errors.js';
import { batchesOf } from './owner-access.js';
import type { Located, SessionRecord, SignIn } from './record.js';
import type { SaveContext } from './save-context.js';
import { nameOf } from './stores/key-name.js';
import type { OwnedSession, Owner } from './stores/owner-index.js';
import type { SessionKey } from './stores/store.js';

/** What must be known of a session to find its entry among its user's. */
interface Entered {
  readonly key: SessionKey;
  readonly record: Pick<SessionRecord, 'signIn'>;
}

/** A session of which somebody is signed in. */
interface SignedIn extends Located {
  readonly record: SessionRecord & { readonly signIn: SignIn };
}

/** How often it is looked again for sessions that went on under a new id while they were being ended. */
const MOST_ROUNDS = 10;

/** Takes a session out of those of its user, if somebody is signed in to it. */
export async function leave({ owners }: SaveContext, { key, record: { signIn } }: Entered): Promise<void> {
  if (signIn !== undefined) {
    const { user, handle, enteredAt, deadline } = signIn;
    await owners.leave(user, [{ key, handle, enteredAt, deadline }]);
  }
}

/** Whether a record is that of a living session of a user. */
export function isAlive(
  { lifetime, clock }: SaveContext,
  userId: string,
  { notBefore }: Owner,
  located: Located,
): located is SignedIn {
  return (
    located.record.end === undefined &&
    located.record.signIn?.user === userId &&
    located.record.createdAt >= notBefore &&
    lifetime.of(located).expiresAt > clock()
  );
}

/** What is under a session's key, or the word that nobody can read it; `undefined`: nothing is. */
export async function readIfReadable(
  { records, hooks }: SaveContext,
  key: SessionKey,
): Promise<Located | 'unreadable' | undefined> {
  try {
    return await records.readKey(key);
  } catch (error) {
    if (error instanceof SessionError && error.code === 'ERR_SESSION_RECORD') {
      // One record that was damaged, or whose key is gone, must not keep the user from all others.
      hooks.call('storeError', error);
      return 'unreadable';
    }
    throw error;
  }
}

/**
 * Ends sessions of a user, without looking at them: those that were entered when it is called, and whatever they go on as
 * meanwhile, since each is entered before it is written. It is looked again until nothing new is there.
 *
 * @returns the handles of those that were ended
 * @throws SessionError ERR_SESSION_CONFLICT if there is no end of new ones
 */
export async function endEntered(
  context: SaveContext,
  userId: string,
  wanted: (session: OwnedSession) => boolean,
): Promise<ReadonlySet<string>> {
  const { owners, hooks } = context;
  const blocked = new Set<string>();
  const ended = new Set<string>();
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const { sessions } = await owners.read(userId);
    const targets = sessions.filter((session) => wanted(session) && !blocked.has(nameOf(session.key)));
    if (targets.length === 0) {
      return ended;
    }
    for (const batch of batchesOf(targets)) {
      // What is ended is taken out before the next: should the time not suffice for all, less is left for another call.
      await owners.block(batch);
      await owners.leave(userId, batch);
    }
    for (const { key, handle } of targets) {
      blocked.add(nameOf(key));
      ended.add(handle);
      hooks.callOf('destroyed', key);
    }
  }
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    `the user kept signing in: ${ended.size} sessions were ended in ${MOST_ROUNDS} rounds, and there are more; keep the user from signing in first`,
  );
}
