import { type CookieValue, formatCookieValue, parseCookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { clearCookie, cookieValues, setCookie } from './cookie-header.js';
import { DataModel, type DataOptions } from './data-model.js';
import { destroy, destroyUnchanged } from './ending.js';
import { SessionError } from './errors.js';
import type { HookCaller, RejectionReason } from './hooks.js';
import type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
import { isSignedWith, signedCookieValue } from './keys/cookie-signature.js';
import { KeyCache, type SecretReader } from './keys/key-cache.js';
import { Lifetime } from './lifetime.js';
import type { Proposal } from './proposal.js';
import type { Located } from './record.js';
import { type Identified, RecordAccess } from './record-access.js';
import { regenerate } from './regeneration.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import { SaveGroups } from './save-groups.js';
import { begin, discard, saveChanges, touch } from './saves.js';
import type { Concurrency } from './session.js';
import { type FoundSession, SessionDraft } from './session-draft.js';
import { fingerprint, keyOf } from './session-id.js';
import type { EpochMilliseconds, SessionKey, SessionStore } from './stores/store.js';

/** What an engine works with. */
export interface EngineOptions<Data extends object> {
  readonly store: SessionStore;
  readonly policy: PolicyContract;
  readonly clock: Clock;
  /** The longest that one call to the store may take, in milliseconds. */
  readonly callTimeout: number;
  /** What a save does when another request saved the same session first. @default 'merge' */
  readonly concurrency?: Concurrency;
  /** What the application says of the shape of its data. @default - nothing */
  readonly data?: DataOptions<Data>;
  /** Where the keys are read that cookies are signed with. @default - they are not signed */
  readonly keys?: EngineKeys;
  /** Is told what happens to sessions. Failures of the store that fail a request are the caller's to tell. */
  readonly hooks: HookCaller;
}

/** The keys that cookies are signed with. */
export interface EngineKeys {
  readonly read: SecretReader;
  /** Whether cookies that are not signed still count, and are signed in the reply. */
  readonly acceptsUnprotected: boolean;
}

/** What a cookie leads to whose session went on under another id that it does not lead to. */
interface Retired {
  readonly retired: Located;
}

/** The longest that one request may spend on loading or on saving, in milliseconds, however many calls it makes. */
const REQUEST_TIMEOUT = 10_000;

/** What of a function's remaining time is left to its host for the reply, in milliseconds. */
const REPLY_TIME = 100;

/** How many cookies of our name are looked up: a browser sends several if a neighbour or an older stack set one, too. */
const MOST_COOKIES = 3;

/**
 * Finds sessions and saves them: what a session is, for every store and every host.
 *
 *     load    no cookie, or one that cannot be ours: no call       otherwise one read
 *     commit  unchanged: no call, or one touch when it is due      changed: one write, more only on a conflict
 */
export class SessionEngine<Data extends object> implements SessionGate<SessionDraft<Data>> {
  readonly #options: EngineOptions<Data>;
  readonly #lifetime: Lifetime;
  readonly #model: DataModel<Data>;
  readonly #groups = new SaveGroups();
  readonly #keys: KeyCache | undefined;

  constructor(options: EngineOptions<Data>) {
    this.#options = options;
    this.#lifetime = new Lifetime(options.policy);
    this.#model = new DataModel(options.data ?? {}, options.store.capacity);
    const { keys, clock, hooks } = options;
    this.#keys = keys && new KeyCache(keys.read, clock, hooks);
  }

  async load(
    cookieHeaders: readonly string[],
    options: GateOptions = {},
    concurrency = this.#options.concurrency ?? 'merge',
  ): Promise<SessionDraft<Data>> {
    const { hooks, policy } = this.#options;
    const values = cookieValues(cookieHeaders, policy.cookie.name);
    const common = { model: this.#model, concurrency, hadCookie: values.length > 0 };
    const context = this.#context(options);
    let retired: Located | undefined;
    const cookies = plausibleFirst(values).slice(0, MOST_COOKIES);
    for (const [index, cookie] of cookies.entries()) {
      const found = await this.#find(context, cookie);
      if (found !== undefined && 'record' in found) {
        const session = fingerprint(found.key);
        hooks.call('loaded', { session });
        const others = cookies.slice(index + 1).filter((other) => other !== undefined);
        return new SessionDraft(found, {
          ...common,
          others,
          onReset: (paths) => hooks.call('reset', { session, paths }),
        });
      }
      retired ??= found?.retired;
    }
    return new SessionDraft<Data>(undefined, {
      ...common,
      others: [],
      ...(retired && { retired, overtaken: this.#lifetime.mayBeOvertaken(retired.record.end, this.#options.clock()) }),
      onReset: () => undefined,
    });
  }

  async commit(draft: SessionDraft<Data>, options: GateOptions = {}): Promise<CommitResult> {
    const proposal = draft.close();
    const { found, retired } = draft;
    const context = this.#context(options);
    if (found !== undefined && !proposal.ended) {
      const whereabouts = await this.#save(context, proposal, found);
      // The browser is told where the session lives unless it knows; not, if it ended before that could be said.
      const told = whereabouts === undefined || (whereabouts.id === found.cookieId && !found.resign);
      return told ? {} : this.#give(context, whereabouts);
    }
    if (found === undefined && proposal.ended && retired !== undefined) {
      // A sign-out with an id from before ends what the session went on as.
      await destroy(context, retired);
      context.hooks.call('destroyed', { session: fingerprint(retired.key) });
    }
    if (found !== undefined) {
      await (proposal.exclusive ? destroyUnchanged(context, found) : destroy(context, found));
      context.hooks.call('destroyed', { session: fingerprint(found.key) });
      await this.#destroyOthers(context, draft.others);
    }
    if (proposal.begins && retired !== undefined && draft.overtaken && !proposal.ended && proposal.user === undefined) {
      // A sign-in overtook this request: another session's cookie would sign the visitor out again.
      const [error] = discard(context, [proposal], retired.key).values();
      if (error !== undefined) {
        throw error;
      }
      return {};
    }
    if (proposal.begins) {
      // The keys first: a session whose cookie cannot be signed would be lost to its visitor.
      await this.#keys?.ring(context.records.budget);
      return this.#give(context, await begin(context, proposal));
    }
    return proposal.ended && draft.hadCookie ? { setCookie: clearCookie(this.#options.policy.cookie) } : {};
  }

  /** The living session that a cookie leads to. If it leads to none, the hooks are told why. */
  async #find(context: SaveContext, cookie: CookieValue | undefined): Promise<FoundSession | Retired | undefined> {
    const { records, clock, hooks, tolerate } = context;
    if (cookie === undefined) {
      return reject(hooks, 'malformed');
    }
    const signature = await this.#signatureOf(context, cookie);
    if (signature === 'forged') {
      return reject(hooks, 'forged');
    }
    if (cookie.deadline * 1000 <= clock()) {
      return expire(hooks, keyOf(cookie.id));
    }
    const named = await records.read(cookie.id);
    // Most are where the cookie says: those need no step further.
    const located = named?.record.end === undefined ? named : await records.follow(named, clock());
    if (located === undefined) {
      reject(hooks, named?.record.end?.kind ?? 'unknown');
      return named?.record.end?.kind === 'retired' ? { retired: named } : undefined;
    }
    if (this.#lifetime.of(located).expiresAt <= clock()) {
      return expire(hooks, located.key);
    }
    let alive: Identified | undefined = located;
    if (this.#lifetime.endsSoon(located, clock()) && this.#touchDue(located)) {
      // Touched before the handler and not after it: the session must not run out while the handler is at work.
      const { expiresAt } = this.#lifetime.ofUsed(located, clock());
      await tolerate(async () => {
        const touched = await touch(context, located);
        alive = touched ? { ...located, stored: { ...located.stored, expiresAt } } : undefined;
      });
    }
    return alive === undefined
      ? expire(hooks, located.key)
      : { ...alive, ...this.#lifetime.of(alive), cookieId: cookie.id, resign: signature === 'outdated' };
  }

  /** What a cookie's signature is worth: nothing is asked of the store for one that is forged. */
  async #signatureOf({ records, clock }: SaveContext, cookie: CookieValue): Promise<'valid' | 'outdated' | 'forged'> {
    const { keys, policy } = this.#options;
    if (this.#keys === undefined) {
      return 'valid';
    }
    if (cookie.signature === undefined) {
      return keys?.acceptsUnprotected ? 'outdated' : 'forged';
    }
    const ring = await this.#keys.ringWith(cookie.signature.keyId, records.budget);
    const key = ring.find(cookie.signature.keyId);
    if (key === undefined || !isSignedWith(policy.cookie.name, cookie, key)) {
      return 'forged';
    }
    return key === ring.signer(clock()) ? 'valid' : 'outdated';
  }

  /** Ends what the other cookies of a visitor lead to: the next request would find that, and he would still be signed in. */
  async #destroyOthers(context: SaveContext, cookies: readonly CookieValue[]): Promise<void> {
    for (const cookie of cookies) {
      const forged = (await this.#signatureOf(context, cookie)) === 'forged';
      const other = forged ? undefined : await context.records.read(cookie.id);
      if (other !== undefined) {
        await destroy(context, other);
      }
    }
  }

  async #save(context: SaveContext, proposal: Proposal, found: FoundSession): Promise<Whereabouts | undefined> {
    const { clock, saveWithOthers, tolerate } = context;
    if (proposal.newId !== undefined) {
      return regenerate(context, proposal, found, proposal.newId);
    }
    const renewalDue = this.#lifetime.renewalDue(found, clock());
    if (proposal.dirty) {
      return renewalDue ? regenerate(context, proposal, found, 'age') : saveWithOthers(proposal, found);
    }
    // Nothing of the visitor's is at stake from here on: a store in trouble does not cost her the reply.
    let whereabouts: Whereabouts | undefined = found;
    if (renewalDue) {
      await tolerate(async () => {
        whereabouts = await regenerate(context, proposal, found, 'age');
      });
    } else if (this.#lifetime.touchDue(found, clock())) {
      await tolerate(() =>
        this.#lifetime.touchSuffices(found) ? touch(context, found) : saveChanges(context, [proposal], found),
      );
    }
    return whereabouts;
  }

  /** A touch moves the idle end only of a record that was saved under today's idle timeout; others are saved anew. */
  #touchDue(located: Identified): boolean {
    return this.#lifetime.touchSuffices(located) && this.#lifetime.touchDue(located, this.#options.clock());
  }

  #context({ remainingMs = Number.POSITIVE_INFINITY }: GateOptions): SaveContext {
    const { store, clock, callTimeout, hooks } = this.#options;
    const budget = new CallBudget(callTimeout, Math.min(REQUEST_TIMEOUT, remainingMs - REPLY_TIME));
    const tolerate = async (run: () => Promise<unknown>) => {
      try {
        await run();
      } catch (error) {
        if (!(error instanceof SessionError)) {
          throw error;
        }
        hooks.call('storeError', error);
      }
    };
    const records = new RecordAccess(store, budget);
    const context: SaveContext = {
      records,
      lifetime: this.#lifetime,
      clock,
      hooks,
      tolerate,
      saveWithOthers: (proposal, start) => this.#groups.save(context, proposal, start),
    };
    return context;
  }

  async #give({ records }: SaveContext, { id, deadline }: Whereabouts): Promise<CommitResult> {
    const { policy, clock } = this.#options;
    const cookie = { id, deadline: Math.ceil(deadline / 1000) };
    const signer = (await this.#keys?.ring(records.budget))?.signer(clock());
    const value = signer ? signedCookieValue(policy.cookie.name, cookie, signer) : formatCookieValue(cookie);
    return { setCookie: setCookie(policy.cookie, value, secondsUntil(deadline, clock())) };
  }
}

function reject(hooks: HookCaller, reason: RejectionReason): undefined {
  hooks.call('rejected', { reason });
}

function expire(hooks: HookCaller, key: SessionKey): undefined {
  hooks.call('expired', { session: fingerprint(key) });
}

/** The cookies that values spell; those that spell none come last. */
function plausibleFirst(values: readonly string[]): readonly (CookieValue | undefined)[] {
  const cookies = values.map(parseCookieValue);
  return [...cookies.filter((cookie) => cookie !== undefined), ...cookies.filter((cookie) => cookie === undefined)];
}

function secondsUntil(time: EpochMilliseconds, now: EpochMilliseconds): number {
  return Math.max(0, Math.ceil((time - now) / 1000));
}
