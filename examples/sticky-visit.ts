import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { LocalCloud, LocalService } from 'cdk-sessions-local';
import { step } from './narration.js';
import { Visitor } from './visitor.js';

/** A shop, and the servers behind it. */
interface Shop {
  readonly url: string;
  readonly service: LocalService;
}

const ADDS = 10;
const OTHERS = 40;

/**
 * What happens when servers come and go: to visitors whose sessions are in a server's memory behind a sticky load balancer,
 * and to those whose sessions are in a store. Each step throws an AssertionError if it did not show what it should.
 */
export async function stickyVisit(cloud: LocalCloud): Promise<void> {
  const sticky = shopIn(cloud, 'StickyLegacy');
  const shared = shopIn(cloud, 'FargateShop');

  console.log('Sessions in memory, a sticky load balancer');
  const mia = new Visitor(sticky.url);
  await step('Mia signs in and fills her cart', () => fill(mia));
  await step('is sent to the same task each time', async () => {
    const [instance, ...others] = await instancesFor(mia);
    assert.deepEqual(others, [], 'one task answers her');
    return `20 requests, all answered by ${instance}`;
  });
  await step('sees two tasks added', () => skewAfterScaling(sticky));
  await step('loses the task that knows her', () => killServerOf(mia, sticky));
  await step('is a stranger with an empty cart', async () => {
    const { name, cart, instance } = await mia.look();
    assert.deepEqual({ name, cart }, { name: undefined, cart: {} }, 'nobody else had her session');
    return `signed out, ${ADDS} mugs lost: ${instance} never heard of her`;
  });

  console.log('\nSessions in a table, the same application');
  const ida = new Visitor(shared.url);
  await step('Ida signs in and fills her cart', () => fill(ida));
  await step('is answered by whoever is free', async () => {
    const instances = await instancesFor(ida);
    assert.ok(instances.length > 1, 'several tasks answer her');
    return `20 requests, answered by ${instances.join(' and ')}`;
  });
  await step('sees two tasks added', () => skewAfterScaling(shared));
  await step('loses a task that knew her', () => killServerOf(ida, shared));
  await step('shops on', async () => {
    const { name, cart } = await ida.look();
    assert.deepEqual({ name, cart }, { name: 'Ida', cart: { mug: ADDS } }, 'her session outlives any task');
    await ida.add('mug');
    return `still signed in, ${ADDS} mugs in the cart, and one more`;
  });

  async function fill(visitor: Visitor): Promise<string> {
    const name = visitor === mia ? 'Mia' : 'Ida';
    await visitor.signIn(name);
    for (let add = 0; add < ADDS; add++) {
      await visitor.add('mug');
    }
    const { cart } = await visitor.look();
    assert.deepEqual(cart, { mug: ADDS }, 'every add is counted');
    return `${ADDS} mugs`;
  }
}

function shopIn(cloud: LocalCloud, stack: string): Shop {
  const front = cloud.fronts.find((candidate) => candidate.stack === stack);
  const service = cloud.services.find((candidate) => candidate.stack === stack);
  assert.ok(front && service, `${stack} has a front and a service`);
  return { url: front.url, service };
}

/** Which tasks answer twenty requests of a visitor, one after the other. */
async function instancesFor(visitor: Visitor): Promise<string[]> {
  const instances = new Set<string>();
  for (let request = 0; request < 20; request++) {
    instances.add((await visitor.look()).instance);
  }
  return [...instances];
}

/** Doubles the tasks under visitors who are there, and tells how many of those the new ones got. */
async function skewAfterScaling({ url, service }: Shop): Promise<string> {
  const visitors = Array.from({ length: OTHERS }, () => new Visitor(url));
  await Promise.all(visitors.map((visitor) => visitor.add('bowl')));
  const before = new Set(await Promise.all(service.members.map(instanceOf)));
  await service.scale(service.members.length * 2);
  const views = await Promise.all(visitors.map((visitor) => visitor.look()));
  const moved = views.filter(({ instance }) => !before.has(instance)).length;
  return `${moved} of ${OTHERS} visitors who were there reach them`;
}

/** Kills the task that answers a visitor, as a failing machine would. */
async function killServerOf(visitor: Visitor, { service }: Shop): Promise<string> {
  const { instance } = await visitor.look();
  for (const member of service.members) {
    if ((await instanceOf(member)) === instance) {
      await service.kill(member.id);
      return `${instance} is gone, and noticed after ${await untilNoticed(visitor)} s`;
    }
  }
  throw new Error(`no task is ${instance}`);
}

/** Until the load balancer notices, it answers 502 to whoever it sends there. */
async function untilNoticed(visitor: Visitor): Promise<string> {
  const begun = performance.now();
  while ((await visitor.fetch('/session')).status === 502) {
    await pause(100);
  }
  return ((performance.now() - begun) / 1000).toFixed(1);
}

/** Which instance a task is: asked without the load balancer. */
async function instanceOf({ port }: { readonly port?: number }): Promise<string> {
  const { instance } = await new Visitor(`http://127.0.0.1:${port}`).look();
  return instance;
}
