import type { Clock } from 'cdk-sessions-client';
import { SessionEngine } from '../../../lib/client/engine';
import { HookCaller } from '../../../lib/client/hooks';
import type { Data } from './act';
import { FIRST_REQUEST, type Plan, type RequestPlan, type VisitorPlan } from './plan';
import { engineOptions, Instance, type OwningStore } from './process';
import { type Browser, Visit } from './visit';
import { type Sighting, Witness } from './witness';
import { World } from './world';

/** Carries a plan out, and compares all that the requests see with what they were told before. */
export class Run {
  readonly #world: World;
  readonly #witness: Witness;
  readonly #instances: readonly Instance[];
  readonly #observer: SessionEngine<Data>;

  constructor(
    private readonly plan: Plan,
    storeOf: (clock: Clock) => OwningStore,
  ) {
    this.#world = new World(plan.seed);
    this.#witness = new Witness(plan);
    const { read: clock } = this.#world.clock;
    const store = storeOf(clock);
    const surroundings = {
      world: this.#world,
      store,
      plan,
      witness: this.#witness,
    };
    this.#instances = plan.skews.map((skew) => new Instance(surroundings, skew));
    this.#observer = new SessionEngine(engineOptions(plan, store, clock, new HookCaller()));
  }

  get sightings(): ReadonlySet<Sighting> {
    return this.#witness.sightings;
  }

  /** @throws Error with what went against the model, if anything did */
  async execute(): Promise<void> {
    const visitors = this.plan.visitors.map((visitor, index) => this.#visitor(`${index}`, visitor));
    await this.#world.finish(Promise.all([...visitors, this.#world.pass(this.plan.pauses)]));
    await this.#world.finish(this.#lookAtAll());
    await this.#world.finish(this.#endAll());
    const { faults } = this.#witness;
    for (const { discards } of this.#instances.flatMap(({ processes }) => processes)) {
      faults.push(...discards.wrong());
    }
    if (faults.length > 0) {
      throw new Error([...faults, 'after', ...this.#world.story].join('\n'));
    }
  }

  async #visitor(number: string, { known, tabs }: VisitorPlan): Promise<void> {
    const browser = { visitor: `visitor ${number}`, cookie: '' };
    if (known) {
      await this.#tab(browser, `${number}.first`, [FIRST_REQUEST]);
    }
    await Promise.all(tabs.map((requests, tab) => this.#tab(browser, `${number}.${tab}`, requests)));
  }

  async #tab(browser: Browser, tab: string, requests: readonly RequestPlan[]): Promise<void> {
    for (const [index, request] of requests.entries()) {
      const name = `tab ${tab}, request ${index}`;
      await this.#world.turn(`${name}: sets out`);
      const instance = this.#instances[request.instance % this.#instances.length];
      if (instance !== undefined) {
        await new Visit(this.#witness, instance.process, browser, tab, name, request).make();
      }
    }
  }

  /** When all is over, every cookie that was ever given out is tried, and what must be there is looked for. */
  async #lookAtAll(): Promise<void> {
    const witness = this.#witness;
    for (const session of witness.sessions) {
      const from = witness.moment();
      const at = this.#world.clock.now;
      const mustLive = session.mustLive(at);
      const keys = new Set<string>();
      for (const cookie of session.cookies) {
        const use = session.use();
        const draft = await this.#world.perform(() => this.#observer.load([cookie]));
        witness.compare(cookie, draft, { from, to: witness.moment(), at, until: at, troubled: false });
        use.done(at);
        if (draft.found !== undefined) {
          keys.add(draft.found.id);
        }
      }
      if (mustLive && keys.size === 0) {
        witness.blame(session, 'none of its cookies leads to it any more');
      }
      if (keys.size > 1) {
        witness.blame(session, 'it lives under several ids');
      }
      witness.note(mustLive ? 'certain to live' : 'over');
    }
  }

  /** Whoever is signed in is in the list of that user's sessions, and no longer signed in once those were ended. */
  async #endAll(): Promise<void> {
    const witness = this.#witness;
    const cookies = [...witness.sessions].flatMap((session) =>
      [...session.cookies].map((cookie) => ({ session, cookie })),
    );
    const load = (cookie: string) => this.#world.perform(() => this.#observer.load([cookie]));
    const users = new Set<string>();
    for (const { session, cookie } of cookies) {
      const { userId, handle } = await load(cookie);
      if (userId !== undefined) {
        users.add(userId);
        const listed = await this.#world.perform(() => this.#observer.listByOwner(userId));
        if (!listed.some((other) => other.handle === handle)) {
          witness.blame(session, `${userId} is signed in, and it is missing from the list`);
        }
        witness.note('listed');
      }
    }
    for (const userId of users) {
      await this.#world.perform(() => this.#observer.destroyByOwner(userId));
    }
    for (const { session, cookie } of cookies) {
      const { userId } = await load(cookie);
      if (userId !== undefined) {
        witness.blame(session, `${userId} is signed in after all of their sessions were ended`);
      }
    }
  }
}
