import type { RegenerationCause } from './hooks.js';
import { type Identity, identityOfSuccessor, writeNew } from './identity.js';
import { leave } from './owned-entries.js';
import type { Proposal } from './proposal.js';
import { type Located, type SessionEnd, tombstoneOf } from './record.js';
import type { Identified } from './record-access.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import { currentAfterConflict, dropped, tellConflicts, whereaboutsOf } from './saves.js';
import type { SessionData } from './session-data.js';
import { fingerprint, keyOf, newSessionId, successorOf } from './session-id.js';

/**
 * Gives a session a new id, by writes to single items only:
 *
 *     1  enter the new key among the user's sessions, if one is signed in
 *     2  create the new record                                    crash here: an orphan that nobody has the id of
 *     3  compare-and-set the old one to retired → successor       from here on the old id is dead, or in its grace
 *     4  take the old key out of the user's sessions
 *
 * If the old record changed before step 3, what came in between is merged into the new record and step 3 is tried
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

  const undo = (identity: Identity) =>
    tolerate(async () => {
      await records.remove(key);
      await leave(context, { key, record: identity });
    });
  const move = async (identity: Identity): Promise<Moved> => {
    const create = (old: Identified, data: SessionData, expected: Located | undefined) => {
      const record = { ...identity, renewedAt: now, idleTimeout: lifetime.idleTimeout, data };
      return records.saveUnshared(key, record, endsAfter(old), expected);
    };
    let old = found;
    let outcome = proposal.on(old.record.data);
    let fresh = await create(old, outcome.data, undefined);
    for (let attempt = 1; fresh !== undefined; attempt++) {
      const result = await records.save(old.key, tombstoneOf(old.record, end), lifetime.ofEnded(old, now), old);
      if (result.saved) {
        await tolerate(() => leave(context, old));
        tellConflicts(context, old, outcome.contested);
        hooks.call('renewed', { session: fingerprint(old.key), successor: fingerprint(key), cause });
        return whereaboutsOf({ ...fresh, id });
      }
      const next = await currentAfterConflict(context, old, result.current, attempt);
      if (next === undefined || (next.id !== old.id && cause === 'age')) {
        await undo(identity);
        return next && adopt(context, proposal, next);
      }
      outcome = proposal.on(next.record.data);
      old = next;
      fresh = await create(old, outcome.data, fresh);
    }
    // All sessions of the user were ended at this moment, the one that was just about to begin among them.
    return undefined;
  };
  const moveOrUndo = (identity: Identity) =>
    move(identity).catch(async (error: unknown) => {
      if (cause !== 'age') {
        // Nobody will be told the new id. One that comes of age can be worked out, if the old record was retired after all.
        await undo(identity);
      }
      throw error;
    });

  const place = { key, now, deadline: endsAfter(found).deadline };
  const moved = await (cause === 'login'
    ? writeNew(context, proposal, place, found, moveOrUndo)
    : identityOfSuccessor(context, found, place).then((identity) => identity && moveOrUndo(identity)));
  return moved === 'discarded' ? undefined : (moved ?? dropped(context, proposal, found.key));
}

/** What a move comes to. `undefined`: the session ended meanwhile. `discarded`: so it did, and the hooks have been told. */
type Moved = Whereabouts | 'discarded' | undefined;

/** Takes the id that another request renewed the session to, and saves there what this one changed. */
async function adopt(context: SaveContext, proposal: Proposal, renewed: Identified): Promise<Moved> {
  return proposal.dirty
    ? ((await context.saveWithOthers(proposal, renewed)) ?? 'discarded')
    : { id: renewed.id, ...context.lifetime.of(renewed) };
}
