import type { Session } from 'cdk-sessions-client';
import { isOutage } from '../../../lib/client/errors';
import type { CommitResult } from '../../../lib/client/hosts/host';
import { act, type Data, DESTRUCTION, signInOrOut } from './act';
import type { Commit, Moment, Outcome, Wish } from './commit';
import type { SessionHistory } from './history';
import type { RequestPlan } from './plan';
import { type Process, RequestContext } from './process';
import type { Witness } from './witness';

/** Where a visitor's tabs have their cookie from. */
export interface Browser {
  readonly visitor: string;
  /** As the Cookie header has it; empty if there is none. */
  cookie: string;
}

/** A commit to one session, while it is under way. */
interface Work {
  readonly session: SessionHistory;
  readonly commit: Commit;
  readonly use: { done(at: number): void };
}

/** How a part of a request fails. */
type Failure = 'outage' | 'gone';

/** One request, from the cookie that it sets out with to the one that its reply brings. */
export class Visit {
  readonly #context: RequestContext;

  constructor(
    private readonly witness: Witness,
    private readonly process: Process,
    private readonly browser: Browser,
    private readonly tab: string,
    private readonly name: string,
    private readonly plan: RequestPlan,
  ) {
    this.#context = new RequestContext(process, name, plan);
  }

  async make(): Promise<void> {
    const { cookie } = this.browser;
    const reply = await this.#answer(cookie);
    if (reply?.setCookie === undefined) {
      return;
    }
    const given = /Max-Age=0/.test(reply.setCookie) ? '' : reply.setCookie.slice(0, reply.setCookie.indexOf(';'));
    const last = reply.works.at(-1);
    if (given !== '' && last !== undefined) {
      // From when the reply is sent, and not when it arrives, the new cookie may lead to the session.
      last.session.cookies.add(given);
      last.session.replace(cookie, last.commit);
    }
    await this.process.surroundings.world.turn(`${this.name}: reply`);
    this.browser.cookie = given;
  }

  async #answer(cookie: string): Promise<(CommitResult & { readonly works: readonly Work[] }) | undefined> {
    const { engine } = this.process;
    const look = this.#look(cookie);
    const draft = await this.#attempt(() => engine.load([cookie]));
    if (typeof draft === 'string') {
      look.done();
      this.witness.note(draft === 'gone' ? 'crash' : 'unknown');
      return undefined;
    }
    look.compare(draft);
    const works = await this.#attempt(() => this.#handle(draft, look.from));
    if (works === 'gone' || works === 'outage') {
      this.witness.note('crash');
      return undefined;
    }
    const calls = this.#context.calls;
    const reply = await this.#attempt(() => engine.commit(draft));
    this.#conclude(works, reply);
    if (this.#context.calls === calls && works.some(({ commit }) => commit.tokens.length > 0)) {
      this.witness.note('grouped');
    }
    return typeof reply === 'string' ? undefined : { ...reply, works };
  }

  /** Begins to look for the session that a cookie leads to. */
  #look(cookie: string) {
    const from = this.witness.moment();
    const at = this.process.now;
    const use = this.witness.byCookie(cookie)?.use();
    const done = () => use?.done(this.process.now);
    const compare = (draft: Session<Data>) => {
      this.witness.compare(cookie, draft, { from, to: this.witness.moment(), at, until: this.process.now });
      done();
    };
    return { from, compare, done };
  }

  /** Lets the request act, and begins what it wants of which sessions: of the one that it leaves first. */
  async #handle(draft: Session<Data>, loaded: Moment): Promise<readonly Work[]> {
    await this.process.turn(`${this.name}: handler`);
    const wishes = this.#wishes(draft);
    const began = this.witness.moment();
    const times = { loaded, began, beganAt: this.process.now, skew: this.process.skew };
    return wishes.map(({ session, wish }) => {
      const commit: Commit = { ...wish, ...times, ...PENDING };
      session.commits.push(commit);
      return { session, commit, use: session.use() };
    });
  }

  #wishes(draft: Session<Data>): readonly { readonly session: SessionHistory; readonly wish: Wish }[] {
    const { witness, browser, plan, tab } = this;
    const found = witness.of(draft);
    signInOrOut(draft, browser.visitor, plan);
    const events = { name: () => witness.name(), again: () => witness.note('merged') };
    if (found !== undefined && !draft.isNew) {
      return [{ session: found, wish: act(draft, found, tab, plan, events) }];
    }
    const session = witness.newSession(browser.visitor);
    const wish = act(draft, session, tab, plan, events);
    const begun = draft.status === 'changed' ? [{ session, wish }] : [];
    if (found === undefined) {
      return begun;
    }
    witness.note('logout');
    return [{ session: found, wish: DESTRUCTION }, ...begun];
  }

  #conclude(works: readonly Work[], reply: CommitResult | Failure): void {
    const outcome = this.#outcomeOf(reply);
    this.witness.note(reply === 'gone' ? 'crash' : outcome);
    const end = { ended: this.witness.moment(), endedAt: this.process.now };
    for (const { session, commit, use } of works) {
      Object.assign(commit, { outcome, ...end, troubled: this.#context.troubled });
      use.done(end.endedAt);
      this.witness.blame(session, ...session.wrongWithOutcome(commit));
    }
  }

  #outcomeOf(reply: CommitResult | Failure): Exclude<Outcome, 'pending'> {
    if (typeof reply === 'string') {
      return 'unknown';
    }
    return this.process.takeDiscard() ? 'discarded' : 'acknowledged';
  }

  /** What a visitor is told is an outage is one of the ways that things go; any other error is not. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | Failure> {
    try {
      return await this.process.run(this.#context, work);
    } catch (error) {
      if (!isOutage(error)) {
        throw error;
      }
      return 'outage';
    }
  }
}

const PENDING = {
  ended: Number.POSITIVE_INFINITY,
  endedAt: Number.POSITIVE_INFINITY,
  outcome: 'pending',
  troubled: false,
} as const;
