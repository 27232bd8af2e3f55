import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { LocalShop } from '../support/local-shop.js';

const FIREFOX_ON_WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
const SAFARI_ON_IOS =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

describe.each([{ https: false }, { https: true }])('the page with https: $https', ({ https }) => {
  let shop: LocalShop;
  let context: BrowserContext;
  /** What browsers complain of: errors of the script, violations of the content security policy. */
  let complaints: string[];

  beforeAll(async () => {
    shop = await LocalShop.open({ https });
  });
  afterAll(() => shop?.close());

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    context = await browser.newContext({
      ignoreHTTPSErrors: https,
      viewport: { width: 1280, height: 860 },
      ...options,
    });
    complaints = [];
    context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    context.on('weberror', (error) => complaints.push(String(error.error())));
    return newTab();
  }
  async function newTab(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(shop.functionUrl);
    return page;
  }
  const photograph = (page: Page, name: string) =>
    page.screenshot({
      path: join(__dirname, 'screenshots', `${https ? 'https' : 'http'}-${name}.png`),
      fullPage: true,
    });
  const sessionCookie = async () => (await context.cookies()).find(({ name }) => name === '__Host-session');
  const add = (page: Page, product: string) => page.getByRole('button', { name: `Add ${product} to the cart` }).click();
  const pieces = (page: Page, count: number) =>
    page.getByRole('heading', { name: `Your cart ${count}` }).waitFor({ timeout: 5_000 });
  async function signIn(page: Page, name: string): Promise<void> {
    await page.getByLabel('Your name').fill(name);
    await page.keyboard.press('Enter');
    await page.getByText(`Hello, ${name}`).waitFor();
  }
  /** What the list "Where you are signed in" calls its places. */
  const places = (page: Page): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('.sign-ins .what')].map((place) => place.firstChild.data)`);
  /** By how many pixels the page is wider than its window. */
  const overflow = (page: Page): Promise<number> =>
    page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

  /** Resolves when so many changes of a tab's are answered. */
  const changes = (page: Page, count: number) =>
    page.waitForEvent('requestfinished', (request) => request.method() === 'POST' && --count === 0);

  afterEach(() => context.close());

  test('fills the cart without leaving the page, in a __Host- cookie that the browser keeps', async () => {
    const page = await open();
    await photograph(page, 'empty');
    expect(await context.cookies()).toEqual([]);

    await add(page, 'Morning mug');
    await add(page, 'Morning mug');
    await add(page, 'Milk jug');
    await pieces(page, 3);
    await page.getByRole('button', { name: 'One Milk jug less' }).click();
    await pieces(page, 2);

    expect(await page.locator('#said').textContent()).toBe('2 in the cart');
    expect(await page.locator('#total').textContent()).toBe('€48.00');
    expect(await sessionCookie()).toMatchObject({
      domain: 'localhost',
      path: '/',
      httpOnly: true,
      secure: true,
      sameSite: 'Lax',
      expires: -1,
    });
    expect(await page.evaluate('history.length')).toBe(2);
    expect(complaints).toEqual([]);
  });

  test('shares the cart between two tabs', async () => {
    const one = await open();
    await add(one, 'Soup bowl');
    await pieces(one, 1);
    const two = await newTab();
    const answered = [changes(one, 2), changes(two, 2)];
    // Each tab has a mouse of its own, which makes one click after the other.
    const click = async (page: Page, ...products: string[]) => {
      for (const product of products) {
        await add(page, product);
      }
    };
    await Promise.all([click(one, 'Soup bowl', 'Soup bowl'), click(two, 'Soup bowl', 'One-stem vase'), ...answered]);
    await one.reload();
    await pieces(one, 5);
    expect(complaints).toEqual([]);
  });

  test('takes over what another tab added, and loses no click that is under way meanwhile', async () => {
    const one = await open();
    await add(one, 'Soup bowl');
    await pieces(one, 1);
    const two = await newTab();
    await add(two, 'Soup bowl');
    await pieces(two, 2);

    await one.getByRole('button', { name: 'Add Soup bowl to the cart' }).hover();
    await one.mouse.down();
    await one.evaluate("dispatchEvent(new Event('visibilitychange'))");
    await pieces(one, 2);
    await one.mouse.up();
    await pieces(one, 3);
    expect(complaints).toEqual([]);
  });

  test('keeps the cart when the instances are recycled, and says so', async () => {
    const page = await open();
    await add(page, 'Rainy day teapot');
    await pieces(page, 1);
    const before = await page.locator('#instance').textContent();
    await shop.cloud.recycle();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByText('2 instances have answered this page').waitFor();
    expect(await page.locator('#instance').textContent()).not.toBe(before);
    await page.reload();
    await pieces(page, 1);
    expect(complaints).toEqual([]);
  });

  test('signs in under a new id, shows the name as text, and signs out for good', async () => {
    const page = await open();
    await add(page, 'Breakfast plate');
    await pieces(page, 1);
    const anonymous = await sessionCookie();

    await signIn(page, '<b>Mia</b>');
    await pieces(page, 1);
    const signedIn = await sessionCookie();
    expect(signedIn?.value).not.toBe(anonymous?.value);
    await photograph(page, 'signed-in');

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await pieces(page, 0);
    expect(await sessionCookie()).toBeUndefined();
    for (const cookie of [anonymous, signedIn]) {
      await context.addCookies(cookie ? [cookie] : []);
      await page.reload();
      await pieces(page, 0);
      await page.getByLabel('Your name').waitFor();
    }
    expect(complaints).toEqual([]);
  });

  test('says where a visitor is signed in, and signs out there, of one place or of all', async () => {
    const page = await open();
    await signIn(page, 'Ida');
    expect(await places(page)).toEqual(['Chrome on Linux']);
    await page.getByText('Nowhere else.').waitFor();

    const elsewhere = await Promise.all(
      [FIREFOX_ON_WINDOWS, SAFARI_ON_IOS].map(async (userAgent) => {
        const other = await browser.newContext({ ignoreHTTPSErrors: https, userAgent });
        const there = await other.newPage();
        await there.goto(shop.functionUrl);
        await signIn(there, 'Ida');
        return there;
      }),
    );
    await page.reload();
    await add(page, 'Soup bowl');
    await pieces(page, 1);
    expect((await places(page)).toSorted()).toEqual(['Chrome on Linux', 'Firefox on Windows', 'Safari on iOS']);
    await photograph(page, 'places');
    await page.setViewportSize({ width: 320, height: 568 });
    await photograph(page, 'places-small-phone');
    expect(await overflow(page)).toBeLessThanOrEqual(0);

    await page.getByRole('button', { name: 'Sign out Safari on iOS' }).click();
    await page.getByText('Safari on iOS').waitFor({ state: 'detached' });
    expect(await page.locator('#said').textContent()).toBe('1 in the cart, signed in at 2 places');
    expect(await page.evaluate('document.activeElement.id')).toBe('sign-ins');
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByText('Nowhere else.').waitFor();
    expect(await places(page)).toEqual(['Chrome on Linux']);

    for (const there of elsewhere) {
      await there.reload();
      await there.getByLabel('Your name').waitFor();
      await there.context().close();
    }
    expect(complaints).toEqual([]);
  });

  test('works without its script', async () => {
    const page = await open({ javaScriptEnabled: false });
    await add(page, 'Morning mug');
    await pieces(page, 1);
    await page.getByLabel('Your name').fill('Mia');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Hello, Mia').waitFor();
    await pieces(page, 1);
    const other = await browser.newContext({ ignoreHTTPSErrors: https, userAgent: FIREFOX_ON_WINDOWS });
    const there = await other.newPage();
    await there.goto(shop.functionUrl);
    await signIn(there, 'Mia');
    await page.reload();
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click();
    await page.getByText('Nowhere else.').waitFor();
    await there.reload();
    await there.getByLabel('Your name').waitFor();
    await other.close();
    expect(page.url()).toBe(new URL('/', shop.functionUrl).href);
  });

  test('says so when the shop does not answer, and goes on when it does', async () => {
    const page = await open();
    await page.route('**/cart', (route) => route.fulfill({ status: 503 }), { times: 1 });
    await add(page, 'Morning mug');
    await page.locator('#notice', { hasText: 'please try again' }).waitFor();
    await add(page, 'Morning mug');
    await pieces(page, 1);
    expect(await page.locator('#notice').textContent()).toBe('');
  });

  test('refuses what a page of another origin on the same site posts', async () => {
    const page = await open();
    await add(page, 'Morning mug');
    await pieces(page, 1);
    const elsewhere = createServer((_, reply) =>
      reply
        .setHeader('content-type', 'text/html')
        .end(
          `<form method="post" action="${shop.functionUrl}cart"><button name="add" value="vase">Win</button></form>`,
        ),
    ).listen(0);
    try {
      await page.goto(`http://localhost:${(elsewhere.address() as AddressInfo).port}/`);
      await page.getByRole('button', { name: 'Win' }).click();
      await page.getByText('This request came from another site.').waitFor();
    } finally {
      elsewhere.close();
      elsewhere.closeAllConnections();
    }
    await page.goto(shop.functionUrl);
    await pieces(page, 1);
  });

  test.each([
    ['phone', { viewport: { width: 390, height: 844 } }],
    ['small-phone', { viewport: { width: 320, height: 568 } }],
    ['tablet', { viewport: { width: 768, height: 1024 } }],
    ['desktop', { viewport: { width: 1280, height: 860 } }],
    ['desktop-dark', { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' as const }],
  ])('fits a %s, with targets large enough for a thumb', async (name, options) => {
    const page = await open(options);
    for (const product of ['Morning mug', 'Milk jug', 'Rainy day teapot']) {
      await add(page, product);
    }
    await pieces(page, 3);
    await photograph(page, name);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (const button of await page.getByRole('button').all()) {
      const box = await button.boundingBox();
      // WCAG 2.2, 2.5.5: a target is at least 44 pixels in each direction.
      expect(Math.min(box?.width ?? 0, box?.height ?? 0)).toBeGreaterThanOrEqual(44);
    }
    expect(complaints).toEqual([]);
  });
});
