import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';
import { SessionError } from './errors.js';
import type { Lifetime } from './lifetime.js';
import type { Located, SessionData, SessionRecord } from './record.js';
import type { RecordAccess } from './record-access.js';
import type { SessionDraft } from './session-draft.js';
import { fingerprint, keyOf, newSessionId } from './session-id.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** What the ways of saving have in common: the store, the policy's times, and the time that it is. */
export interface SaveContext {
  readonly records: RecordAccess;
  readonly lifetime: Lifetime;
  readonly clock: Clock;
}

/** A session that got an id: what the cookie needs to know. */
export interface IdentifiedSession {
  readonly id: string;
  readonly deadline: EpochMilliseconds;
}

/** Stores a new session under a new id. */
export async function begin({ records, lifetime, clock }: SaveContext, data: SessionData): Promise<IdentifiedSession> {
  const now = clock();
  const id = newSessionId();
  const ends = lifetime.ofNew(now);
  const record = { createdAt: now, renewedAt: now, idleTimeout: lifetime.idleTimeout, data };
  await saveUnshared(records, keyOf(id), record, ends, undefined);
  return { id, deadline: ends.deadline };
}

/** Moves the idle end of a session that did not change. Whatever came first, another save or an end, stands. */
export async function touch({ records, lifetime, clock }: SaveContext, found: Located): Promise<void> {
  await records.touch(found, lifetime.ofUsed(found, clock()).expiresAt);
}

/**
 * Saves what a request changed. If another request saved first, this one's changes are made again on what that one
 * left. If the session was destroyed meanwhile, or retired at a sign-in, there is nothing to save to: that end wins.
 */
export async function saveChanges(context: SaveContext, draft: SessionDraft<object>, start: Located): Promise<void> {
  const { records, lifetime, clock } = context;
  let target: Located | undefined = start;
  for (let attempt = 1; target !== undefined; attempt++) {
    const ends = lifetime.ofUsed(target, clock());
    const record = { ...target.record, idleTimeout: lifetime.idleTimeout, data: dataOn(target, draft) };
    const result = await records.save(target.key, record, ends, target);
    if (result.saved) {
      return;
    }
    target = await currentAfterConflict(context, target.key, result.current, attempt);
  }
}

/** Why a session gets a new id: `privilege`, since the visitor's rights changed; `age`, since its id had grown old. */
export type RegenerationCause = 'privilege' | 'age';

/**
 * Gives a session a new id, by writes to single items only:
 *
 *     1  create the new record                                    crash here: an orphan that nobody has the id of
 *     2  compare-and-set the old one to retired → successor       from here on the old id is dead, or in its grace
 *
 * If the old record changed before step 2, what came in between is merged into the new record and step 2 is tried
 * again. If the old one is gone (signed out in parallel), so must the new one be: the end wins. A sign-out that arrives
 * with the old id afterwards finds the successor through the retired record.
 *
 * After a change of rights the old id answers nothing at once. After a renewal it leads to the session for a grace; and
 * of two requests that renew at the same time one leaves it to the other, or the browser might keep the id that lost.
 *
 * @returns the new id, or `undefined` if the session ended meanwhile or has a new id already
 */
export async function regenerate(
  context: SaveContext,
  draft: SessionDraft<object>,
  found: Located,
  cause: RegenerationCause,
): Promise<IdentifiedSession | undefined> {
  const { records, lifetime, clock } = context;
  const now = clock();
  const id = newSessionId();
  const key = keyOf(id);
  const ends = lifetime.ofUsed(found, now);
  const fresh = (old: Located): SessionRecord => ({
    createdAt: old.record.createdAt,
    renewedAt: now,
    idleTimeout: lifetime.idleTimeout,
    data: dataOn(old, draft),
  });
  const retired = { successor: key, graceUntil: cause === 'age' ? lifetime.graceAfterRenewal(now) : now };

  let old = found;
  let successor = await saveUnshared(records, key, fresh(old), ends, undefined);
  for (let attempt = 1; ; attempt++) {
    const result = await records.save(old.key, { ...old.record, data: new Map(), retired }, ends, old);
    if (result.saved) {
      return { id, deadline: ends.deadline };
    }
    const next = await currentAfterConflict(context, old.key, result.current, attempt);
    const renewedElsewhere = next !== undefined && next.key !== old.key;
    if (next === undefined || (renewedElsewhere && cause === 'age')) {
      await records.destroy(key);
      if (next !== undefined && !draft.changes.empty) {
        await saveChanges(context, draft, next);
      }
      return undefined;
    }
    old = next;
    successor = await saveUnshared(records, key, fresh(old), ends, successor);
  }
}

/** Ends a session for good, and whatever it went on as. */
export async function destroy({ records }: SaveContext, key: SessionKey): Promise<void> {
  let next: SessionKey | undefined = key;
  while (next !== undefined) {
    const destroyed: Located | undefined = await records.destroy(next);
    next = destroyed?.record.retired?.successor;
  }
}

/** Saves under a key that nobody else has yet, so that no conflict is possible. */
async function saveUnshared(
  records: RecordAccess,
  key: SessionKey,
  record: SessionRecord,
  ends: { readonly expiresAt: EpochMilliseconds; readonly deadline: EpochMilliseconds },
  expected: Located | undefined,
): Promise<Located> {
  const result = await records.save(key, record, ends, expected);
  if (!result.saved) {
    throw new SessionError(
      'ERR_SESSION_CONFLICT',
      `somebody else wrote session ${fingerprint(key)} before its id was given out: is the store shared with other code?`,
    );
  }
  return result.located;
}

/**
 * The session that a refused save has to build on. The refusal itself brings it the first time; after more, a pause of
 * random length and a fresh look keep many writers from refusing each other in step.
 */
async function currentAfterConflict(
  { records, clock }: SaveContext,
  key: SessionKey,
  current: Located | undefined,
  attempt: number,
): Promise<Located | undefined> {
  if (attempt === 1 || current === undefined) {
    return records.follow(current, clock());
  }
  const pause = Math.random() * Math.min(20 * attempt, 400);
  if (pause >= records.budget.remaining) {
    throw new SessionError(
      'ERR_SESSION_CONFLICT',
      `session ${fingerprint(key)} was saved by others before each of ${attempt} attempts: too many parallel requests change it`,
    );
  }
  await sleep(pause);
  return records.follow(await records.read(key), clock());
}

/** What a request's changes make of a session: worked out already for the one it found, done again for any other. */
function dataOn(target: Located, draft: SessionDraft<object>): SessionData {
  if (target === draft.found) {
    return draft.data;
  }
  const data = new Map(target.record.data);
  draft.changes.replay(data);
  return data;
}
