import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';
import { SessionError } from './errors.js';
import type { HookCaller, RegenerationCause } from './hooks.js';
import type { Ends, Lifetime } from './lifetime.js';
import { type Located, NO_DATA, type SessionEnd, type SessionRecord } from './record.js';
import type { Identified, RecordAccess } from './record-access.js';
import type { SessionDraft } from './session-draft.js';
import { fingerprint, keyOf, newSessionId, successorOf } from './session-id.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** What the ways of saving have in common. */
export interface SaveContext {
  readonly records: RecordAccess;
  readonly lifetime: Lifetime;
  readonly clock: Clock;
  readonly hooks: HookCaller;
  /** Does what the visitor need not wait for or hear of if it fails. */
  readonly tolerate: (run: () => Promise<unknown>) => Promise<void>;
}

/** Where a session lives when its request ends: what the cookie has to say. */
export interface Whereabouts {
  readonly id: string;
  readonly deadline: EpochMilliseconds;
}

/** Stores a new session under a new id. */
export async function begin({ records, lifetime, clock, hooks }: SaveContext, data: string): Promise<Whereabouts> {
  const now = clock();
  const id = newSessionId();
  const ends = lifetime.ofNew(now);
  const record = { createdAt: now, renewedAt: now, idleTimeout: lifetime.idleTimeout, data };
  const { key } = await saveUnshared(records, keyOf(id), record, ends, undefined);
  hooks.call('created', { session: fingerprint(key) });
  return { id, deadline: ends.deadline };
}

/** Moves the idle end of a session that did not change. Whatever came first, another save or an end, stands. */
export async function touch({ records, lifetime, clock }: SaveContext, found: Located): Promise<boolean> {
  return (await records.touch(found, lifetime.ofUsed(found, clock()).expiresAt)) !== 'gone';
}

/**
 * Saves what a request changed. If another request saved first, this one's changes are made again on what that one
 * left. If the session was destroyed meanwhile, or retired at a sign-in, there is nothing to save to: that end wins.
 */
export async function saveChanges(
  context: SaveContext,
  draft: SessionDraft<object>,
  start: Identified,
): Promise<Whereabouts | undefined> {
  const { records, lifetime, clock } = context;
  let target: Identified | undefined = start;
  for (let attempt = 1; target !== undefined; attempt++) {
    const ends = lifetime.ofUsed(target, clock());
    const record = { ...target.record, idleTimeout: lifetime.idleTimeout, data: draft.dataOn(target) };
    const result = await records.save(target.key, record, ends, target);
    if (result.saved) {
      tellConflicts(context, draft, target);
      return { id: target.id, deadline: ends.deadline };
    }
    target = await currentAfterConflict(context, target, result.current, attempt);
  }
  tellDiscarded(context, draft, start);
  return undefined;
}

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
 * After a change of rights the old id answers nothing at once. After a renewal it leads to the session for a grace, and
 * every reply within it tells the browser the new id; of two requests that renew at the same time, one adopts the id of
 * the other.
 *
 * @returns where the session lives now, or `undefined` if it ended meanwhile
 */
export async function regenerate(
  context: SaveContext,
  draft: SessionDraft<object>,
  found: Identified,
  cause: RegenerationCause,
): Promise<Whereabouts | undefined> {
  const { records, lifetime, clock, hooks, tolerate } = context;
  const now = clock();
  const grace = cause === 'age' ? lifetime.graceAfterRenewal(now) : undefined;
  const id = grace === undefined ? newSessionId() : successorOf(found.id, grace.nonce);
  const key = keyOf(id);
  const end: SessionEnd = { kind: 'retired', successor: key, ...(grace && { grace }) };
  const successorTo = (old: Identified) => ({
    createdAt: old.record.createdAt,
    renewedAt: now,
    idleTimeout: lifetime.idleTimeout,
    data: draft.dataOn(old),
  });

  let old = found;
  let ends = lifetime.ofUsed(old, now);
  let fresh = await saveUnshared(records, key, successorTo(old), ends, undefined, old);
  for (let attempt = 1; ; attempt++) {
    const result = await records.save(old.key, { ...old.record, data: NO_DATA, end }, ends, old);
    if (result.saved) {
      tellConflicts(context, draft, old);
      hooks.call('renewed', { session: fingerprint(old.key), successor: fingerprint(key), cause });
      return { id, deadline: ends.deadline };
    }
    const next = await currentAfterConflict(context, old, result.current, attempt);
    if (next === undefined) {
      tellDiscarded(context, draft, old);
      await tolerate(() => records.remove(key));
      return undefined;
    }
    if (next.id !== old.id && cause === 'age') {
      const adopted = await adopt(context, draft, next);
      await tolerate(() => records.remove(key));
      return adopted;
    }
    old = next;
    ends = lifetime.ofUsed(old, now);
    fresh = await saveUnshared(records, key, successorTo(old), ends, fresh);
  }
}

