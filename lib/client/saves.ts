import { setTimeout as sleep } from 'node:timers/promises';
import { SessionError } from './errors.js';
import { writeNew } from './identity.js';
import { layersOn } from './layers.js';
import { conflict, type Proposal } from './proposal.js';
import type { Located } from './record.js';
import { type Identified, identified } from './record-access.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import type { FoundSession } from './session-draft.js';
import { fingerprint, keyOf, newSessionId } from './session-id.js';
import type { EpochMilliseconds, SessionKey } from './stores/store.js';

/** What became of the changes of one or several requests. */
export interface Saved {
  /** The session as it is now; `undefined` if it ended meanwhile, and the changes were dropped. */
  readonly at: Identified | undefined;
  /** The requests whose changes could not be made on what another one had saved, and why. */
  readonly refused: ReadonlyMap<Proposal, unknown>;
}

/**
 * Stores a new session under a new id. `undefined`: all sessions of the user who signs in were ended at that moment.
 *
 * @param first what is to be done before, once it is known that the user may sign in
 * @throws SessionError ERR_SESSION_LIMIT as `admit` does
 */
export async function begin(
  context: SaveContext,
  proposal: Proposal,
  first: () => Promise<void>,
): Promise<Whereabouts | undefined> {
  const { records, lifetime, clock, hooks } = context;
  const now = clock();
  const id = newSessionId();
  const key = keyOf(id);
  const ends = lifetime.ofNew(now);
  const created = await writeNew(context, proposal, { key, now, ...ends }, undefined, async (identity) => {
    await first();
    const record = { ...identity, renewedAt: now, idleTimeout: lifetime.idleTimeout, data: proposal.data };
    return records.saveUnshared(key, record, ends, undefined);
  });
  if (created === undefined) {
    return dropped(context, proposal, key);
  }
  hooks.callOf('created', key);
  return whereaboutsOf({ ...created, id });
}

/**
 * Notes the use of a session that did not change: by a touch, or by saving it as it is where more is to be noted. Whatever
 * came first stands.
 *
 * @returns the session's new idle end; `undefined` if something else came first
 */
export async function keepUp(context: SaveContext, found: FoundSession): Promise<EpochMilliseconds | undefined> {
  const { records, lifetime, clock } = context;
  const ends = lifetime.ofUsed(found, clock());
  if (!found.checked && lifetime.touchSuffices(found)) {
    return (await records.touch(found, ends.expiresAt)) === 'ok' ? ends.expiresAt : undefined;
  }
  const record = { ...found.record, idleTimeout: lifetime.idleTimeout };
  const { saved } = await records.save(found.key, record, ends, found);
  return saved ? ends.expiresAt : undefined;
}

/**
 * Saves what requests of this process changed, one after the other in one write. If another process saved first, the
 * changes are made again on what that one left. If the session was destroyed meanwhile, or retired at a sign-in, there
 * is nothing to save to: that end wins.
 */
export async function saveChanges(
  context: SaveContext,
  proposals: readonly Proposal[],
  start: Identified,
): Promise<Saved> {
  const { records, lifetime, clock } = context;
  let target: Identified | undefined = start;
  for (let attempt = 1; target !== undefined; attempt++) {
    const { data, contested, refused } = layersOn(target.record.data, proposals);
    if (refused.size === proposals.length) {
      return { at: target, refused };
    }
    const ends = lifetime.ofUsed(target, clock());
    const { createdAt, renewedAt, signIn } = target.record;
    const record = { createdAt, renewedAt, idleTimeout: lifetime.idleTimeout, signIn, data };
    const result = await records.save(target.key, record, ends, target);
    if (result.saved) {
      tellConflicts(context, target, contested);
      return { at: identified(result.located, target.id), refused };
    }
    target = await currentAfterConflict(context, target, result.current, attempt);
  }
  return { at: undefined, refused: discard(context, proposals, start.key) };
}

/** Tells of keys that requests gave different values at the same time. */
export function tellConflicts({ hooks }: SaveContext, target: Located, keys: readonly string[]): void {
  for (const key of keys) {
    hooks.call('conflict', { session: fingerprint(target.key), key });
  }
}

/**
 * Drops the changes of requests, because their session ended. The hooks are told, and those requests that must not go on
 * as if they had been saved get the error that they are to fail with.
 */
function discard(
  { hooks }: SaveContext,
  proposals: readonly Proposal[],
  key: SessionKey,
): ReadonlyMap<Proposal, SessionError> {
  const lost = proposals.filter(({ matters }) => matters);
  for (const _ of lost) {
    hooks.callOf('discarded', key);
  }
  return new Map(lost.filter(({ strict }) => strict).map((proposal) => [proposal, conflict()]));
}

/** The session ended, and what the request did to it with it. */
export function dropped(context: SaveContext, proposal: Proposal, key: SessionKey): undefined {
  const error = discard(context, [proposal], key).get(proposal);
  if (error !== undefined) {
    throw error;
  }
}

/** What the cookie has to say of a session that was just saved. */
export function whereaboutsOf({ id, stored: { deadline, expiresAt } }: Identified): Whereabouts {
  return { id, deadline, expiresAt };
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
    return records.follow(current && identified(current, id), clock());
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
