import type { CookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { Cookies, type PresentedCookie } from './cookies.js';
import { DataModel, type DataOptions } from './data-model.js';
import { destroy, destroyUnchanged } from './ending.js';
import { SessionError } from './errors.js';
import { find } from './finding.js';
import type { HookCaller } from './hooks.js';
import type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
import { KeyCache, type SecretReader } from './keys/key-cache.js';
import { RecordVault } from './keys/record-vault.js';
import { Lifetime } from './lifetime.js';
import {
  type DestroyByOwnerOptions,
  destroyByOwner,
  listByOwner,
  revokeBefore,
  type SignedInSession,
} from './owned-sessions.js';
import { OwnerAccess } from './owner-access.js';
import type { Proposal } from './proposal.js';
import type { Located } from './record.js';
import { RecordAccess } from './record-access.js';
import { regenerate } from './regeneration.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import { SaveGroups } from './save-groups.js';
import { begin, dropped, keepUp } from './saves.js';
import type { Concurrency } from './session.js';
import { type FoundSession, SessionDraft } from './session-draft.js';
import { fingerprint } from './session-id.js';
import type { SessionStore } from './stores/store.js';

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
  /** Whether it may end sessions and read none. @default false */
  readonly revokesOnly?: boolean;
  /** Is told what happens to sessions. Failures of the store that fail a request are the caller's to tell. */
  readonly hooks: HookCaller;
}

/** The keys that cookies are signed with, and data is encrypted with when asked for. */
export interface EngineKeys {
  readonly read: SecretReader;
  /** Whether the records of sessions are encrypted. */
  readonly encryptsData: boolean;
  /** Whether cookies that are not signed, and records that are not encrypted, still count. */
  readonly acceptsUnprotected: boolean;
}

/** The longest that one request may spend on loading or on saving, in milliseconds, however many calls it makes. */
const REQUEST_TIMEOUT = 10_000;

/** What of a function's remaining time is left to its host for the reply, in milliseconds. */
const REPLY_TIME = 100;

/** How many cookies of our name are looked up: a browser sends several if a neighbour or an older stack set one, too. */
const MOST_COOKIES = 3;

