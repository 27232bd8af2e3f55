import { type Cookie, CookieJar } from 'tough-cookie';
import type { View } from './serverless-shop/page.js';

/** A visitor of the shop as a browser keeps one: a strict cookie jar, and as many tabs as there are requests at once. */
export class Visitor {
  readonly #jar = new CookieJar(undefined, { prefixSecurity: 'strict' });

  /** @param shop where the shop is, unless a call says otherwise; cookies do not tell ports apart */
  constructor(readonly shop: string) {}

  /** Sends a request with the cookies that belong to it, and keeps those that the reply sets. Follows no redirect. */
  async fetch(path: string, init: RequestInit = {}, shop = this.shop): Promise<Response> {
    const url = new URL(path, shop).href;
    const headers = new Headers(init.headers);
    const cookies = await this.#jar.getCookieString(url);
    if (cookies !== '') {
      headers.set('cookie', cookies);
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

  /** The session cookie that the browser holds. */
  async cookie(): Promise<Cookie | undefined> {
    const cookies = await this.#jar.getCookies(this.shop);
    return cookies.find(({ key }) => key.startsWith('__Host-'));
  }

  async #post(path: string, fields: Record<string, string>, shop?: string): Promise<void> {
    const reply = await this.fetch(path, { method: 'POST', body: new URLSearchParams(fields) }, shop);
    await expectStatus(reply, 303);
    await reply.arrayBuffer();
  }
}

async function expectStatus(reply: Response, status: number): Promise<void> {
  if (reply.status !== status) {
    throw new Error(`expected ${reply.url} to answer ${status}, received ${reply.status}: ${await reply.text()}`);
  }
}
