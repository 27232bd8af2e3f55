import { STANDARD_SESSIONS_PER_OWNER } from '../contract/policy.js';
import { SessionError } from './errors.js';
import { inBatches } from './owner-access.js';
import type { Located } from './record.js';
import type { SaveContext } from './save-context.js';
import { fingerprint } from './session-id.js';
import type { OwnedSession, Owner } from './stores/owner-index.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** How long a session that was entered may take to be written, in milliseconds: longer than any request saves. */
const ABOUT_TO_BEGIN = 20_000;

/** An entry of the index, and what its record says. */
interface Candidate {
  readonly entry: OwnedSession;
  readonly located: Located | undefined;
  readonly alive: boolean;
}

/**
 * Enters the session of a user who signs in, before it is written, and sees to it that they do not have too many.
 *
 * Of two sign-ins at the same time each is entered first, and then sees those that were entered before it: at least one
 * of them sees both. Who is entered and not written yet counts as alive for as long as writing may take.
 *
 * @param predecessor the session that the one who signs in has so far, and is about to leave
 * @returns what is kept of the user then
 * @throws SessionError ERR_SESSION_LIMIT if there are too many, and none is to make room
 */
export async function admit(
  context: SaveContext,
  userId: string,
  own: OwnedSession,
  predecessor?: SessionKey,
): Promise<Owner> {
  const { owners, policy } = context;
  const owner = await owners.enter(userId, own);
  const others = owner.sessions.filter(({ key }) => !same(key, own.key) && !same(key, predecessor));
  const room = (policy.sessionsPerOwner ?? STANDARD_SESSIONS_PER_OWNER) - 1;
  if (others.length <= room) {
    return owner;
  }
  const alive = await tellAlive(context, userId, owner, others);
  if (alive.length > room && policy.whenFull === 'refuse') {
    await owners.leave(userId, [own]);
    throw new SessionError(
      'ERR_SESSION_LIMIT',
      `the user has ${alive.length} sessions, and may have ${room + 1}: one of them must be ended before the user can sign in`,
    );
  }
  const evicted = alive.sort(byAge).slice(0, Math.max(0, alive.length - room));
  await end(
    context,
    userId,
    evicted.map(({ entry }) => entry),
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
): located is Located {
  return (
    located !== undefined &&
    located.record.end === undefined &&
    located.record.user === userId &&
    located.record.createdAt >= notBefore &&
    lifetime.of(located).expiresAt > clock()
  );
}

/** Those that are alive. The others are taken out of the index, so that nobody need look at them again. */
async function tellAlive(
  context: SaveContext,
  userId: string,
  owner: Owner,
  entries: readonly OwnedSession[],
): Promise<Candidate[]> {
  const { records, owners, clock, policy, tolerate } = context;
  const youngest: EpochMilliseconds = clock() + policy.absoluteTimeout * 1000 - ABOUT_TO_BEGIN;
  const candidates = await inBatches(entries, async (entry): Promise<Candidate> => {
    const located = await records.readKey(entry.key);
    const begins = located === undefined && entry.deadline > youngest;
    return { entry, located, alive: begins || isAlive(context, userId, owner, located) };
  });
  const dead = candidates.filter(({ alive }) => !alive);
  // Unless its record is closed, a late save could bring it to life, and it would be missing from the index.
  const open = dead.filter(({ located }) => located?.record.end === undefined);
  await tolerate(async () => {
    await owners.block(open.map(({ entry }) => entry));
    await owners.leave(
      userId,
      dead.map(({ entry }) => entry),
    );
  });
  return candidates.filter(({ alive }) => alive);
}

/** The oldest first; those that are not written yet are the youngest. */
function byAge(one: Candidate, other: Candidate): number {
  return beginOf(one) - beginOf(other);
}

function beginOf({ entry, located }: Candidate): EpochMilliseconds {
  return located?.record.createdAt ?? entry.deadline;
}

function same(one: SessionKey, other: SessionKey | undefined): boolean {
  return other !== undefined && Buffer.compare(one, other) === 0;
}
