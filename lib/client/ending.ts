import { leave } from './owned-entries.js';
import { conflict } from './proposal.js';
import { type Located, tombstoneOf } from './record.js';
import type { SaveResult } from './record-access.js';
import type { SaveContext } from './save-context.js';

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
  const { records } = context;
  let target: Located | undefined = found;
  for (let attempt = 1; attempt <= CAREFUL_ATTEMPTS; attempt++) {
    if (target === undefined || target.record.end?.kind === 'destroyed') {
      return;
    }
    await destroySuccessor(context, target);
    const result = await bury(context, target, target);
    if (result.saved) {
      return;
    }
    target = result.current;
  }
  // A removal that was carried out twice, its first reply lost, has nothing to say of what was there.
  const removed = (await records.remove(found.key)) ?? target;
  if (removed !== undefined) {
    await destroySuccessor(context, removed);
    // Without it, who comes back with the cookie would be told to be one whose session was lost.
    await context.tolerate(() => bury(context, found, undefined));
  }
}

/**
 * Ends a session if nobody changed it since it was found: for requests that must be built on exactly that.
 *
 * @throws SessionError ERR_SESSION_CONFLICT if somebody did
 */
export async function destroyUnchanged(context: SaveContext, found: Located): Promise<void> {
  // That its use was noted meanwhile is no change.
  const buried = await buryWhile(context, found, ({ record }) => record.data.equals(found.record.data));
  if (!buried) {
    throw conflict();
  }
}

/**
 * Ends a session that began before its user's sessions were revoked, and not what it went on as: a sign-in that came
 * after the revocation, for instance. What it was renewed to is looked up by its own next request.
 */
export async function endRevoked(context: SaveContext, found: Located): Promise<void> {
  if (await buryWhile(context, found, () => true)) {
    context.hooks.callOf('destroyed', found.key);
  }
}

/** Buries a session, and again as others saved it, as long as it lives under its key and still is what is to be buried. */
async function buryWhile(
  context: SaveContext,
  found: Located,
  isMeant: (current: Located) => boolean,
): Promise<boolean> {
  let target: Located | undefined = found;
  for (let attempt = 1; attempt <= CAREFUL_ATTEMPTS && target !== undefined; attempt++) {
    const result: SaveResult = await bury(context, target, target);
    if (result.saved) {
      return true;
    }
    const { current } = result;
    target = current?.record.end === undefined && current !== undefined && isMeant(current) ? current : undefined;
  }
  return false;
}

/** Marks a record as destroyed, in place of what is expected to be there. */
async function bury(context: SaveContext, target: Located, expected: Located | undefined): Promise<SaveResult> {
  const { records, lifetime, clock, tolerate } = context;
  const tombstone = tombstoneOf(target.record, { kind: 'destroyed' });
  const result = await records.save(target.key, tombstone, lifetime.ofEnded(target, clock()), expected);
  if (result.saved) {
    await tolerate(() => leave(context, target));
  }
  return result;
}

async function destroySuccessor(context: SaveContext, { record }: Located): Promise<void> {
  if (record.end?.kind === 'retired') {
    const successor = await context.records.readKey(record.end.successor);
    if (successor !== undefined) {
      await destroy(context, successor);
    }
  }
}
