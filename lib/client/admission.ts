import { STANDARD_SESSIONS_PER_OWNER } from '../contract/policy.js';
import { SessionError } from './errors.js';
import { inBatches } from './owner-access.js';
import type { Located, SignIn } from './record.js';
import type { SaveContext } from './save-context.js';
import { fingerprint } from './session-id.js';
import type { OwnedSession, Owner } from './stores/owner-index.js';

/** How long a session that was entered may take to be written, in milliseconds: longer than any request saves. */
const ABOUT_TO_BEGIN = 20_000;

/** A session of which somebody is signed in. */
export interface SignedIn extends Located {
  readonly record: Located['record'] & { readonly signIn: SignIn };
}

/**
 * Enters the session of a user who signs in, before it is written, and sees to it that they do not have too many.
 *
 * Of two sign-ins at the same time each is entered first, and then sees those that were entered before it: at least one
 * of them sees both. Who is entered and not written yet counts as alive for as long as writing may take. A session that is
 * just getting another id is entered twice, under one handle, and counts once.
 *
 * @param predecessor the handle of the session that the one who signs in has so far, and is about to leave
 * @returns what is kept of the user then
 * @throws SessionError ERR_SESSION_LIMIT if there are too many, and none is to make room
 */
export async function admit(
  context: SaveContext,
  userId: string,
  own: OwnedSession,
  predecessor: string | undefined,
): Promise<Owner> {
  const { owners, policy } = context;
  const owner = await owners.enter(userId, own);
  const others = owner.sessions.filter(({ handle }) => handle !== own.handle && handle !== predecessor);
  const room = (policy.sessionsPerOwner ?? STANDARD_SESSIONS_PER_OWNER) - 1;
  if (handlesOf(others).length <= room) {
    return owner;
  }
  const alive = await keepAlive(context, userId, owner, others);
  const handles = handlesOf(alive);
  if (handles.length > room && policy.whenFull === 'refuse') {
    await owners.leave(userId, [own]);
    throw new SessionError(
      'ERR_SESSION_LIMIT',
      `the user has ${handles.length} sessions, and may have ${room + 1}: one of them must be ended before the user can sign in`,
    );
  }
  const evicted = handles.slice(0, Math.max(0, handles.length - room));
  await end(
    context,
    userId,
    alive.filter(({ handle }) => evicted.includes(handle)),
  );
  return owner;
}

/** Ends sessions of a user, whatever they are by now. */
export async function end(context: SaveContext, userId: string, sessions: readonly OwnedSession[]): Promise<void> {
  const { owners, hooks } = context;
  await owners.block(sessions);
  await owners.leave(userId, sessions);
  for (const { key } of sessions) {
    hooks.call('destroyed', { session: fingerprint(key) });
  }
}

/** Whether a record is that of a living session of a user. */
export function isAlive(
  { lifetime, clock }: SaveContext,
  userId: string,
  { notBefore }: Owner,
  located: Located | undefined,
): located is SignedIn {
  return (
    located !== undefined &&
    located.record.end === undefined &&
    located.record.signIn?.user === userId &&
    located.record.createdAt >= notBefore &&
    lifetime.of(located).expiresAt > clock()
  );
}

/** What is under a session's key, or the word that nobody can read it; `undefined`: nothing is. */
export async function readIfReadable(
  { records, hooks }: SaveContext,
  { key }: OwnedSession,
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

/** Those that are alive. The others are taken out of the index, so that nobody need look at them again. */
async function keepAlive(
  context: SaveContext,
  userId: string,
  owner: Owner,
  entries: readonly OwnedSession[],
): Promise<readonly OwnedSession[]> {
  const { owners, clock, tolerate } = context;
  const begins = clock() - ABOUT_TO_BEGIN;
  const candidates = await inBatches(entries, async (entry) => {
    const found = await readIfReadable(context, entry);
    if (found === undefined || found === 'unreadable') {
      // What nobody can read may be a session for another consumer of the store.
      return { entry, alive: found === 'unreadable' || entry.enteredAt > begins, closed: false };
    }
    return { entry, alive: isAlive(context, userId, owner, found), closed: found.record.end !== undefined };
  });
  const dead = candidates.filter(({ alive }) => !alive);
  await tolerate(async () => {
    // Unless its record is closed, a late save could bring one to life that is missing from the index by then.
    await owners.block(dead.filter(({ closed }) => !closed).map(({ entry }) => entry));
    await owners.leave(
      userId,
      dead.map(({ entry }) => entry),
    );
  });
  return candidates.filter(({ alive }) => alive).map(({ entry }) => entry);
}

/** The sessions among entries, the oldest first: whatever id they have, their deadline is that of the sign-in. */
function handlesOf(entries: readonly OwnedSession[]): readonly string[] {
  const byAge = [...entries].sort((one, other) => one.deadline - other.deadline);
  return [...new Set(byAge.map(({ handle }) => handle))];
}
