import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, OwnerIndex, SessionStore } from 'cdk-sessions-client';
import { FaultyStore, type StoreCall } from 'cdk-sessions-client/testing';
import type { EngineOptions, SessionEngine } from '../../../lib/client/engine';
import { HookCaller } from '../../../lib/client/hooks';
import { STANDARD_POLICY } from '../../../lib/contract/policy';
import { documentOf, key } from '../keys/keys';
import type { Data } from './act';
import { Discards, WatchedEngine } from './discards';
import { type Plan, POLICY, RENEWAL, type RequestPlan } from './plan';
import type { Witness } from './witness';
import type { World } from './world';

/** For which request code runs: what is saved for several of them is saved by one. */
const running = new AsyncLocalStorage<RequestContext>();

/** The longest that a call to the store may take, in milliseconds. */
const CALL_TIMEOUT = 1000;

/** A store that keeps an index of owners. */
export type OwningStore = SessionStore & { readonly owners: OwnerIndex };

/** What instances have in common. */
export interface Surroundings {
  readonly world: World;
  readonly store: OwningStore;
  readonly plan: Plan;
  readonly witness: Witness;
}

/** A place for processes that has a clock of its own: when one process is gone, another takes its place. */
export class Instance {
  /** All that ran here, the present one last. */
  readonly processes: Process[] = [];

  constructor(
    private readonly surroundings: Surroundings,
    private readonly skew: number,
  ) {}

  get process(): Process {
    const last = this.processes.at(-1);
    if (last !== undefined && !last.isGone) {
      return last;
    }
    const next = new Process(this.surroundings, this.skew);
    this.processes.push(next);
    return next;
  }
}

/** A process: one engine for all of its requests, until it is gone with all of them. */
export class Process {
  readonly engine: SessionEngine<Data>;
  isGone = false;
  /** Whether a request may fail, or make others fail that are saved with it. */
  #spoiled = false;
  readonly #gone: Promise<'gone'>;
  #end: () => void = () => undefined;
  readonly discards: Discards;