/** Takes the id that another request renewed the session to, and saves there what this one changed. */
async function adopt(
  context: SaveContext,
  draft: SessionDraft<object>,
  renewed: Identified,
): Promise<Whereabouts | undefined> {
  return draft.changes.empty
    ? { id: renewed.id, deadline: context.lifetime.of(renewed).deadline }
    : saveChanges(context, draft, renewed);
}

/** Tells of keys that this request and another gave different values at the same time. */
function tellConflicts({ hooks }: SaveContext, draft: SessionDraft<object>, target: Located): void {
  for (const key of draft.contestedOn(target)) {
    hooks.call('conflict', { session: fingerprint(target.key), key });
  }
}

/** Tells that a request's changes found nothing to be saved to any more. */
function tellDiscarded({ hooks }: SaveContext, draft: SessionDraft<object>, target: Located): void {
  if (draft.status === 'changed') {
    hooks.call('discarded', { session: fingerprint(target.key) });
  }
}

/** How often a sign-out tries to end exactly the record that it saw, before it takes away whatever is there. */
const CAREFUL_ATTEMPTS = 3;

/**
 * Ends a session for good, and whatever it went on as.
 *
 * The record is marked as destroyed on condition that it is what was seen, so that a new id given out at the same
 * moment is not missed even if the reply to a write is lost; successors are ended first, so that a sign-out that fails
 * half-way can be repeated. Where others keep saving, the record is taken away without a condition: an end must not wait.
 */
export async function destroy(context: SaveContext, found: Located): Promise<void> {
  const { records, lifetime, clock } = context;
  let target: Located | undefined = found;
  for (let attempt = 1; attempt <= CAREFUL_ATTEMPTS; attempt++) {
    if (target === undefined || target.record.end?.kind === 'destroyed') {
      return;
    }
    await destroySuccessor(context, target);
    const record = { ...target.record, data: NO_DATA, end: { kind: 'destroyed' } as const };
    const result = await records.save(target.key, record, lifetime.ofUsed(target, clock()), target);
    if (result.saved) {
      return;
    }
    target = result.current;
  }
  // A removal that was carried out twice, its first reply lost, has nothing to say of what was there.
  const removed = (await records.remove(found.key)) ?? target;
  if (removed !== undefined) {
    await destroySuccessor(context, removed);
  }
}

async function destroySuccessor(context: SaveContext, { record }: Located): Promise<void> {
  if (record.end?.kind === 'retired') {
    const successor = await context.records.readKey(record.end.successor);
    if (successor !== undefined) {
      await destroy(context, successor);
    }
  }
}

/** Saves under a key that nobody else has yet, so that no conflict is possible. */
async function saveUnshared(
  records: RecordAccess,
  key: SessionKey,
  record: Omit<SessionRecord, 'recent'>,
  ends: Ends,
  expected: Located | undefined,
  predecessor?: Located,
): Promise<Located> {
  const result = await records.save(key, record, ends, expected, (expected ?? predecessor)?.stored.owner);
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
  { id, key }: Identified,
  current: Located | undefined,
  attempt: number,
): Promise<Identified | undefined> {
  if (attempt === 1 || current === undefined) {
    return records.follow(current && { ...current, id }, clock());
  }
  const pause = Math.random() * Math.min(20 * attempt, 400);
  if (pause >= records.budget.remaining) {
    throw new SessionError(
      'ERR_SESSION_CONFLICT',
      `session ${fingerprint(key)} was saved by others before each of ${attempt} attempts: too many parallel requests change it`,
    );
  }
  await sleep(pause);
  return records.follow(await records.read(id), clock());
}
