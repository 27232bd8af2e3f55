import type { Session } from 'cdk-sessions-client';
import { isOutage } from '../../../lib/client/errors';
import type { CommitResult } from '../../../lib/client/hosts/host';
import { SessionDraft } from '../../../lib/client/session-draft';
import { transact } from '../../../lib/client/transaction';
import { act, type Data, DESTRUCTION, signInOrOut } from './act';
import type { Commit, Moment, Outcome, Wish } from './commit';
import { idOf, type SessionHistory } from './history';
import type { RequestPlan } from './plan';
import type { Process, RequestContext } from './process';
import type { Witness } from './witness';

/** Where a visitor's tabs have their cookie from. */
export interface Browser {
  readonly visitor: string;
  /** As the Cookie header has it; empty if there is none. */
  cookie: string;
}

/** A commit to one session, while it is under way. */
interface Work {
  readonly draft: Session<Data>;
  readonly session: SessionHistory;
  readonly commit: Commit;
  readonly use: { done(at: number): void };
}

/** How a part of a request fails. */
type Failure = 'outage' | 'conflict' | 'gone';

/** What a request did in the end, and what became of it. */
interface Result {
  readonly works: readonly Work[];
  readonly reply: CommitResult | Failure;
}

/** One request, from the cookie that it sets out with to the one that its reply brings. */
export class Visit {
  readonly #context: RequestContext;
  /** How often its handler ran. */
  #handled = 0;

  constructor(
    private readonly witness: Witness,
    private readonly process: Process,
    private readonly browser: Browser,
    private readonly tab: string,
    private readonly name: string,
    private readonly plan: RequestPlan,
  ) {
    this.#context = process.begin(name, plan);
  }

  async make(): Promise<void> {
    const { cookie } = this.browser;
    const { reply, works } = await (this.plan.transaction ? this.#transact(cookie) : this.#answer(cookie));
    if (typeof reply === 'string') {
      return;
    }
    if (reply.setCookie === undefined) {
      for (const { session, commit } of works) {
        this.witness.blame(session, ...session.wrongToKeep(cookie, commit));
      }
      return;
    }
    const given = /Max-Age=0/.test(reply.setCookie) ? '' : reply.setCookie.slice(0, reply.setCookie.indexOf(';'));
    const last = works.at(-1);
    if (given !== '' && last !== undefined) {
      if (last.commit.outcome === 'discarded') {
        this.witness.blame(last.session, 'a reply gives its cookie out, although its changes were discarded');
      }
      // From when the reply is sent, and not when it arrives, the new cookie may lead to the session.
      last.session.cookies.add(given);
      if (idOf(given) !== idOf(cookie)) {
        last.session.replace(cookie, last.commit);
      }
    }
    await this.process.surroundings.world.turn(`${this.name}: reply`);
    this.browser.cookie = given;
  }

  async #answer(cookie: string): Promise<Result> {
    const { engine } = this.process;
    const look = this.#look(cookie);
    const draft = await this.#attempt(() => engine.load([cookie]));
    if (typeof draft === 'string') {
      look.done();
      return this.#conclude([], draft);
    }
    look.compare(draft);
    const works = await this.#attempt(() => this.#handle(draft, cookie, look.from));
    if (typeof works === 'string') {
      return this.#conclude([], works);
    }
    const { calls } = this.#context;
    const result = this.#conclude(works, await this.#attempt(() => engine.commit(draft)));
    if (this.#context.calls === calls && works.some(({ commit }) => commit.tokens.length > 0)) {
      this.witness.note('grouped');
    }
    return result;
  }

