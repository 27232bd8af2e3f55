import { setTimeout as pause } from 'node:timers/promises';
import { Visitor } from '../../examples/visitor.js';
import type { LocalShop } from './local-shop.js';
import { follow, type Model, randomWalks, type Step, take } from './random-walk.js';

/** How many visitors are in the shop at the same time. */
export const VISITORS = 50;

/** Another one with each run; a failure names it, and E2E_SEED repeats it. */
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);

/**
 * Sends visitors on random walks through the shop's fronts, all at once, while its instances are recycled again and
 * again. Each must see what she did and nobody else's.
 *
 * @returns the instances that answered
 */
export async function expectVisitorsKeptApart(shop: LocalShop): Promise<ReadonlySet<string>> {
  let walking = true;
  const recycling = (async () => {
    while (walking) {
      await pause(500 + Math.random() * 1500);
      await shop.cloud.recycle();
    }
  })();
  const instances = new Set<string>();
  const walks = randomWalks(VISITORS, seed).map((walk, number) => expectOwnWay(shop, walk, number, instances));
  await Promise.all(walks).finally(() => {
    walking = false;
  });
  await recycling;
  return instances;
}

async function expectOwnWay(shop: LocalShop, walk: readonly Step[], number: number, instances: Set<string>) {
  const visitor = new Visitor(shop.functionUrl);
  const front = (chosen: number) => shop.fronts[chosen % shop.fronts.length];
  let model: Model = { cart: {} };
  for (const [index, step] of walk.entries()) {
    await take(visitor, step, front(step.front));
    model = follow(model, step);
    const { instance, name, cart } = await visitor.look(front(step.lookFront));
    instances.add(instance);
    const expected = { seed, number, index, name: model.name, cart: model.cart };
    expect({ seed, number, index, name, cart }).toEqual(expected);
  }
}
