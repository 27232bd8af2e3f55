import type { Concurrency } from 'cdk-sessions-client';
import type { Fault, StoreCall } from 'cdk-sessions-client/testing';
import fc from 'fast-check';
import { MINUTE, SECOND } from '../support';

/** What happens in one run. */
export interface Plan {
  /** Whether sessions in use get a new id now and then. */
  readonly renewal: boolean;
  /** Whether records are encrypted, and cookies signed. */
  readonly sealed: boolean;
  /** How the engines save. */
  readonly concurrency: Concurrency;
  /**
   * Whether writes are answered, and touches arrive, only when nobody has anything else to do: many requests come to wait
   * for a write, and much time goes by before a touch.
   */
  readonly slow: boolean;
  /** How far each instance's clock is from the store's, in milliseconds. */
  readonly skews: readonly number[];
  readonly visitors: readonly VisitorPlan[];
  /** How time goes by between the steps of the requests. */
  readonly pauses: readonly Pause[];
  /** What the order of all steps follows from, and the engine's own random pauses. */
  readonly seed: number;
}

/** Each visitor has tabs, and each tab makes its requests one after the other. */
export interface VisitorPlan {
  /** Whether there is a session before the tabs are opened: tabs that come without a cookie begin one each. */
  readonly known: boolean;
  readonly tabs: readonly (readonly RequestPlan[])[];
}

export interface RequestPlan {
  /** Which instance answers: counted on from the first again after the last. */
  readonly instance: number;
  /** Whether it runs as a transaction, so that it is done again while others are first. */
  readonly transaction: boolean;
  readonly changes: readonly ('append' | 'set' | 'unset' | 'clear')[];
  /** What becomes of the session. It is signed in to and out of before the changes are made, the rest comes after them. */
  readonly fate: 'keep' | 'regenerate' | 'login' | 'switch user' | 'logout' | 'destroy';
  /** What befalls the store calls of the request, the first of each kind first. */
  readonly faults: readonly { readonly call: StoreCall; readonly fault: Fault }[];
  /** After how many steps of its calls, a call and an answer being one each, the process is gone; if it ever is. */
  readonly crash: number | undefined;
}

/** `pass`: time goes by. `freeze`: it does for the clocks alone, as when a host stands still or its clock is set. */
export interface Pause {
  readonly kind: 'pass' | 'freeze';
  readonly time: number;
}

/** The most that a clock is wrong, in milliseconds. */
export const MOST_SKEW = 5 * SECOND;

/** Short enough for a run to see every end; longer than the minute that a handler is granted. */
export const POLICY = { idleTimeout: 300, absoluteTimeout: 900, touchAfter: 30 } as const;
export const RENEWAL = 30;

/** Longer than a call may take. */
const LATE = { delay: 1500 };

const request: fc.Arbitrary<RequestPlan> = fc.record({
  // Most requests meet in one process, where their saves are made together.
  instance: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constantFrom(1, 2) }),
  transaction: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  changes: fc.oneof(
    { weight: 6, arbitrary: fc.constant(['append'] as const) },
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.array(fc.constantFrom('append', 'set', 'unset', 'clear'), { maxLength: 4 }) },
  ),
  fate: fc.oneof(
    { weight: 16, arbitrary: fc.constant('keep' as const) },
    { weight: 4, arbitrary: fc.constantFrom('regenerate' as const, 'login' as const) },
    { weight: 3, arbitrary: fc.constantFrom('switch user' as const, 'logout' as const, 'destroy' as const) },
  ),
  faults: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    // A removal that is carried out twice has nothing to say of what it removed.
    { weight: 1, arbitrary: fc.constant([{ call: 'destroy', fault: 'duplicate' } as const]) },
    {
      weight: 2,
      arbitrary: fc.array(
        fc.record({
          call: fc.constantFrom<StoreCall>('write', 'write', 'read', 'touch', 'destroy', 'enter', 'leave', 'readOwner'),
          fault: fc.constantFrom<Fault>('fail', 'hang', 'lose-reply', 'duplicate', LATE),
        }),
        { maxLength: 3 },
      ),
    },
  ),
  crash: fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
  ),
});

const pause: fc.Arbitrary<Pause> = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), time: fc.integer({ min: 1, max: 3 * SECOND }) }),
  fc.record({
    kind: fc.constant('freeze' as const),
    time: fc.constantFrom(
      10 * SECOND,
      31 * SECOND,
      100 * SECOND,
      4 * MINUTE + SECOND,
      5 * MINUTE - 1,
      5 * MINUTE,
      15 * MINUTE,
    ),
  }),
);

/**
 * At most eight requests for a visitor: a record remembers its last eight saves, and a reply that is lost for longer is
 * beyond what the engine promises.
 */
const visitor: fc.Arbitrary<VisitorPlan> = fc.record({
  known: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  tabs: fc.array(fc.array(request, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }).map(atMost(7)),
});

/** What makes a visitor known. */
export const FIRST_REQUEST: RequestPlan = {
  instance: 0,
  transaction: false,
  changes: ['append'],
  fate: 'keep',
  faults: [],
  crash: undefined,
};

export const plan: fc.Arbitrary<Plan> = fc.record({
  renewal: fc.boolean(),
  sealed: fc.boolean(),
  concurrency: fc.oneof(
    { weight: 4, arbitrary: fc.constant('merge' as const) },
    { weight: 1, arbitrary: fc.constantFrom('optimistic' as const, 'last-write-wins' as const) },
  ),
  slow: fc.boolean(),
  skews: fc.array(fc.integer({ min: -MOST_SKEW, max: MOST_SKEW }), { minLength: 1, maxLength: 3 }),
  visitors: fc.array(visitor, { minLength: 1, maxLength: 2 }),
  pauses: fc.array(pause, { maxLength: 8 }),
  seed: fc.noShrink(fc.integer()),
});

function atMost(requests: number) {
  return (all: readonly (readonly RequestPlan[])[]) => {
    let left = requests;
    return all.map((tab) => {
      const kept = tab.slice(0, left);
      left -= kept.length;
      return kept;
    });
  };
}