  async #transact(cookie: string): Promise<Result> {
    let look = this.#look(cookie);
    let works: readonly Work[] = [];
    const reply = await this.#attempt(() =>
      transact(this.process.engine, [cookie], async (session) => {
        if (this.#handled > 0) {
          this.#conclude(works, 'conflict');
          works = [];
          this.witness.note('done again');
        }
        look.compare(session);
        works = await this.#handle(session, cookie, look.from);
        // Should it be done again, it looks for its session again at some time after this.
        look = this.#look(cookie);
      }),
    );
    look.done();
    return this.#conclude(works, reply);
  }

  /** Begins to look for the session that a cookie leads to. */
  #look(cookie: string) {
    const from = this.witness.moment();
    const at = this.process.now;
    const use = this.witness.byCookie(cookie)?.use();
    const done = () => use?.done(this.process.now);
    const compare = (draft: Session<Data>) => {
      const { troubled } = this.#context;
      this.witness.compare(cookie, draft, { from, to: this.witness.moment(), at, until: this.process.now, troubled });
      done();
    };
    return { from, compare, done };
  }

  /** Lets the request act, and begins what it wants of which sessions: of the one that it leaves first. */
  async #handle(draft: Session<Data>, cookie: string, loaded: Moment): Promise<readonly Work[]> {
    await this.process.turn(`${this.name}: handler, ${++this.#handled}`);
    const wishes = this.#wishes(draft, cookie);
    const began = this.witness.moment();
    const exclusive = this.plan.transaction || this.process.surroundings.plan.concurrency === 'optimistic';
    const times = { loaded, began, beganAt: this.process.now, skew: this.process.skew };
    return wishes.map(({ session, wish }) => {
      const commit: Commit = { ...wish, exclusive, ...times, ...PENDING };
      session.commits.push(commit);
      return { draft, session, commit, use: session.use() };
    });
  }

  #wishes(draft: Session<Data>, cookie: string): readonly { readonly session: SessionHistory; readonly wish: Wish }[] {
    const { witness, browser, plan, tab } = this;
    const found = witness.of(draft) ?? this.#endedBy(draft, cookie);
    const leaves = signInOrOut(draft, browser.visitor, plan);
    const events = { name: () => witness.name(), again: () => witness.note('merged') };
    if (found !== undefined && !leaves && !draft.isNew) {
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

  /** The session that a sign-out ends although its cookie does not lead to it any more: it went on under another id. */
  #endedBy(draft: Session<Data>, cookie: string): SessionHistory | undefined {
    const ends = this.plan.fate === 'destroy' || this.plan.fate === 'logout';
    return ends && draft instanceof SessionDraft && draft.retired !== undefined
      ? this.witness.byCookie(cookie)
      : undefined;
  }

  #conclude(works: readonly Work[], reply: CommitResult | Failure): Result {
    const end = { ended: this.witness.moment(), endedAt: this.process.now, troubled: this.#context.troubled };
    if (reply === 'gone') {
      this.witness.note('crash');
    }
    for (const { draft, session, commit, use } of works) {
      const outcome = this.#outcomeOf(draft, reply);
      Object.assign(commit, { ...end, outcome });
      use.done(end.endedAt);
      this.witness.note(outcome);
      this.witness.blame(session, ...session.wrongWithOutcome(commit));
    }
    if (
      reply === 'outage' &&
      !this.process.mayFail &&
      !works.some(({ session, commit }) => session.mayConflict(commit))
    ) {
      this.witness.blame(works.at(0)?.session, `${this.name} failed for no reason`);
    }
    return { works, reply };
  }

  #outcomeOf(draft: Session<Data>, reply: CommitResult | Failure): Outcome {
    switch (reply) {
      case 'outage':
      case 'gone':
        return 'unknown';
      case 'conflict':
        return 'refused';
      default:
        return this.process.discards.has(draft) ? 'discarded' : 'acknowledged';
    }
  }

  /** What a visitor is told is an outage is one of the ways that things go; any other error is not. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | Failure> {
    try {
      return await this.process.run(this.#context, work);
    } catch (error) {
      if (!isOutage(error)) {
        throw error;
      }
      return error.code === 'ERR_SESSION_CONFLICT' ? 'conflict' : 'outage';
    }
  }
}

const PENDING = {
  ended: Number.POSITIVE_INFINITY,
  endedAt: Number.POSITIVE_INFINITY,
  outcome: 'pending',
  troubled: false,
} as const;
