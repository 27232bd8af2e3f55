import type { CookieValue } from '../contract/cookie.js';
import type { PresentedCookie } from './cookies.js';
import { endRevoked } from './ending.js';
import type { HookCaller, RejectionReason } from './hooks.js';
import type { Located, SignIn } from './record.js';
import type { Identified } from './record-access.js';
import type { SaveContext } from './save-context.js';
import type { FoundSession } from './session-draft.js';
import { keyOf } from './session-id.js';
import type { SessionKey } from './stores/store.js';

/** What a cookie leads to whose session went on under another id that it does not lead to. */
export interface Retired {
  readonly retired: Located;
}

/** The living session that a cookie leads to. If it leads to none, the hooks are told why. */
export async function find(context: SaveContext, cookie: PresentedCookie): Promise<FoundSession | Retired | undefined> {
  const { records, lifetime, clock, hooks } = context;
  if (cookie.deadline * 1000 <= clock()) {
    return expire(hooks, keyOf(cookie.id));
  }
  const named = await records.read(cookie.id);
  if (named === undefined) {
    return missing(context, cookie);
  }
  let located = named;
  const { end } = named.record;
  if (end !== undefined) {
    const successor = await records.follow(named, clock());
    if (successor === undefined) {
      reject(hooks, end.kind);
      return end.kind === 'retired' ? { retired: named } : undefined;
    }
    located = successor;
  }
  if (lifetime.of(located).expiresAt <= clock()) {
    return expire(hooks, located.key);
  }
  const { signIn } = located.record;
  const checked = signIn !== undefined && lifetime.checkDue(signIn, clock());
  if (signIn !== undefined && (checked || context.policy.revocationCheck === 'request')) {
    const wanted = await stillWanted(context, located, signIn);
    if (wanted === undefined) {
      return reject(hooks, 'revoked');
    }
    located = checked ? wanted : located;
  }
  if (lifetime.touchFirst(located, clock())) {
    const alive = await keepAlive(context, located);
    if (alive === undefined) {
      return expire(hooks, located.key);
    }
    located = alive;
  }
  const { id, key, stored, record } = located;
  const { expiresAt, deadline } = lifetime.of(located);
  return { id, key, stored, record, expiresAt, deadline, cookie, checked };
}

/** Nothing is stored: a signed cookie knows whether something should be. */
function missing({ hooks, clock }: SaveContext, { id, signature }: CookieValue): undefined {
  if (signature === undefined) {
    return reject(hooks, 'unknown');
  }
  if (signature.aliveUntil * 1000 <= clock()) {
    return expire(hooks, keyOf(id));
  }
  hooks.callOf('lost', keyOf(id));
}

/**
 * The session with the note that the sessions of the user who is signed in were not revoked since it began. If they were,
 * it is ended.
 */
async function stillWanted(context: SaveContext, located: Identified, signIn: SignIn): Promise<Identified | undefined> {
  const checkedAt = context.clock();
  const { record } = located;
  const { notBefore } = await context.owners.read(signIn.user);
  if (record.createdAt < notBefore) {
    await endRevoked(context, located);
    return undefined;
  }
  return { ...located, record: { ...record, signIn: { ...signIn, checkedAt } } };
}

/** Touched before the handler and not after it, since the session would run out while the handler is at work. */
async function keepAlive(
  { records, lifetime, clock, tolerate }: SaveContext,
  located: Identified,
): Promise<Identified | undefined> {
  const { expiresAt } = lifetime.ofUsed(located, clock());
  let alive: Identified | undefined = located;
  await tolerate(async () => {
    const touched = await records.touch(located, expiresAt);
    alive = touched === 'gone' ? undefined : { ...located, stored: { ...located.stored, expiresAt } };
  });
  return alive;
}

function reject(hooks: HookCaller, reason: RejectionReason): undefined {
  hooks.call('rejected', { reason });
}

function expire(hooks: HookCaller, key: SessionKey): undefined {
  hooks.callOf('expired', key);
}
