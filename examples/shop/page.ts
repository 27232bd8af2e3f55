import { createHash } from 'node:crypto';
import type { Cart } from './cart.js';
import { catalogue, type Product } from './catalogue.js';
import { escapeHtml } from './html.js';
import { script } from './script.js';
import { type SignIn, signInsSection } from './sign-ins.js';
import { style } from './style.js';

/** What a visitor sees, and what `GET /session` tells the panel. */
export interface View {
  /** Which instance of the function answered. */
  readonly instance: string;
  /** Who is signed in. */
  readonly name?: string;
  readonly cart: Cart;
  /** The session's times in seconds, counted here because a browser's clock may be wrong. Absent before there is one. */
  readonly session?: { readonly age?: number; readonly idleLeft?: number; readonly left?: number };
}

const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing runs or loads but the style and the script below, whatever a visitor manages to put into the page. */
export const contentSecurityPolicy = {
  'content-security-policy': `default-src 'none'; style-src ${hash(style)}; script-src ${hash(script)}; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
};

/** The whole page. It works without its script: every button posts a form and is answered with the page anew. */
export function page(view: View, signIns: readonly SignIn[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Kiln &amp; Kettle</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Cpath fill='%23b3512f' d='M5 9h18v12a6 6 0 0 1-6 6h-6a6 6 0 0 1-6-6Zm18 3h2a5 5 0 0 1 0 10h-3v-3h3a2 2 0 0 0 0-4h-2Z'/%3E%3C/svg%3E">
<style>${style}</style>
</head>
<body>
<p id="notice" role="status"></p>
<p id="said" role="status" class="unseen"></p>
<div id="shop">
<header>
<p class="brand">Kiln <i>&amp;</i> Kettle</p>
${visitor(view)}
</header>
<main>
<section aria-labelledby="products">
<h1 id="products">Stoneware for slow mornings</h1>
<form method="post" action="/cart"><ul class="products">
${[...catalogue].map(productCard).join('\n')}
</ul></form>
<a class="to-cart" href="#cart">Cart: ${pieces(view)}</a>
</section>
<aside>
${cart(view)}
${signInsSection(signIns)}
${panel(view)}
</aside>
</main>
</div>
<script>${script}</script>
</body>
</html>
`;
}

function visitor({ name }: View): string {
  return name === undefined
    ? `<form class="visitor" method="post" action="/sign-in">
<label for="name">Your name</label>
<input id="name" name="name" required maxlength="40" autocomplete="given-name" placeholder="Any name will do">
<button id="sign-in">Sign in</button>
</form>`
    : `<form class="visitor" method="post" action="/sign-out">
<p>Hello, <strong id="visitor">${escapeHtml(name)}</strong></p>
<button id="sign-out" class="quiet">Sign out</button>
</form>`;
}

function productCard([id, { name, glaze, price, drawing }]: [string, Product]): string {
  return `<li class="product ${id}">
<svg viewBox="0 0 120 90" aria-hidden="true">${drawing}</svg>
<h2>${name}</h2>
<p>${glaze}</p>
<p class="buy"><span>${euros(price)}</span><button id="add-${id}" name="add" value="${id}" aria-label="Add ${name} to the cart">Add</button></p>
</li>`;
}

function cart(view: View): string {
  const lines = [...catalogue].flatMap(([id, product]) => {
    const count = view.cart[id] ?? 0;
    return count > 0 ? [{ id, count, ...product }] : [];
  });
  const total = lines.reduce((sum, { count, price }) => sum + count * price, 0);
  return `<section class="cart" aria-labelledby="cart">
<h2 id="cart" tabindex="-1">Your cart <span id="pieces">${pieces(view)}</span></h2>
${
  lines.length === 0
    ? '<p class="empty">Nothing in it yet. The first thing you add begins your session.</p>'
    : `<form method="post" action="/cart"><ul>
${lines.map(cartLine).join('\n')}
</ul></form>
<p class="total"><span>Total</span><strong id="total">${euros(total)}</strong></p>`
}
</section>`;
}

function pieces({ cart }: View): number {
  return Object.values(cart).reduce((sum, count) => sum + count, 0);
}

function cartLine({ id, count, name, price }: Product & { id: string; count: number }): string {
  return `<li><span class="what">${name}<small>${euros(price * count)}</small></span>
<button id="less-${id}" class="step" name="remove" value="${id}" aria-label="One ${name} less">−</button>
<span id="count-${id}" class="count">${count}</span>
<button id="more-${id}" class="step" name="add" value="${id}" aria-label="One ${name} more">+</button></li>`;
}

/** Drawn by the script, because its times run; without the script it stays out of sight. */
function panel(view: View): string {
  return `<section class="panel" aria-labelledby="behind" data-view="${escapeHtml(JSON.stringify(view))}" hidden>
<h2 id="behind">Behind the counter</h2>
<dl>
<div><dt>Answered by instance</dt><dd id="instance"></dd></div>
<div><dt>Session began</dt><dd id="age"></dd></div>
<div><dt>Ends if you go idle</dt><dd id="idle-left"></dd></div>
<div><dt>Ends in any case</dt><dd id="left"></dd></div>
</dl>
<p id="seen"></p>
<button id="ask" type="button" class="quiet">Ask again</button>
</section>`;
}

function euros(cents: number): string {
  return new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' }).format(cents / 100);
}