/** How many of them are looked at: who can set cookies here must not be able to hide the real one. */
const MOST_VERIFIED = 20;

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
  readonly #cookies: Cookies;
  readonly #vault: RecordVault | undefined;

  constructor(options: EngineOptions<Data>) {
    this.#options = options;
    this.#lifetime = new Lifetime(options.policy);
    this.#model = new DataModel(options.data ?? {}, options.store);
    const { keys: source, policy, clock, hooks } = options;
    const keys = source && new KeyCache(source.read, clock, hooks);
    this.#cookies = new Cookies(policy, keys && { keys, acceptsUnprotected: source.acceptsUnprotected }, clock);
    this.#vault =
      keys &&
      new RecordVault(keys, clock, { encrypts: source.encryptsData, acceptsUnprotected: source.acceptsUnprotected });
  }

  async load(
    cookieHeaders: readonly string[],
    options: GateOptions = {},
    concurrency = this.#options.concurrency ?? 'merge',
  ): Promise<SessionDraft<Data>> {
    this.#assertReads('sessions of visitors');
    const { hooks } = this.#options;
    const all = this.#cookies.read(cookieHeaders);
    const context = this.#context(options);
    let retired: Located | undefined;
    const cookies = await this.#genuine(context, all);
    for (const [index, cookie] of cookies.entries()) {
      const found = await find(context, cookie);
      if (found !== undefined && 'record' in found) {
        hooks.callOf('loaded', found.key);
        const onReset = (paths: readonly string[]) => hooks.call('reset', { session: fingerprint(found.key), paths });
        const others = cookies.slice(index + 1);
        return new SessionDraft(found, { model: this.#model, concurrency, hadCookie: true, others, onReset });
      }
      retired ??= found?.retired;
    }
    return new SessionDraft<Data>(undefined, {
      model: this.#model,
      concurrency,
      hadCookie: all.length > 0,
      others: [],
      ...(retired && { retired, overtaken: this.#lifetime.mayBeOvertaken(retired.record.end, this.#options.clock()) }),
      onReset: () => undefined,
    });
  }

  async commit(draft: SessionDraft<Data>, options: GateOptions = {}): Promise<CommitResult> {
    const proposal = draft.close();
    const { found, retired } = draft;
    if (found !== undefined && this.#isSettled(proposal, found)) {
      return {};
    }
    const context = this.#context(options);
    if (found !== undefined && !proposal.ended) {
      const whereabouts = await this.#save(context, proposal, found);
      // The browser is told where the session lives unless it knows; not, if it ended before that could be said.
      const knows = whereabouts === undefined || this.#cookies.tells(found.cookie, whereabouts);
      return knows ? {} : this.#give(context, whereabouts);
    }
    if (proposal.begins && retired !== undefined && draft.overtaken && !proposal.ended && proposal.user === undefined) {
      // A sign-in overtook this request: another session's cookie would sign the visitor out again.
      dropped(context, proposal, retired.key);
      return {};
    }
    if (proposal.begins) {
      await this.#cookies.prepare(context.records.budget);
      const whereabouts = await begin(context, proposal, () => this.#end(context, draft, proposal));
      return whereabouts === undefined ? {} : this.#give(context, whereabouts);
    }
    await this.#end(context, draft, proposal);
    return proposal.ended && draft.hadCookie ? { setCookie: this.#cookies.clear() } : {};
  }

  async listByOwner(userId: string): Promise<readonly SignedInSession[]> {
    this.#assertReads('listByOwner');
    return listByOwner(this.#contextOfOwners('listByOwner'), userId);
  }

  async destroyByOwner(userId: string, options?: DestroyByOwnerOptions): Promise<number> {
    return destroyByOwner(this.#contextOfOwners('destroyByOwner'), userId, options);
  }

  async revokeBefore(userId: string, time?: Date): Promise<void> {
    return revokeBefore(this.#contextOfOwners('revokeBefore'), userId, time);
  }

  /** The cookies that are worth looking up. Those that are not cost the store nothing, and the others not their turn. */
  async #genuine(
    { records, hooks }: SaveContext,
    all: readonly (CookieValue | undefined)[],
  ): Promise<PresentedCookie[]> {
    const cookies: PresentedCookie[] = [];
    for (const cookie of all.slice(0, MOST_VERIFIED)) {
      const standing = cookie && (await this.#cookies.standing(cookie, records.budget));
      if (cookie === undefined || standing === 'forged') {
        hooks.call('rejected', { reason: cookie === undefined ? 'malformed' : 'forged' });
      } else if (cookies.length < MOST_COOKIES) {
        const { id, deadline, signature } = cookie;
        cookies.push({ id, deadline, signature, outdated: standing === 'outdated' });
      }
    }
    return cookies;
  }

  /** Ends the session that the request signed out of. */
  async #end(context: SaveContext, { found, retired, others }: SessionDraft<Data>, proposal: Proposal): Promise<void> {
    if (found !== undefined && proposal.ended) {
      await (proposal.exclusive ? destroyUnchanged(context, found) : destroy(context, found));
      context.hooks.callOf('destroyed', found.key);
      await this.#destroyOthers(context, others);
    } else if (retired !== undefined && proposal.ended) {
      // With an id from before: what the session went on as.
      await destroy(context, retired);
      context.hooks.callOf('destroyed', retired.key);
    }
  }

  /** Ends what the other cookies of a visitor lead to: the next request would find that, and he would still be signed in. */
  async #destroyOthers(context: SaveContext, cookies: readonly CookieValue[]): Promise<void> {
    for (const { id } of cookies) {
      const other = await context.records.read(id);
      if (other !== undefined) {
        await destroy(context, other);
      }
    }
  }

  /** Whether there is nothing to store, and nothing to tell the browser: so it is after most requests. */
  #isSettled(proposal: Proposal, found: FoundSession): boolean {
    const now = this.#options.clock();
    return (
      !proposal.matters &&
      !found.checked &&
      !this.#lifetime.renewalDue(found, now) &&
      !this.#lifetime.touchDue(found, now) &&
      this.#cookies.tells(found.cookie, found)
    );
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
    } else if (found.checked || this.#lifetime.touchDue(found, clock())) {
      await tolerate(async () => {
        const expiresAt = await keepUp(context, found);
        whereabouts = expiresAt === undefined ? found : { ...found, expiresAt };
      });
    }
    return whereabouts;
  }

  /** IAM would refuse it as well, but not on a laptop, nor with what to do. */
  #assertReads(what: string): void {
    if (this.#options.revokesOnly) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        `this function was attached to end sessions and read none: attach it with SessionAccess.READ_WRITE for ${what}`,
      );
    }
  }

  #contextOfOwners(method: string): SaveContext {
    if (this.#options.store.owners === undefined) {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        `${method} needs a store that keeps an index of owners, received one without: give its class the property owners, or take another store`,
      );
    }
    return this.#context({});
  }

  #context({ remainingMs = Number.POSITIVE_INFINITY }: GateOptions): SaveContext {
    const { store, policy, clock, callTimeout, hooks } = this.#options;
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
    const context: SaveContext = {
      records: new RecordAccess(store, budget, this.#vault),
      owners: new OwnerAccess(store.owners, budget, clock, policy),
      policy,
      lifetime: this.#lifetime,
      clock,
      hooks,
      tolerate,
      saveWithOthers: (proposal, start) => this.#groups.save(context, proposal, start),
    };
    return context;
  }

  async #give({ records }: SaveContext, whereabouts: Whereabouts): Promise<CommitResult> {
    return { setCookie: await this.#cookies.give(whereabouts, records.budget) };
  }
}
