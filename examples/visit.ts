import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { LocalCloud } from 'cdk-sessions-local';
import { list, step } from './narration.js';
import { lookWith, Visitor } from './visitor.js';

const ADDS_PER_TAB = 10;
const FIREFOX_ON_LINUX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Which instances answer when several requests come at once. */
async function instances(visitor: Visitor): Promise<Set<string>> {
  const views = await Promise.all(Array.from({ length: 6 }, () => visitor.look()));
  return new Set(views.map(({ instance }) => instance));
}

/** Tells session ids apart without showing one. */
const fingerprint = (cookie = '') => createHash('sha256').update(cookie).digest('hex').slice(0, 8);

/** The visitor's way through a shop with a store. Each step throws an AssertionError if it did not show what it should. */
export async function visit(cloud: LocalCloud, shop: string, calls: () => Promise<number>): Promise<void> {
  const visitor = new Visitor(shop);
  const store = cloud.caches.length > 0 ? 'cache' : 'table';
  const held = async () => (await visitor.cookie())?.cookieString();
  const full = { mug: ADDS_PER_TAB, vase: ADDS_PER_TAB };
  let anonymous: string | undefined;
  let signedIn: string | undefined;
  let forgotten: string | undefined;

  await step('A visitor opens the shop', async () => {
    const page = await visitor.fetch('/');
    assert.equal(page.status, 200, 'the page is there');
    assert.equal(await held(), undefined, 'nothing is stored, so no cookie is set');
    assert.equal(await calls(), 0, `the ${store} is not asked`);
    return `no cookie set, the ${store} not asked`;
  });
  await step('adds to the cart', async () => {
    await visitor.add('bowl');
    await visitor.remove('bowl');
    anonymous = await held();
    assert.ok(anonymous, 'the first change sets a cookie');
    assert.notEqual(await calls(), 0, `the ${store} has it`);
    return `session ${fingerprint(anonymous)} begins`;
  });
  await step('adds from two tabs at once', async () => {
    const adds = Array.from({ length: ADDS_PER_TAB }, () => [visitor.add('mug'), visitor.add('vase')]);
    await Promise.all(adds.flat());
    const { cart } = await visitor.look();
    assert.deepEqual(cart, full, 'every add is counted');
    return `${2 * ADDS_PER_TAB} adds in parallel, ${cart['mug']} + ${cart['vase']} in the cart`;
  });
  await step('signs in', async () => {
    await visitor.signIn('Mia');
    signedIn = await held();
    const { name, cart } = await visitor.look();
    assert.equal(name, 'Mia', 'the session knows the name');
    assert.notEqual(signedIn, anonymous, 'the session has a new id');
    assert.deepEqual(cart, full, 'the cart is kept');
    return `session ${fingerprint(anonymous)} is now ${fingerprint(signedIn)}, the cart is kept`;
  });
  await step('signs in at the library, out from home', async () => {
    const library = new Visitor(shop, FIREFOX_ON_LINUX);
    await library.signIn('Mia');
    forgotten = (await library.cookie())?.cookieString();
    const places = (await visitor.signedIn()).map(({ label }) => label);
    assert.deepEqual(places.toSorted(), ['A browser', 'Firefox on Linux'], 'the page lists both places');
    await visitor.signOutElsewhere();
    const [there, here] = [await library.look(), await visitor.look()];
    assert.deepEqual([there.name, here.name], [undefined, 'Mia'], 'only the other place is signed out');
    return 'Firefox on Linux is signed out at once, this browser is not';
  });
  let before = new Set<string>();
  await step('has every instance recycled under her', async () => {
    before = await instances(visitor);
    await cloud.recycle();
    return `${list(before)} gone`;
  });
  await step('finds the cart again', async () => {
    const after = await instances(visitor);
    const { name, cart } = await visitor.look();
    assert.deepEqual(
      [...after].filter((id) => before.has(id)),
      [],
      'no instance is left from before',
    );
    assert.equal(name, 'Mia', 'she is still signed in');
    assert.deepEqual(cart, full, 'the cart is kept');
    return `answered by ${list(after)}`;
  });
  await step('signs out and finds it gone', async () => {
    await visitor.signOut();
    const { name, cart } = await visitor.look();
    assert.equal(name, undefined, 'nobody is signed in');
    assert.deepEqual(cart, {}, 'the cart is gone');
    assert.equal(await held(), undefined, 'the cookie is gone');
    return 'no name, no cart, no cookie';
  });
  await step('replays her old cookies', async () => {
    for (const cookie of [anonymous, signedIn, forgotten]) {
      const { name, cart } = await lookWith(shop, cookie ?? '');
      assert.deepEqual({ name, cart }, { name: undefined, cart: {} }, 'an ended session is found by nobody');
    }
    return 'none finds anything';
  });
}
