import { SessionError } from './errors.js';
import { endEntered, isAlive, readIfReadable } from './owned-entries.js';
import { CLOCK_TOLERANCE, inBatches } from './owner-access.js';
import type { Located } from './record.js';
import type { SaveContext } from './save-context.js';
import type { Session } from './session.js';
import type { SessionKey } from './stores/store.js';
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

/** The living sessions of a user, the one that was used last first. */
export async function listByOwner(context: SaveContext, userId: string): Promise<readonly SignedInSession[]> {
  assertUserId('listByOwner', userId);
  const { owners, lifetime } = context;
  const owner = await owners.read(userId);
  const found = await inBatches(owner.sessions, ({ key }) => follow(context, key));
  const living = found
    .filter((located) => located !== undefined)
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
    .sort((one, other) => one.lastSeenAt.getTime() - other.lastSeenAt.getTime());
  // One that is just getting another id is there twice.
  return [...new Map(living.map((session) => [session.handle, session])).values()].reverse();
}

/** Where a session lives by now: it may have got another id since the index was read. */
async function follow(context: SaveContext, key: SessionKey): Promise<Located | undefined> {
  let located = await readIfReadable(context, key);
  while (located !== undefined && located !== 'unreadable' && located.record.end?.kind === 'retired') {
    located = await readIfReadable(context, located.record.end.successor);
  }
  return located === 'unreadable' ? undefined : located;
}

/** Ends sessions of a user as `endEntered` does. Returns how many. */
export async function destroyByOwner(
  context: SaveContext,
  userId: string,
  options: DestroyByOwnerOptions = {},
): Promise<number> {
  assertUserId('destroyByOwner', userId);
  const { except = [], only } = options;
  if ('only' in options && only === undefined) {
    // Often the field of a form that was not sent. To end all of them must not be what it comes to.
    throw new SessionError(
      'ERR_SESSION_USER',
      'only must be handles of sessions, received undefined: leave it out to end all',
    );
  }
  const spared = new Set([except].flat().map((session) => (typeof session === 'string' ? session : session.handle)));
  const wanted = only === undefined ? undefined : new Set([only].flat());
  const ended = await endEntered(context, userId, ({ handle }) => !spared.has(handle) && (wanted?.has(handle) ?? true));
  return ended.size;
}

/** Ends all sessions of a user that began before a time, each when it is next looked up. */
export async function revokeBefore(context: SaveContext, userId: string, time: Date | undefined): Promise<void> {
  assertUserId('revokeBefore', userId);
  const { owners, clock } = context;
  const now = clock();
  if (time === undefined) {
    // All that began until this moment, by the clock of whatever machine: also after an earlier revocation by one ahead.
    const last = await owners.read(userId);
    await owners.revoke(userId, Math.max(now, last.notBefore + 1));
    return;
  }
  const notBefore = time.getTime();
  if (!(notBefore <= now + CLOCK_TOLERANCE)) {
    const received = Number.isNaN(notBefore) ? 'one that is none' : new Date(notBefore).toISOString();
    throw new SessionError(
      'ERR_SESSION_USER',
      `revokeBefore must be given a time at most five minutes ahead of this machine's clock, received ${received}`,
    );
  }
  await owners.revoke(userId, notBefore);
}
