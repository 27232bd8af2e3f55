import { end, isAlive, readIfReadable } from './admission.js';
import { SessionError } from './errors.js';
import { inBatches } from './owner-access.js';
import type { SaveContext } from './save-context.js';
import type { Session } from './session.js';
import { nameOf } from './stores/key-name.js';
import { assertUserId } from './user-id.js';

/** A session of a user who is signed in, for a page of where they are. */
export interface SignedInSession {
  /** What it is called, whatever id it has: that of `session.handle`, which tells the visitor's own among them. */
  readonly handle: string;
  /** What `login` called it. */
  readonly label?: string;
  /** When the user signed in. */
  readonly createdAt: Date;
  /** When it was last used, as exact as the policy's `touchAfter`. */
  readonly lastSeenAt: Date;
  /** When it ends if no further request comes. */
  readonly expiresAt: Date;
  /** When it ends in any case. */
  readonly deadline: Date;
}

/** A session of this request, or the handle of any. */
export type SessionReference = string | Pick<Session, 'handle'>;

/** Which of a user's sessions are to be ended. */
export interface DestroyByOwnerOptions {
  /**
   * Those that stay: the visitor's own, for instance. They stay also if they get a new id at the same moment.
   * @default - none
   */
  readonly except?: SessionReference | readonly SessionReference[];
  /**
   * The handles of those that are to be ended.
   * @default - all but those of `except`
   */
  readonly only?: string | readonly string[];
}

/** How often it is looked again for sessions that went on under a new id while they were being ended. */
const MOST_ROUNDS = 10;

/** How far ahead of ours the clock may be that says when sessions were revoked, in milliseconds. */
const CLOCK_TOLERANCE = 5 * 60_000;

/** The living sessions of a user, the one that was used last first. */
export async function listByOwner(context: SaveContext, userId: string): Promise<readonly SignedInSession[]> {
  assertUserId('listByOwner', userId);
  const { owners, lifetime } = context;
  const owner = await owners.read(userId);
  const found = await inBatches(owner.sessions, (entry) => readIfReadable(context, entry));
  return found
    .filter((located) => located !== 'unreadable')
    .filter((located) => isAlive(context, userId, owner, located))
    .map((located) => {
      const { createdAt, signIn } = located.record;
      const { expiresAt, deadline } = lifetime.of(located);
      return {
        handle: signIn.handle,
        ...(signIn.label !== undefined && { label: signIn.label }),
        createdAt: new Date(createdAt),
        lastSeenAt: new Date(lifetime.lastUse(located, signIn)),
        expiresAt: new Date(expiresAt),
        deadline: new Date(deadline),
      };
    })
    .sort((one, other) => other.lastSeenAt.getTime() - one.lastSeenAt.getTime());
}

/**
 * Ends sessions of a user, without looking at them: those that were entered when it is called, and whatever they go on as
 * meanwhile, since each is entered before it is written. It is looked again until nothing new is there.
 *
 * @returns how many were ended
 */
export async function destroyByOwner(
  context: SaveContext,
  userId: string,
  { except = [], only }: DestroyByOwnerOptions = {},
): Promise<number> {
  assertUserId('destroyByOwner', userId);
  const spared = new Set([except].flat().map((session) => (typeof session === 'string' ? session : session.handle)));
  const wanted = only === undefined ? undefined : new Set([only].flat());
  const blocked = new Set<string>();
  const ended = new Set<string>();
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const { sessions } = await context.owners.read(userId);
    const targets = sessions.filter(
      ({ key, handle }) => !spared.has(handle) && !blocked.has(nameOf(key)) && (wanted?.has(handle) ?? true),
    );
    if (targets.length === 0) {
      return ended.size;
    }
    await end(context, userId, targets);
    for (const { key, handle } of targets) {
      blocked.add(nameOf(key));
      ended.add(handle);
    }
  }
  throw new SessionError(
    'ERR_SESSION_CONFLICT',
    `the user kept signing in: ${ended.size} sessions were ended in ${MOST_ROUNDS} rounds, and there are more; keep the user from signing in first`,
  );
}

/** Ends all sessions of a user that began before a time, each when it is next looked up. */
export async function revokeBefore(context: SaveContext, userId: string, time: Date | undefined): Promise<void> {
  assertUserId('revokeBefore', userId);
  const now = context.clock();
  const notBefore = time === undefined ? now : time.getTime();
  if (!(notBefore <= now + CLOCK_TOLERANCE)) {
    const received = Number.isNaN(notBefore) ? 'one that is none' : new Date(notBefore).toISOString();
    throw new SessionError(
      'ERR_SESSION_USER',
      `revokeBefore must be given a time that is not to come, received ${received}`,
    );
  }
  await context.owners.revoke(userId, notBefore);
}
