import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';
import { SessionError } from './errors.js';
import type { HookCaller } from './hooks.js';
import type { Lifetime } from './lifetime.js';
import type { Located } from './record.js';
import type { Identified, RecordAccess } from './record-access.js';
import type { SaveGroups } from './save-groups.js';
import type { SessionData } from './session-data.js';
import { draftConflict, type SessionDraft } from './session-draft.js';
import { fingerprint, keyOf, newSessionId } from './session-id.js';
import type { EpochMilliseconds } from './stores/store.js';

/** What the ways of saving have in common. */
export interface SaveContext {
  readonly records: RecordAccess;
  readonly groups: SaveGroups;
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

/** What became of the changes of one or several requests. */
export interface Saved {
  /** The session as it is now; `undefined` if it ended meanwhile, and the changes were dropped. */
  readonly at: Identified | undefined;
  /** The requests whose changes could not be made on what another one had saved, and why. */
  readonly refused: ReadonlyMap<SessionDraft<object>, unknown>;
}

/** Stores a new session under a new id. */
export async function begin(
  context: SaveContext,
  draft: SessionDraft<object>,
  data: SessionData,
): Promise<Whereabouts> {
  const { records, lifetime, clock, hooks } = context;
  const now = clock();
  const id = newSessionId();
  const ends = lifetime.ofNew(now);
  const user = draft.userId;
  const record = {
    createdAt: now,
    renewedAt: now,
    idleTimeout: lifetime.idleTimeout,
    ...(user !== undefined && { user }),
    data,
  };
  const { key } = await records.saveUnshared(keyOf(id), record, ends, undefined);
  hooks.call('created', { session: fingerprint(key) });
  return { id, deadline: ends.deadline };
}

/** Moves the idle end of a session that did not change. Whatever came first, another save or an end, stands. */
export async function touch({ records, lifetime, clock }: SaveContext, found: Located): Promise<boolean> {
  return (await records.touch(found, lifetime.ofUsed(found, clock()).expiresAt)) !== 'gone';
}

/**
 * Saves what requests of this process changed, one after the other in one write. If another process saved first, the
 * changes are made again on what that one left. If the session was destroyed meanwhile, or retired at a sign-in, there
 * is nothing to save to: that end wins.
 */
export async function saveChanges(
  context: SaveContext,
  drafts: readonly SessionDraft<object>[],
  start: Identified,
): Promise<Saved> {
  const { records, lifetime, clock } = context;
  const refused = new Map<SessionDraft<object>, unknown>();
  let target: Identified | undefined = start;
  for (let attempt = 1; target !== undefined; attempt++) {
    const { data, contested } = layer(drafts, target.record.data, refused);
    if (refused.size === drafts.length) {
      return { at: target, refused };
    }
    const ends = lifetime.ofUsed(target, clock());
    const result = await records.save(
      target.key,
      { ...target.record, idleTimeout: lifetime.idleTimeout, data },
      ends,
      target,
    );
    if (result.saved) {
      tellConflicts(context, target, contested);
      return { at: { ...result.located, id: target.id }, refused };
    }
    target = await currentAfterConflict(context, target, result.current, attempt);
  }
  for (const draft of drafts.filter((candidate) => !refused.has(candidate))) {
    const conflict = discard(context, draft, start);
    if (conflict !== undefined) {
      refused.set(draft, conflict);
    }
  }
  return { at: undefined, refused };
}

/** The changes of one request on those of the other. A request whose changes cannot be made holds up none of the others. */
function layer(
  drafts: readonly SessionDraft<object>[],
  base: SessionData,
  refused: Map<SessionDraft<object>, unknown>,
): { readonly data: SessionData; readonly contested: readonly string[] } {
  let data = base;
  const contested: string[] = [];
  for (const draft of drafts.filter((candidate) => !refused.has(candidate))) {
    try {
      const next = draft.dataOn(data);
      contested.push(...draft.contestedOn(data));
      data = next;
    } catch (error) {
      refused.set(draft, error);
    }
  }
  return { data, contested };
}

/** Tells of keys that requests gave different values at the same time. */
export function tellConflicts({ hooks }: SaveContext, target: Located, keys: readonly string[]): void {
  for (const key of keys) {
    hooks.call('conflict', { session: fingerprint(target.key), key });
  }
}

/**
 * Drops a request's changes, because its session ended. The hooks are told; a request that must not go on as if it had
 * been saved gets the error that it is to fail with.
 */
export function discard(
  { hooks }: SaveContext,
  draft: SessionDraft<object>,
  target: Located,
): SessionError | undefined {
  if (draft.status !== 'changed') {
    return undefined;
  }
  hooks.call('discarded', { session: fingerprint(target.key) });
  return draft.exclusive ? draftConflict() : undefined;
}

/**
 * The session that a refused save has to build on. The refusal itself brings it the first time; after more, a pause of
 * random length and a fresh look keep many writers from refusing each other in step.
 */
export async function currentAfterConflict(
  { records, clock }: SaveContext,
  { id, key }: Identified,
  current: Located | undefined,
  attempt: number,
): Promise<Identified | undefined> {
  if (attempt === 1 || current === undefined) {
    return records.follow(current && { ...current, id }, clock());
  }
  const pause = pauseBefore(attempt);
  if (pause >= records.budget.remaining) {
    throw new SessionError(
      'ERR_SESSION_CONFLICT',
      `session ${fingerprint(key)} was saved by others before each of ${attempt} attempts: too many parallel requests change it`,
    );
  }
  await sleep(pause);
  return records.follow(await records.read(id), clock());
}

/** How long to wait before trying again, in milliseconds: at random, and the longer, the more others there seem to be. */
export function pauseBefore(attempt: number): number {
  return Math.random() * Math.min(20 * 2 ** attempt, 800);
}
