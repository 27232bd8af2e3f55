import { STANDARD_SESSIONS_PER_OWNER } from '../contract/policy.js';
import { SessionError } from './errors.js';
import { endEntered, isAlive, readIfReadable } from './owned-entries.js';
import { CLOCK_TOLERANCE, inBatches } from './owner-access.js';
import type { SaveContext } from './save-context.js';
import type { OwnedSession, Owner } from './stores/owner-index.js';
import type { EpochMilliseconds } from './stores/store.js';

/** How long a session that was entered may take to be written, in milliseconds: longer than any request saves. */
const ABOUT_TO_BEGIN = 20_000;

/**
 * Signs a user in: enters the session, writes it, and sees to it that the user does not have too many.
 *
 * Of two sign-ins at the same time each is entered first, and then sees those that were entered before it: at least one
 * of them sees both. Who is entered and not written yet counts as alive for as long as writing may take. A session that is
 * just getting another id is entered twice, under one handle, and counts once. The oldest make room only when the new one
 * is there: a sign-in that fails ends nobody's session.
 *
 * @param write writes the session, told what is kept of the user
 * @throws SessionError ERR_SESSION_LIMIT, before anything is written, if there are too many and none is to make room
 */
export async function admit<Result>(
  context: SaveContext,
  userId: string,
  own: OwnedSession,
  write: (owner: Owner) => Promise<Result>,
): Promise<Result> {
  const { owners, tolerate } = context;
  let excess: ReadonlySet<string>;
  let written: Result;
  try {
    const owner = await owners.enter(userId, own);
    excess = await tooMany(context, userId, owner, own);
    written = await write(owner);
  } catch (error) {
    await tolerate(async () => {
      // Neither may it be written late, nor take anybody's room.
      await owners.block([own]);
      await owners.leave(userId, [own]);
    });
    throw error;
  }
  if (written !== undefined && excess.size > 0) {
    await tolerate(() => endEntered(context, userId, ({ handle }) => excess.has(handle)));
  }
  return written;
}

/** The handles of those that have to make room for a session, the oldest of all that are alive. */
async function tooMany(
  context: SaveContext,
  userId: string,
  owner: Owner,
  own: OwnedSession,
): Promise<ReadonlySet<string>> {
  const { policy } = context;
  const others = owner.sessions.filter(({ handle }) => handle !== own.handle);
  const room = (policy.sessionsPerOwner ?? STANDARD_SESSIONS_PER_OWNER) - 1;
  if (new Set(others.map(({ handle }) => handle)).size <= room) {
    return new Set();
  }
  const living = await livingOf(context, userId, owner, others);
  if (policy.whenFull !== 'refuse') {
    return new Set(living.slice(0, Math.max(0, living.length - room)).map(([handle]) => handle));
  }
  // What nobody can read no page shows either: the user could never end it to make room.
  const readable = living.filter(([, since]) => since !== UNREADABLE).length;
  if (readable > room) {
    throw new SessionError(
      'ERR_SESSION_LIMIT',
      `the user has ${readable} sessions, and may have ${room + 1}: one of them must be ended before the user can sign in`,
    );
  }
  return new Set();
}

/** Since when a session lives of which nothing can be read: it is the first to make room. */
const UNREADABLE = 0;

/** An entry, and since when its session lives, if it does. */
interface Candidate {
  readonly entry: OwnedSession;
  readonly since: EpochMilliseconds | undefined;
  /** Whether its record is closed for good, open for a late save, or not there. */
  readonly record: 'closed' | 'open' | 'absent';
}

/**
 * The handles of a user's sessions that are alive, and since when, the oldest first. The others are taken out of the index,
 * so that nobody need look at them again.
 */
async function livingOf(
  context: SaveContext,
  userId: string,
  owner: Owner,
  entries: readonly OwnedSession[],
): Promise<readonly (readonly [handle: string, since: EpochMilliseconds])[]> {
  const { owners, tolerate } = context;
  const candidates = await inBatches(entries, (entry) => lookAt(context, userId, owner, entry));
  const dead = candidates.filter(({ since }) => since === undefined);
  await tolerate(async () => {
    // Unless its record is closed, a late save could bring one to life that is missing from the index by then.
    await owners.block(dead.filter(({ record }) => record === 'open').map(({ entry }) => entry));
    await owners.vacate(dead.filter(({ record }) => record === 'absent').map(({ entry }) => entry));
    await owners.leave(
      userId,
      dead.map(({ entry }) => entry),
    );
  });
  const beginnings = new Map<string, EpochMilliseconds>();
  for (const { entry, since } of candidates) {
    if (since !== undefined) {
      beginnings.set(entry.handle, Math.min(since, beginnings.get(entry.handle) ?? since));
    }
  }
  return [...beginnings].sort(([, one], [, other]) => one - other);
}

async function lookAt(context: SaveContext, userId: string, owner: Owner, entry: OwnedSession): Promise<Candidate> {
  const found = await readIfReadable(context, entry.key);
  if (found === undefined) {
    const age = context.clock() - entry.enteredAt;
    const begins = age < ABOUT_TO_BEGIN && age >= -CLOCK_TOLERANCE;
    return { entry, since: begins ? entry.enteredAt : undefined, record: 'absent' };
  }
  if (found === 'unreadable') {
    // It may be a session for another consumer of the store.
    return { entry, since: UNREADABLE, record: 'open' };
  }
  const { createdAt, end } = found.record;
  const since = isAlive(context, userId, owner, found) ? createdAt : undefined;
  return { entry, since, record: end === undefined ? 'open' : 'closed' };
}
