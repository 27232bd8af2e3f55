import { type Cookie, CookieJar } from 'tough-cookie';
import type { View } from './shop/page.js';

/** A place of the list "Where you are signed in". */
export interface SignedIn {
  /** What the browser is called there. */
  readonly label: string;
  /** What its button "Sign out" sends. The visitor's own place has none. */
  readonly handle?: string;
}

/** A visitor of the shop as a browser keeps one: a strict cookie jar, and as many tabs as there are requests at once. */
export class Visitor {
  readonly #jar = new CookieJar(undefined, { prefixSecurity: 'strict' });

  /**
   * @param shop where the shop is, unless a call says otherwise; cookies do not tell ports apart
   * @param userAgent what the browser says that it is
   */
  constructor(
    readonly shop: string,
    private readonly userAgent?: string,
  ) {}

  /** Sends a request with the cookies that belong to it, and keeps those that the reply sets. Follows no redirect. */
  async fetch(path: string, init: RequestInit = {}, shop = this.shop): Promise<Response> {
    const url = new URL(path, shop).href;
    const headers = new Headers(init.headers);
    const cookies = await this.#jar.getCookieString(url);
    if (cookies !== '') {
      headers.set('cookie', cookies);
    }
    if (this.userAgent !== undefined) {
      headers.set('user-agent', this.userAgent);
    }
    const reply = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const cookie of reply.headers.getSetCookie()) {
      await this.#jar.setCookie(cookie, url);
    }
    return reply;
  }

  /** What the panel of the page shows. */
  async look(shop?: string): Promise<View> {
    const reply = await this.fetch('/session', {}, shop);
    await expectStatus(reply, 200);
    return (await reply.json()) as View;
  }

  add(product: string, shop?: string): Promise<void> {
    return this.#post('/cart', { add: product }, shop);
  }

  remove(product: string, shop?: string): Promise<void> {
    return this.#post('/cart', { remove: product }, shop);
  }

  signIn(name: string, shop?: string): Promise<void> {
    return this.#post('/sign-in', { name }, shop);
  }

  signOut(shop?: string): Promise<void> {
    return this.#post('/sign-out', {}, shop);
  }

  /** Signs out all other browsers of the same user, or the one that the list knows by this handle. */
  signOutElsewhere(only?: string): Promise<void> {
    return this.#post('/sign-out-elsewhere', only === undefined ? {} : { only });
  }

  /** The list "Where you are signed in" of the page. */
  async signedIn(): Promise<readonly SignedIn[]> {
    const reply = await this.fetch('/');
    await expectStatus(reply, 200);
    const [, ...places] = (await reply.text()).split('<li id="place-');
    return places.map((place) => {
      const [, label = ''] = /<span class="what">([^<]*)/.exec(place) ?? [];
      const [, handle] = /name="only" value="([^"]*)"/.exec(place) ?? [];
      return { label, ...(handle !== undefined && { handle }) };
    });
  }

  /** The session cookie that the browser holds. */
  async cookie(): Promise<Cookie | undefined> {
    const cookies = await this.#jar.getCookies(this.shop);
    return cookies.find(({ key }) => /^(?:__Host-)?session$/.test(key));
  }

  async #post(path: string, fields: Record<string, string>, shop?: string): Promise<void> {
    const reply = await this.fetch(path, { method: 'POST', body: new URLSearchParams(fields) }, shop);
    await expectStatus(reply, 303);
    await reply.arrayBuffer();
  }
}

/** What the panel shows to who sends exactly this cookie, as in `__Host-session=…`. */
export async function lookWith(shop: string, cookie: string): Promise<View> {
  const reply = await fetch(new URL('/session', shop), { headers: { cookie } });
  await expectStatus(reply, 200);
  return (await reply.json()) as View;
}

async function expectStatus(reply: Response, status: number): Promise<void> {
  if (reply.status !== status) {
    throw new Error(`expected ${reply.url} to answer ${status}, received ${reply.status}: ${await reply.text()}`);
  }
}
