import type { RegenerationCause } from './hooks.js';
import type { Proposal } from './proposal.js';
import { type Located, type SessionEnd, tombstoneOf } from './record.js';
import type { Identified } from './record-access.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import { currentAfterConflict, discard, tellConflicts } from './saves.js';
import type { SessionData } from './session-data.js';
import { fingerprint, keyOf, newSessionId, successorOf } from './session-id.js';

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
 * After a change of rights the old id answers nothing at once; at a sign-in the session's life begins anew, too, with a
 * deadline of its own. After a renewal the old id leads to the session for a grace, and every reply within it tells the
 * browser the new id; of two requests that renew at the same time, one adopts the id of the other.
 *
 * @returns where the session lives now, or `undefined` if it ended meanwhile
 */
export async function regenerate(
  context: SaveContext,
  proposal: Proposal,
  found: Identified,
  cause: RegenerationCause,
): Promise<Whereabouts | undefined> {
  const { records, lifetime, clock, hooks, tolerate } = context;
  const now = clock();
  const grace = cause === 'age' ? lifetime.graceAfterRenewal(now) : undefined;
  const id = grace === undefined ? newSessionId() : successorOf(found.id, grace.nonce);
  const key = keyOf(id);
  const end: SessionEnd = { kind: 'retired', successor: key, at: now, ...(grace && { grace }) };
  const endsAfter = (old: Located) => (cause === 'login' ? lifetime.ofNew(now) : lifetime.ofUsed(old, now));
  const create = (old: Identified, data: SessionData, expected: Located | undefined) => {
    const user = cause === 'login' ? proposal.user : old.record.user;
    const record = {
      createdAt: cause === 'login' ? now : old.record.createdAt,
      renewedAt: now,
      idleTimeout: lifetime.idleTimeout,
      ...(user !== undefined && { user }),
      data,
    };
    return records.saveUnshared(key, record, endsAfter(old), expected);
  };

  let old = found;
  let outcome = proposal.on(old.record.data);
  let fresh = await create(old, outcome.data, undefined);
  for (let attempt = 1; ; attempt++) {
    const result = await records.save(old.key, tombstoneOf(old.record, end), lifetime.ofUsed(old, now), old);
    if (result.saved) {
      tellConflicts(context, old, outcome.contested);
      hooks.call('renewed', { session: fingerprint(old.key), successor: fingerprint(key), cause });
      return { id, deadline: fresh.stored.deadline };
    }
    const next = await currentAfterConflict(context, old, result.current, attempt);
    if (next === undefined || (next.id !== old.id && cause === 'age')) {
      await tolerate(() => records.remove(key));
      return next === undefined ? drop(context, proposal, old) : adopt(context, proposal, next);
    }
    try {
      outcome = proposal.on(next.record.data);
    } catch (error) {
      await tolerate(() => records.remove(key));
      throw error;
    }
    old = next;
    fresh = await create(old, outcome.data, fresh);
  }
}

/** The session ended, and what the request did to it with it. */
function drop(context: SaveContext, proposal: Proposal, old: Identified): undefined {
  const error = discard(context, [proposal], old.key).get(proposal);
  if (error !== undefined) {
    throw error;
  }
}

/** Takes the id that another request renewed the session to, and saves there what this one changed. */
async function adopt(context: SaveContext, proposal: Proposal, renewed: Identified): Promise<Whereabouts | undefined> {
  return proposal.dirty
    ? context.saveWithOthers(proposal, renewed)
    : { id: renewed.id, deadline: context.lifetime.of(renewed).deadline };
}
