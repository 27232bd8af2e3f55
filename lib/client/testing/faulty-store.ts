import { setTimeout as sleep } from 'node:timers/promises';
import { nameOf } from '../stores/key-name.js';
import type { OwnerIndex } from '../stores/owner-index.js';
import type { CallOptions, SessionKey, SessionStore, StoredSession } from '../stores/store.js';
import { pick, type Random, seededRandom } from './random.js';

/**
 * What can befall any call. `fail`: it is refused and changes nothing. `hang`: it changes nothing and is not answered
 * until its signal ends it. `lose-reply`: it is carried out, and answered with an error. `duplicate`: it is carried out
 * twice and gets the second answer, as when an SDK repeats a call that was not answered. `{ delay }`: it is carried out
 * so many milliseconds later, even if nobody waits for it any more.
 */
export type Fault = 'fail' | 'hang' | 'lose-reply' | 'duplicate' | { readonly delay: number };

/** What can befall a read: also `stale`, the answer of one write earlier, which a store must never give. */
export type ReadFault = Fault | 'stale';

/** The calls of a store, and of what it keeps of owners. */
export type StoreCall =
  | Exclude<keyof SessionStore, 'capacity' | 'compressAbove' | 'owners' | 'keys'>
  | keyof OwnerIndex;

/** What can befall a call of a kind. */
export type FaultOf<Call extends StoreCall> = Call extends 'read' ? ReadFault : Fault;

/** What a faulty store may be given. */
export interface FaultyStoreOptions {
  /**
   * Faults for calls that the script says nothing of: which ones, by a seed that makes them the same in each run, and
   * what share of the calls, from 0 to 1. `stale` and delays come by script alone.
   * @default - calls that the script says nothing of go well
   */
  readonly faults?: { readonly seed: number; readonly rate: number };
}

/** What a call fails with. */
export class InjectedFault extends Error {
  override readonly name = 'InjectedFault';
}

/**
 * Passes calls on to a store and spoils some of them, to show that an application, or a host, or another store stands it.
 *
 * @example
 * const store = new FaultyStore(new MemoryStore());
 * store.next('write', 'lose-reply');
 */
export class FaultyStore implements SessionStore {
  readonly capacity?: number;
  readonly compressAbove?: number;
  readonly owners?: OwnerIndex;
  /** Never spoiled. */
  readonly keys?: NonNullable<SessionStore['keys']>;
  readonly #inner: SessionStore;
  readonly #script: { readonly [Call in StoreCall]: (FaultOf<Call> | undefined)[] } = {
    read: [],
    write: [],
    touch: [],
    destroy: [],
    readOwner: [],
    enter: [],
    leave: [],
    revoke: [],
    block: [],
  };
  readonly #random: Random;
  readonly #rate: number;
  /** What the last writes left under each key, the one before the last first. */
  readonly #written = new Map<string, readonly (StoredSession | undefined)[]>();

  constructor(inner: SessionStore, { faults = { seed: 0, rate: 0 } }: FaultyStoreOptions = {}) {
    this.#inner = inner;
    if (inner.capacity !== undefined) {
      this.capacity = inner.capacity;
    }
    if (inner.compressAbove !== undefined) {
      this.compressAbove = inner.compressAbove;
    }
    if (inner.owners !== undefined) {
      this.owners = this.#spoilOwners(inner.owners);
    }
    if (inner.keys !== undefined) {
      this.keys = inner.keys.bind(inner);
    }
    this.#random = seededRandom(faults.seed);
    this.#rate = faults.rate;
  }

  /** What befalls the next calls of a kind, one after the other; `undefined`: nothing. */
  next<Call extends StoreCall>(call: Call, ...faults: (FaultOf<Call> | undefined)[]): void {
    this.#script[call].push(...faults);
  }

  read: SessionStore['read'] = (key, options) => {
    const fault = this.#next('read');
    return fault === 'stale'
      ? Promise.resolve(this.#written.get(nameOf(key))?.at(-2))
      : this.#spoil('read', fault, options, () => this.#inner.read(key, options));
  };

  write: SessionStore['write'] = (key, next, expected, options) =>
    this.#spoil('write', this.#next('write'), options, async () => {
      const result = await this.#inner.write(key, next, expected, options);
      if (result.written) {
        this.#remember(key, next);
      }
      return result;
    });

  touch: SessionStore['touch'] = (key, expiresAt, expected, options) =>
    this.#spoil('touch', this.#next('touch'), options, () => this.#inner.touch(key, expiresAt, expected, options));

  destroy: SessionStore['destroy'] = (key, options) =>
    this.#spoil('destroy', this.#next('destroy'), options, async () => {
      const removed = await this.#inner.destroy(key, options);
      this.#remember(key, undefined);
      return removed;
    });

  #spoilOwners(inner: OwnerIndex): OwnerIndex {
    return {
      readOwner: (owner, options) =>
        this.#spoil('readOwner', this.#next('readOwner'), options, () => inner.readOwner(owner, options)),
      enter: (owner, session, keepUntil, options) =>
        this.#spoil('enter', this.#next('enter'), options, () => inner.enter(owner, session, keepUntil, options)),
      leave: (owner, sessions, options) =>
        this.#spoil('leave', this.#next('leave'), options, () => inner.leave(owner, sessions, options)),
      revoke: (owner, notBefore, keepUntil, options) =>
        this.#spoil('revoke', this.#next('revoke'), options, () => inner.revoke(owner, notBefore, keepUntil, options)),
      block: (key, version, until, options) =>
        this.#spoil('block', this.#next('block'), options, async () => {
          await inner.block(key, version, until, options);
          const blocked = this.#written.get(nameOf(key))?.at(-1) ?? {
            value: new Uint8Array(),
            expiresAt: until,
            deadline: until,
          };
          this.#remember(key, { ...blocked, version });
        }),
    };
  }

  async #spoil<T>(
    call: StoreCall,
    fault: Fault | undefined,
    options: CallOptions | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    switch (fault) {
      case undefined:
        return run();
      case 'fail':
        throw new InjectedFault(`the ${call} was made to fail`);
      case 'hang':
        return ended(options?.signal);
      case 'lose-reply':
        await run();
        throw new InjectedFault(`the reply to the ${call} was lost`);
      case 'duplicate':
        await run();
        return run();
      default:
        await sleep(fault.delay);
        return run();
    }
  }

  #next<Call extends StoreCall>(call: Call): FaultOf<Call> | Fault | undefined {
    const script = this.#script[call];
    if (script.length > 0) {
      return script.shift();
    }
    return this.#random() < this.#rate ? pick(this.#random, ['fail', 'hang', 'lose-reply', 'duplicate']) : undefined;
  }

  #remember(key: SessionKey, session: StoredSession | undefined): void {
    const name = nameOf(key);
    this.#written.set(name, [this.#written.get(name)?.at(-1), session]);
  }
}

/** Never answers; rejects when the signal says so. */
function ended(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
    }
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
