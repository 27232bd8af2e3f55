import { type CookieValue, formatCookieValue, parseCookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { clearCookie, cookieValues, setCookie } from './cookie-header.js';
import { isOutage, type SessionError } from './errors.js';
import type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
import { Lifetime } from './lifetime.js';
import { NO_DATA } from './record.js';
import { type Identified, RecordAccess } from './record-access.js';
import * as saves from './saves.js';
import { type FoundSession, SessionDraft } from './session-draft.js';
import type { EpochMilliseconds, SessionStore } from './stores/store.js';

/** What an engine works with. */
export interface EngineOptions {
  readonly store: SessionStore;
  readonly policy: PolicyContract;
  readonly clock: Clock;
  /** The longest that one call to the store may take, in milliseconds. */
  readonly callTimeout: number;
  /** Is told of failures of the store that do not fail the request. */
  readonly report: (error: SessionError) => void;
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
    const { clock, policy } = this.#options;
    const values = cookieValues(cookieHeaders, policy.cookie.name);
    const candidates = values
      .flatMap((value) => parseCookieValue(value) ?? [])
      .filter(({ deadline }) => deadline * 1000 > clock())
      .slice(0, MOST_COOKIES);
    const context = this.#context(options);
    for (const candidate of candidates) {
      const found = await this.#find(context, candidate);
      if (found !== undefined) {
        return new SessionDraft(found);
      }
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
      }
      return draft.hadCookie ? { setCookie: clearCookie(this.#options.policy.cookie) } : {};
    }
    const whereabouts =
      found === undefined ? await this.#begin(context, draft) : await this.#save(context, draft, found);
    // The browser is told where the session lives unless it knows; not, if it ended before that could be said.
    return whereabouts !== undefined && whereabouts.id !== found?.cookieId ? this.#give(whereabouts) : {};
  }

  /** The living session that a cookie leads to. */
  async #find(context: saves.SaveContext, { id }: CookieValue): Promise<FoundSession | undefined> {
    const { records, clock, tolerate } = context;
    const located = await records.follow(await records.read(id), clock());
    if (located === undefined || this.#lifetime.of(located).expiresAt <= clock()) {
      return undefined;
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
    return alive && { ...alive, ...this.#lifetime.of(alive), cookieId: id };
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
    const changed = draft.changes.clears || (!draft.changes.empty && draft.dataOn(found) !== found.record.data);
    if (draft.fate === 'regenerate') {
      return saves.regenerate(context, draft, found, 'privilege');
    }
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
    const { store, clock, callTimeout, report } = this.#options;
    const budget = new CallBudget(callTimeout, Math.min(REQUEST_TIMEOUT, remainingMs - REPLY_TIME));
    const tolerate = async (run: () => Promise<unknown>) => {
      try {
        await run();
      } catch (error) {
        if (!isOutage(error)) {
          throw error;
        }
        report(error);
      }
    };
    return { records: new RecordAccess(store, budget), lifetime: this.#lifetime, clock, tolerate };
  }

  #give({ id, deadline }: saves.Whereabouts): CommitResult {
    const { policy, clock } = this.#options;
    const value = formatCookieValue({ id, deadline: Math.ceil(deadline / 1000) });
    return { setCookie: setCookie(policy.cookie, value, secondsUntil(deadline, clock())) };
  }
}

function secondsUntil(time: EpochMilliseconds, now: EpochMilliseconds): number {
  return Math.max(0, Math.ceil((time - now) / 1000));
}
