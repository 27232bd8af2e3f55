import fc from 'fast-check';
import { catalogue } from '../../examples/shop/catalogue.js';
import type { Visitor } from '../../examples/visitor.js';

/** What a visitor may do next, and which of the shop's fronts she does it and looks at the outcome through. */
export type Step = (
  | { readonly kind: 'add' | 'remove'; readonly product: string }
  | { readonly kind: 'sign-in'; readonly name: string }
  | { readonly kind: 'sign-out' }
) & { readonly front: number; readonly lookFront: number };

/** What the shop has to know of a visitor. */
export interface Model {
  readonly name?: string;
  readonly cart: Readonly<Record<string, number>>;
}

const product = fc.constantFrom(...catalogue.keys());
const fronts = { front: fc.nat({ max: 1 }), lookFront: fc.nat({ max: 1 }) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add' as const), product, ...fronts }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), product, ...fronts }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('sign-in' as const),
      name: fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
        .filter((name) => name === name.trim() && name !== ''),
      ...fronts,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('sign-out' as const), ...fronts }) },
);

/** As many random walks as asked for; the same seed gives the same walks. */
export function randomWalks(count: number, seed: number): Step[][] {
  return fc.sample(fc.array(step, { minLength: 6, maxLength: 12 }), { numRuns: count, seed });
}

/** What a step makes of what was there. */
export function follow({ cart, ...rest }: Model, step: Step): Model {
  switch (step.kind) {
    case 'add':
      return { ...rest, cart: { ...cart, [step.product]: (cart[step.product] ?? 0) + 1 } };
    case 'remove': {
      const { [step.product]: count = 0, ...others } = cart;
      return { ...rest, cart: count > 1 ? { ...others, [step.product]: count - 1 } : others };
    }
    case 'sign-in':
      // Whoever was signed in before takes the cart with him.
      return { cart: (rest.name ?? step.name) === step.name ? cart : {}, name: step.name };
    case 'sign-out':
      return { cart: {} };
  }
}

/** Takes a step in the shop. */
export function take(visitor: Visitor, step: Step, front: string | undefined): Promise<void> {
  switch (step.kind) {
    case 'add':
      return visitor.add(step.product, front);
    case 'remove':
      return visitor.remove(step.product, front);
    case 'sign-in':
      return visitor.signIn(step.name, front);
    case 'sign-out':
      return visitor.signOut(front);
  }
}
