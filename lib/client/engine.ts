import { formatCookieValue, parseCookieValue } from '../contract/cookie.js';
import type { PolicyContract } from '../contract/environment.js';
import { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { clearCookie, cookieValues, setCookie } from './cookie-header.js';
import type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
import { Lifetime } from './lifetime.js';
import { decodeRecord, type Located, type SessionData } from './record.js';
import { RecordAccess } from './record-access.js';
import * as saves from './saves.js';
import { type FoundSession, SessionDraft } from './session-draft.js';
import { keyOf } from './session-id.js';
import type { EpochMilliseconds, SessionStore } from './stores/store.js';

/** What an engine works with. */
export interface EngineOptions {
  readonly store: SessionStore;
  readonly policy: PolicyContract;
  readonly clock: Clock;
  /** The longest that one call to the store may take, in milliseconds. */
  readonly callTimeout: number;
}

/** The longest that one request may spend on loading or on saving, in milliseconds, however many calls it makes. */
const REQUEST_TIMEOUT = 10_000;

/** What of a function's remaining time is left to its host for the reply, in milliseconds. */
const REPLY_TIME = 100;

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
    const [cookie] = cookieValues(cookieHeaders, policy.cookie.name).flatMap((value) => parseCookieValue(value) ?? []);
    if (cookie === undefined || cookie.deadline * 1000 <= clock()) {
      return new SessionDraft(undefined);
    }
    const { records } = this.#context(options);
    const named = await records.read(keyOf(cookie.id));
    const located = await records.follow(named, clock());
    return new SessionDraft(located && this.#alive(located, located !== named));
  }

  async commit(draft: SessionDraft<Data>, options: GateOptions = {}): Promise<CommitResult> {
    const { clock, policy } = this.#options;
    const { found, fate } = draft;
    draft.noticeMutations();
    const context = this.#context(options);
    if (found === undefined) {
      const worthStoring = fate !== 'destroy' && draft.data.size > 0;
      return worthStoring ? this.#give(await saves.begin(context, draft.data)) : {};
    }
    if (fate === 'destroy') {
      await saves.destroy(context, found.key);
      return { setCookie: clearCookie(policy.cookie) };
    }
    const now = clock();
    const renewalDue = !found.byRetiredId && this.#lifetime.renewalDue(found, now);
    if (fate === 'regenerate' || renewalDue) {
      const cause = fate === 'regenerate' ? 'privilege' : 'age';
      return this.#give(await saves.regenerate(context, draft, found, cause));
    }
    if (!draft.changes.empty && !sameData(draft.data, found)) {
      await saves.saveChanges(context, draft, found);
    } else if (this.#lifetime.touchDue(found, now)) {
      await (this.#lifetime.touchSuffices(found)
        ? saves.touch(context, found)
        : saves.saveChanges(context, draft, found));
    }
    return {};
  }

  #alive(located: Located, byRetiredId: boolean): FoundSession | undefined {
    const ends = this.#lifetime.of(located);
    return ends.expiresAt > this.#options.clock() ? { ...located, ...ends, byRetiredId } : undefined;
  }

  #context({ remainingMs = Number.POSITIVE_INFINITY }: GateOptions): saves.SaveContext {
    const { store, clock, callTimeout } = this.#options;
    const budget = new CallBudget(callTimeout, Math.min(REQUEST_TIMEOUT, Math.max(0, remainingMs - REPLY_TIME)));
    return { records: new RecordAccess(store, budget), lifetime: this.#lifetime, clock };
  }

  /** The cookie of a session that got an id; none for one that ended before it could be given out. */
  #give(session: saves.IdentifiedSession | undefined): CommitResult {
    if (session === undefined) {
      return {};
    }
    const { cookie } = this.#options.policy;
    const value = formatCookieValue({ id: session.id, deadline: Math.ceil(session.deadline / 1000) });
    return { setCookie: setCookie(cookie, value, secondsUntil(session.deadline, this.#options.clock())) };
  }
}

function secondsUntil(time: EpochMilliseconds, now: EpochMilliseconds): number {
  return Math.max(0, Math.ceil((time - now) / 1000));
}

/** Whether all changes together changed nothing. Compared with what was stored: a value in memory may be the same object. */
function sameData(data: SessionData, { stored }: Located): boolean {
  return JSON.stringify([...data]) === JSON.stringify([...decodeRecord(stored.value).data]);
}
