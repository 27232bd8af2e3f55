import type { Clock, SessionStore } from 'cdk-sessions-client';
import { FaultyStore } from 'cdk-sessions-client/testing';
import { SessionEngine } from '../../../lib/client/engine';
import { isOutage } from '../../../lib/client/errors';
import { HookCaller } from '../../../lib/client/hooks';
import type { SessionDraft } from '../../../lib/client/session-draft';
import { STANDARD_POLICY } from '../../../lib/contract/policy';
import { act, type Data, DESTRUCTION, sightOf, signInOrOut } from './act';
import type { Commit, Look, Wish } from './commit';
import { SessionHistory } from './history';
import { type Plan, POLICY, RENEWAL, type RequestPlan } from './plan';
import { Process, World } from './world';

/** What a run has come across: a property that never meets a case says nothing about it. */
export type Sighting =
  | 'acknowledged'
  | 'discarded'
  | 'unknown'
  | 'crash'
  | 'merged'
  | 'privilege'
  | 'age'
  | 'login'
  | 'logout'
  | 'refused after its end'
  | 'certain to live'
  | 'over';

interface Browser {
  readonly visitor: string;
  /** As the Cookie header has it; empty if there is none. */
  cookie: string;
}

/** Carries a plan out, and compares all that the requests see with what they were told before. */
export class Run {
  readonly sightings = new Set<Sighting>();
  readonly #world: World;
  readonly #store: SessionStore;
  readonly #sessions = new Map<string, SessionHistory>();
  readonly #faults: string[] = [];
  #moment = 0;
  #names = 0;

  constructor(
    private readonly plan: Plan,
    storeOf: (clock: Clock) => SessionStore,
  ) {
    this.#world = new World(plan.seed);
    this.#store = storeOf(this.#world.clock.read);
  }

