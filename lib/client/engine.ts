import { type CookieValue, formatCookieValue, parseCookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { clearCookie, cookieValues, setCookie } from './cookie-header.js';
import { isOutage } from './errors.js';
import type { HookCaller, RejectionReason } from './hooks.js';
import type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
import { Lifetime } from './lifetime.js';
import { NO_DATA } from './record.js';
import { type Identified, RecordAccess } from './record-access.js';
import * as saves from './saves.js';
import { type FoundSession, SessionDraft } from './session-draft.js';
import { fingerprint } from './session-id.js';
import type { EpochMilliseconds, SessionStore } from './stores/store.js';

/** What an engine works with. */
export interface EngineOptions {
  readonly store: SessionStore;
  readonly policy: PolicyContract;
  readonly clock: Clock;
  /** The longest that one call to the store may take, in milliseconds. */
  readonly callTimeout: number;
  /** Is told what happens to sessions. Failures of the store that fail a request are the caller's to tell. */
  readonly hooks: HookCaller;
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
  readonly #options: EngineOptions;
  readonly #lifetime: Lifetime;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#lifetime = new Lifetime(options.policy);
  }

  async load(cookieHeaders: readonly string[], options: GateOptions = {}): Promise<SessionDraft<Data>> {
    const { hooks, policy } = this.#options;
    const values = cookieValues(cookieHeaders, policy.cookie.name);
    const context = this.#context(options);
    for (const cookie of plausibleFirst(values).slice(0, MOST_COOKIES)) {
      const found = await this.#find(context, cookie);
      if (typeof found === 'object') {
        hooks.call('loaded', { session: fingerprint(found.key) });
        return new SessionDraft(found);
      }
      hooks.call('rejected', { reason: found });
    }
    return new SessionDraft<Data>(undefined, values.length > 0);
  }

  async commit(draft: SessionDraft<Data>, options: GateOptions = {}): Promise<CommitResult> {
    const { found, fate } = draft;
    draft.close();
    const context = this.#context(options);
    if (fate === 'destroy') {
      if (found !== undefined) {
        await saves.destroy(context, found);
        context.hooks.call('destroyed', { session: fingerprint(found.key) });
      }
      return draft.hadCookie ? { setCookie: clearCookie(this.#options.policy.cookie) } : {};
    }
    const whereabouts =
      found === undefined ? await this.#begin(context, draft) : await this.#save(context, draft, found);
    // The browser is told where the session lives unless it knows; not, if it ended before that could be said.
    return whereabouts !== undefined && whereabouts.id !== found?.cookieId ? this.#give(whereabouts) : {};
  }

  /** The living session that a cookie leads to, or why it leads to none. */
  async #find(context: saves.SaveContext, cookie: CookieValue | undefined): Promise<FoundSession | RejectionReason> {
    const { records, clock, tolerate } = context;
    if (cookie === undefined) {
      return 'malformed';
    }
    if (cookie.deadline * 1000 <= clock()) {
      return 'past-deadline';
    }
    const named = await records.read(cookie.id);
    const located = await records.follow(named, clock());
    if (located === undefined) {
      return named?.record.end?.kind ?? 'unknown';
    }
    if (this.#lifetime.of(located).expiresAt <= clock()) {
      return 'expired';
    }
    let alive: Identified | undefined = located;
    if (this.#lifetime.endsSoon(located, clock()) && this.#touchDue(located)) {
      // Touched before the handler and not after it: the session must not run out while the handler is at work.
      const { expiresAt } = this.#lifetime.ofUsed(located, clock());
      await tolerate(async () => {
        const touched = await saves.touch(context, located);
        alive = touched ? { ...located, stored: { ...located.stored, expiresAt } } : undefined;
      });
    }
    return alive === undefined ? 'expired' : { ...alive, ...this.#lifetime.of(alive), cookieId: cookie.id };
  }

  async #begin(context: saves.SaveContext, draft: SessionDraft<Data>): Promise<saves.Whereabouts | undefined> {
    const data = draft.dataOn(undefined);
    return data === NO_DATA ? undefined : saves.begin(context, data);
  }

  async #save(
    context: saves.SaveContext,
    draft: SessionDraft<Data>,
    found: FoundSession,
  ): Promise<saves.Whereabouts | undefined> {
    const { clock, tolerate } = context;
    if (draft.fate === 'regenerate') {
      return saves.regenerate(context, draft, found, 'privilege');
    }
    const changed = draft.changes.clears || (!draft.changes.empty && draft.dataOn(found) !== found.record.data);
    const renewalDue = this.#lifetime.renewalDue(found, clock());
    if (changed) {
      return renewalDue ? saves.regenerate(context, draft, found, 'age') : saves.saveChanges(context, draft, found);
    }
    // Nothing of the visitor's is at stake from here on: a store in trouble does not cost her the reply.
    let whereabouts: saves.Whereabouts | undefined = found;
    if (renewalDue) {
      await tolerate(async () => {
        whereabouts = await saves.regenerate(context, draft, found, 'age');
      });
    } else if (this.#lifetime.touchDue(found, clock())) {
      await tolerate(() =>
        this.#lifetime.touchSuffices(found) ? saves.touch(context, found) : saves.saveChanges(context, draft, found),
      );
    }
    return whereabouts;
  }

  /** A touch moves the idle end only of a record that was saved under today's idle timeout; others are saved anew. */
  #touchDue(located: Identified): boolean {
    return this.#lifetime.touchSuffices(located) && this.#lifetime.touchDue(located, this.#options.clock());
  }

  #context({ remainingMs = Number.POSITIVE_INFINITY }: GateOptions): saves.SaveContext {
    const { store, clock, callTimeout, hooks } = this.#options;
    const budget = new CallBudget(callTimeout, Math.min(REQUEST_TIMEOUT, remainingMs - REPLY_TIME));
    const tolerate = async (run: () => Promise<unknown>) => {
      try {
        await run();
      } catch (error) {
        if (!isOutage(error)) {
          throw error;
        }
        hooks.call('storeError', error);
      }
    };
    return { records: new RecordAccess(store, budget), lifetime: this.#lifetime, clock, hooks, tolerate };
  }

  #give({ id, deadline }: saves.Whereabouts): CommitResult {
    const { policy, clock } = this.#options;
    const value = formatCookieValue({ id, deadline: Math.ceil(deadline / 1000) });
    return { setCookie: setCookie(policy.cookie, value, secondsUntil(deadline, clock())) };
  }
}

/** The cookies that values spell; those that spell none come last. */
function plausibleFirst(values: readonly string[]): readonly (CookieValue | undefined)[] {
  const cookies = values.map(parseCookieValue);
  return [...cookies.filter((cookie) => cookie !== undefined), ...cookies.filter((cookie) => cookie === undefined)];
}

function secondsUntil(time: EpochMilliseconds, now: EpochMilliseconds): number {
  return Math.max(0, Math.ceil((time - now) / 1000));
}