  constructor(
    readonly surroundings: Surroundings,
    readonly skew: number,
  ) {
    const { plan, witness, world } = surroundings;
    this.discards = new Discards(world);
    this.#gone = new Promise((resolve) => {
      this.#end = () => resolve('gone');
    });
    const store: SessionStore = {
      read: (...args) => contextOf().store.read(...args),
      write: (...args) => contextOf().store.write(...args),
      touch: (...args) => contextOf().store.touch(...args),
      destroy: (...args) => contextOf().store.destroy(...args),
      owners: {
        readOwner: (...args) => contextOf().owners.readOwner(...args),
        enter: (...args) => contextOf().owners.enter(...args),
        leave: (...args) => contextOf().owners.leave(...args),
        revoke: (...args) => contextOf().owners.revoke(...args),
        block: (...args) => contextOf().owners.block(...args),
      },
    };
    const hooks = new HookCaller({
      discarded: () => {
        // The timers of a process that is gone still run out here.
        if (!this.isGone) {
          this.discards.tell();
        }
      },
      storeError: () => {
        contextOf().troubled = true;
      },
      renewed: ({ cause }) => witness.note(cause),
    });
    this.engine = new WatchedEngine(
      engineOptions(plan, store, () => this.now, hooks),
      this.discards,
    );
  }

  /** The time by the clock of its instance. */
  get now(): number {
    return this.surroundings.world.clock.now + this.skew;
  }

  /** Whether there is a reason for a request to fail: what befell the store, or that a call took too long. */
  get mayFail(): boolean {
    return this.#spoiled || this.surroundings.world.elapsed >= CALL_TIMEOUT;
  }

  /** Begins a request. */
  begin(name: string, plan: RequestPlan): RequestContext {
    this.#spoiled ||= plan.faults.some((fault) => !isHarmless(fault));
    return new RequestContext(this, name, plan);
  }

  /** Runs what the process does for a request, until it is gone. */
  run<T>(context: RequestContext, work: () => Promise<T>): Promise<T | 'gone'> {
    return Promise.race([running.run(context, work), this.#gone]);
  }

  /** Waits for a step's turn. No step is made once the process is gone. */
  async turn(label: string, last = false): Promise<void> {
    await this.surroundings.world.turn(label, last);
    if (this.isGone) {
      await new Promise(() => undefined);
    }
  }

  crash(): void {
    this.isGone = true;
    this.#end();
  }
}

/** A write whose reply is lost is found out, and one that arrives twice is recognised. */
function isHarmless({ call, fault }: RequestPlan['faults'][number]): boolean {
  return fault === 'duplicate' || call === 'leave' || (call === 'write' && fault === 'lose-reply');
}

/** What is particular to one request inside of a process: its way to the store, with all that befalls it there. */
export class RequestContext {
  readonly store: SessionStore;
  readonly owners: OwnerIndex;
  /** Calls to the store that were made for it. */
  calls = 0;
  /** Whether the store failed in something that the visitor did not have to hear of. */
  troubled = false;
  #steps = 0;

  constructor(
    private readonly process: Process,
    private readonly name: string,
    private readonly plan: RequestPlan,
  ) {
    const { store } = process.surroundings;
    const faulty = new FaultyStore({
      read: (...args) => this.#travel('read', () => store.read(...args)),
      write: (...args) => this.#travel('write', () => store.write(...args)),
      touch: (...args) => this.#travel('touch', () => store.touch(...args)),
      destroy: (...args) => this.#travel('destroy', () => store.destroy(...args)),
      owners: {
        readOwner: (...args) => this.#travel('readOwner', () => store.owners.readOwner(...args)),
        enter: (...args) => this.#travel('enter', () => store.owners.enter(...args)),
        leave: (...args) => this.#travel('leave', () => store.owners.leave(...args)),
        revoke: (...args) => this.#travel('revoke', () => store.owners.revoke(...args)),
        block: (...args) => this.#travel('block', () => store.owners.block(...args)),
      },
    });
    for (const { call, fault } of plan.faults) {
      faulty.next(call, fault);
    }
    this.store = faulty;
    this.owners = ownersOf(faulty);
  }

  /** Each call takes a turn to arrive, and another to be answered. */
  async #travel<T>(call: StoreCall, run: () => Promise<T>): Promise<T> {
    const { world, plan } = this.process.surroundings;
    this.calls++;
    await this.#step(`${call} arrives`, call === 'touch' && plan.slow);
    const answer = await world.perform(run);
    await this.#step(`${call} is answered`, call === 'write' && plan.slow);
    return answer;
  }

  async #step(label: string, last = false): Promise<void> {
    await this.process.turn(`${this.name}: step ${++this.#steps}, ${label}`, last);
    if (this.#steps > (this.plan.crash ?? Number.POSITIVE_INFINITY)) {
      this.process.crash();
      await new Promise(() => undefined);
    }
  }
}

/** What every engine of a run has in common, and what is its own. */
export function engineOptions(
  { concurrency, renewal, sealed }: Plan,
  store: SessionStore,
  clock: Clock,
  hooks: HookCaller,
): EngineOptions<Data> {
  const policy = { ...STANDARD_POLICY, ...POLICY, ...(renewal && { renewalTimeout: RENEWAL }) };
  const keys = { read: async () => KEYS, encryptsData: true, acceptsUnprotected: false };
  return { store, policy, clock, callTimeout: CALL_TIMEOUT, concurrency, hooks, ...(sealed && { keys }) };
}

const KEYS = JSON.stringify(documentOf(key('first', 0)));

function ownersOf({ owners }: SessionStore): OwnerIndex {
  if (owners === undefined) {
    throw new Error('the store keeps no index of owners');
  }
  return owners;
}

function contextOf(): RequestContext {
  const context = running.getStore();
  if (context === undefined) {
    throw new Error('the engine does something for no request');
  }
  return context;
}