  /** @throws Error with what went against the model, if anything did */
  async execute(): Promise<void> {
    const tabs = this.plan.visitors.flatMap((visitor, index) => {
      const browser = { visitor: `visitor ${index}`, cookie: '' };
      return visitor.map((requests, tab) => this.#tab(browser, `${index}.${tab}`, requests));
    });
    await this.#world.finish(Promise.all([...tabs, this.#world.pass(this.plan.pauses)]));
    await this.#world.finish(this.#lookAtAll());
    if (this.#faults.length > 0) {
      throw new Error([...this.#faults, 'after', ...this.#world.story].join('\n'));
    }
  }

  async #tab(browser: Browser, tab: string, requests: readonly RequestPlan[]): Promise<void> {
    for (const [index, request] of requests.entries()) {
      const name = `tab ${tab}, request ${index}`;
      await this.#world.turn(`${name}: sets out`);
      await this.#request(browser, tab, name, request);
    }
  }

  async #request(browser: Browser, tab: string, name: string, plan: RequestPlan): Promise<void> {
    const skew = this.plan.skews[plan.instance] ?? 0;
    const process = new Process(this.#world, this.#store, name, plan.crash);
    const store = new FaultyStore(process);
    for (const { call, fault } of plan.faults) {
      store.next(call, fault);
    }
    const told = { discarded: false, troubled: false };
    const engine = this.#engine(store, skew, told);

    const { cookie } = browser;
    const draft = await this.#load(cookie, engine, skew, process);
    if (draft === undefined) {
      return;
    }
    await this.#world.turn(`${name}: handler`);
    const wishes = this.#act(draft, browser.visitor, tab, plan);
    const began = ++this.#moment;
    const beganAt = this.#world.clock.now + skew;
    const works = wishes.map(({ session, wish }) => {
      const commit: Commit = { ...wish, began, beganAt, skew, ...PENDING };
      session.commits.push(commit);
      return { session, commit, use: session.use() };
    });
    const reply = await outageAsValue(Promise.race([engine.commit(draft), process.gone]));
    const ended = ++this.#moment;
    const endedAt = this.#world.clock.now + skew;
    const outcome = typeof reply === 'string' ? 'unknown' : told.discarded ? 'discarded' : 'acknowledged';
    this.#note(reply === 'gone' ? 'crash' : outcome);
    for (const { session, commit, use } of works) {
      Object.assign(commit, { ended, endedAt, outcome, troubled: told.troubled });
      use.done(endedAt);
      for (const fault of session.wrongWithOutcome(commit)) {
        this.#blame(session, fault);
      }
    }
    if (typeof reply === 'string' || reply.setCookie === undefined) {
      return;
    }
    const given = /Max-Age=0/.test(reply.setCookie) ? '' : reply.setCookie.slice(0, reply.setCookie.indexOf(';'));
    const last = works.at(-1);
    if (given !== '' && last !== undefined) {
      // From when the reply is sent, and not when it arrives, the new cookie may lead to the session.
      last.session.cookies.add(given);
      last.session.replace(cookie, last.commit);
    }
    await this.#world.turn(`${name}: reply`);
    browser.cookie = given;
  }

  /** Lets a request act, and tells what it wants of which sessions: of the one that it leaves first. */
  #act(
    draft: SessionDraft<Data>,
    visitor: string,
    tab: string,
    plan: RequestPlan,
  ): readonly { session: SessionHistory; wish: Wish }[] {
    const found = draft.isNew ? undefined : this.#sessions.get(draft.get('name') ?? '');
    signInOrOut(draft, visitor, plan);
    const events = { name: () => `${++this.#names}`, again: () => this.#note('merged') };
    if (found !== undefined && !draft.isNew) {
      return [{ session: found, wish: act(draft, found, tab, plan, events) }];
    }
    const fresh = this.#newSession(visitor);
    const wish = act(draft, fresh, tab, plan, events);
    const begun = draft.status === 'changed' ? [{ session: fresh, wish }] : [];
    if (found === undefined) {
      return begun;
    }
    this.#note('logout');
    return [{ session: found, wish: DESTRUCTION }, ...begun];
  }

  async #load(
    cookie: string,
    engine: SessionEngine<Data>,
    skew: number,
    process: Process,
  ): Promise<SessionDraft<Data> | undefined> {
    const look = { from: ++this.#moment, at: this.#world.clock.now + skew };
    const session = [...this.#sessions.values()].find(({ cookies }) => cookies.has(cookie));
    const use = session?.use();
    const draft = await outageAsValue(Promise.race([engine.load([cookie]), process.gone]));
    if (typeof draft === 'string') {
      use?.done(this.#world.clock.now + skew);
      this.#note(draft === 'gone' ? 'crash' : 'unknown');
      return undefined;
    }
    this.#compare(session, cookie, draft, {
      ...look,
      to: ++this.#moment,
      until: this.#world.clock.now + skew,
    });
    use?.done(this.#world.clock.now + skew);
    if (session !== undefined && draft.isNew) {
      this.#note('refused after its end');
    }
    return draft;
  }

  /** A found session is the one that the cookie was given out for, of the same visitor, and shows what it must. */
  #compare(session: SessionHistory | undefined, cookie: string, draft: SessionDraft<Data>, look: Look): void {
    if (draft.isNew) {
      return;
    }
    if (session === undefined || draft.get('name') !== session.name || draft.get('owner') !== session.owner) {
      this.#blame(session, `its cookie leads to ${draft.get('name')} of ${draft.get('owner')}`);
      return;
    }
    for (const fault of session.wrongWith(cookie, sightOf(draft, session), look)) {
      this.#blame(session, fault);
    }
  }

  /** When all is over, every cookie that was ever given out is tried, and what must be there is looked for. */
  async #lookAtAll(): Promise<void> {
    const engine = this.#engine(this.#store, 0, { discarded: false, troubled: false });
    for (const session of this.#sessions.values()) {
      const from = ++this.#moment;
      const at = this.#world.clock.now;
      const mustLive = session.mustLive(at);
      const keys = new Set<string>();
      for (const cookie of session.cookies) {
        const use = session.use();
        const draft = await this.#world.perform(() => engine.load([cookie]));
        this.#compare(session, cookie, draft, { from, to: ++this.#moment, at, until: at });
        use.done(at);
        if (draft.found !== undefined) {
          keys.add(draft.found.id);
        }
      }
      if (mustLive && keys.size === 0) {
        this.#blame(session, 'none of its cookies leads to it any more');
      }
      if (keys.size > 1) {
        this.#blame(session, 'it lives under several ids');
      }
      this.#note(mustLive ? 'certain to live' : 'over');
    }
  }

  #engine(store: SessionStore, skew: number, told: { discarded: boolean; troubled: boolean }): SessionEngine<Data> {
    const hooks = new HookCaller({
      discarded: () => {
        told.discarded = true;
      },
      storeError: () => {
        told.troubled = true;
      },
      renewed: ({ cause }) => this.#note(cause),
    });
    const policy = { ...STANDARD_POLICY, ...POLICY, ...(this.plan.renewal && { renewalTimeout: RENEWAL }) };
    return new SessionEngine<Data>({
      store,
      policy,
      clock: () => this.#world.clock.now + skew,
      callTimeout: 1000,
      hooks,
    });
  }

  #newSession(owner: string): SessionHistory {
    const session = new SessionHistory(`session ${++this.#names}`, owner, this.plan.renewal);
    this.#sessions.set(session.name, session);
    return session;
  }

  #note(sighting: Sighting): void {
    this.sightings.add(sighting);
  }

  #blame(session: SessionHistory | undefined, fault: string): void {
    this.#faults.push(`${session?.name ?? 'no session'}: ${fault}`);
  }
}

const PENDING = {
  ended: Number.POSITIVE_INFINITY,
  endedAt: Number.POSITIVE_INFINITY,
  outcome: 'pending',
  troubled: false,
} as const;

/** What a visitor is told is an outage is one of the ways that things go; any other error is not. */
async function outageAsValue<T>(promise: Promise<T>): Promise<T | 'outage'> {
  try {
    return await promise;
  } catch (error) {
    if (!isOutage(error)) {
      throw error;
    }
    return 'outage';
  }
}
