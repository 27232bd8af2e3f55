/** The style of the page: light or dark as the visitor's system is, one column on a phone, two beside each other elsewhere. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #f7f2ea; --card: #fffdf9; --ink: #2b2521; --soft: #6d6157; --rule: #e4d9ca;
  --clay: #a8482a; --clay-deep: #8a3820; --on-clay: #fff9f3; --tint: #efe6d8;
  --body: #c98f6b; --glaze: #f3ead9; --inside: #ddcfb8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", Georgia, "DejaVu Serif", serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1d1916; --card: #27221e; --ink: #f1e8dc; --soft: #b5a697; --rule: #3b342e;
    --clay: #e08a63; --clay-deep: #eda07d; --on-clay: #24150e; --tint: #332c26;
  }
}
* { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
body {
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  -webkit-text-size-adjust: 100%;
}
h1, h2, .brand { font-family: var(--serif); font-weight: 600; line-height: 1.2; text-wrap: balance; }
ul { list-style: none; padding: 0; }
button, input { font: inherit; color: inherit; border-radius: 999px; border: 1px solid transparent; min-height: 44px; }
button {
  padding: 0 1.1rem; background: var(--clay); color: var(--on-clay); font-weight: 600; cursor: pointer;
  transition: background .15s, transform .1s; touch-action: manipulation;
}
button:hover { background: var(--clay-deep); }
button:active { transform: scale(.96); }
.quiet, .step { background: transparent; color: var(--ink); border-color: var(--rule); }
.quiet:hover, .step:hover { background: var(--tint); }
:focus-visible { outline: 3px solid var(--clay); outline-offset: 2px; }
#cart:focus, #sign-ins:focus { outline: none; }

.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
#notice:not(:empty) {
  position: sticky; top: 0; z-index: 1; padding: .7rem 1.25rem; text-align: center; background: var(--clay); color: var(--on-clay);
}
header, main { max-width: 1120px; margin: auto; padding: 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: .75rem 2rem; align-items: center; justify-content: space-between; }
.brand { font-size: 1.6rem; letter-spacing: -.01em; }
.brand i { color: var(--clay); }
.visitor { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
.visitor label { color: var(--soft); font-size: .9rem; }
.visitor input { padding: 0 1.1rem; background: var(--card); border-color: var(--rule); width: 14rem; }
.visitor input::placeholder { color: var(--soft); opacity: 1; font-size: .9rem; }
.visitor p { overflow-wrap: anywhere; }

main { display: grid; gap: 2rem; padding-bottom: 3rem; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.5rem); letter-spacing: -.015em; margin: .5rem 0 1.5rem; }
.products { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13.5rem), 1fr)); gap: 1rem; }
.product { display: flex; flex-direction: column; background: var(--card); border: 1px solid var(--rule); border-radius: 18px; padding: .6rem .6rem .9rem; }
.product > :not(svg) { padding-inline: .5rem; }
.product svg { width: 100%; border-radius: 12px; background: var(--backdrop); margin-bottom: .8rem; padding: 1rem; max-height: 170px; }
.product h2 { font-size: 1.12rem; }
.product p { color: var(--soft); font-size: .9rem; }
.product .buy { display: flex; align-items: center; justify-content: space-between; margin-top: auto; padding-top: .7rem; }
.buy span { color: var(--ink); font-weight: 600; font-size: 1rem; font-variant-numeric: tabular-nums; }

.mug { --backdrop: #dfe5dc; --glaze: #f4ead8; --body: #b98a66; }
.teapot { --backdrop: #ecd9c8; --glaze: #5b4a45; --body: #94614a; }
.bowl { --backdrop: #dde3e8; --glaze: #a9b7bd; --body: #c4a789; --inside: #dbe2e2; }
.vase { --backdrop: #f0dfd3; --glaze: #9db9a3; --body: #d6c3a4; }
.plate { --backdrop: #e6dfd0; --glaze: #fbf8f1; --body: #bf9f80; --inside: #f1ebdf; }
.jug { --backdrop: #dfe1d3; --glaze: #dca546; --body: #a96a3e; }
.body { fill: var(--body); }
.glaze { fill: var(--glaze); }
.inside { fill: var(--inside); }
.leaf { fill: #6f8f6d; }
.line { fill: none; stroke: var(--body); stroke-width: 7; stroke-linecap: round; }
.vase .line { stroke: #6f8f6d; stroke-width: 2.5; }
.steam { fill: none; stroke: #fff; stroke-width: 2.5; stroke-linecap: round; opacity: .85; }
.speck { stroke: #c9b79d; stroke-width: 2.4; stroke-linecap: round; }

aside { display: grid; gap: 1rem; align-content: start; }
aside section { border-radius: 18px; padding: 1.25rem; }
.cart, .sign-ins { background: var(--card); border: 1px solid var(--rule); }
aside h2 { font-size: 1.25rem; margin-bottom: .75rem; }
#pieces { display: inline-grid; place-items: center; min-width: 1.7rem; height: 1.7rem; padding: 0 .5rem; margin-left: .25rem; border-radius: 999px; background: var(--clay); color: var(--on-clay); font: 600 .9rem/1 system-ui, sans-serif; vertical-align: middle; }
.to-cart { position: sticky; bottom: 1rem; display: block; width: fit-content; margin: 1rem 0 0 auto; padding: .6rem 1.2rem; border-radius: 999px; background: var(--ink); color: var(--paper); font-weight: 600; text-decoration: none; box-shadow: 0 4px 16px #0004; }
.empty { color: var(--soft); }
aside li { display: flex; align-items: center; gap: .35rem; padding: .55rem 0; border-bottom: 1px solid var(--rule); }
.what { flex: 1; line-height: 1.3; overflow-wrap: anywhere; }
.sign-ins li { min-height: 62px; }
.sign-ins form > :last-child { margin-top: .9rem; }
#sign-out-elsewhere { width: 100%; padding: 0 .5rem; }
.what small { display: block; color: var(--soft); font-variant-numeric: tabular-nums; }
.step { width: 44px; padding: 0; font-size: 1.15rem; }
.count { min-width: 1.6rem; text-align: center; font-variant-numeric: tabular-nums; }
.total { display: flex; justify-content: space-between; padding-top: .9rem; font-size: 1.1rem; font-variant-numeric: tabular-nums; }

.panel { background: #26201c; color: #efe4d6; --rule: #4a3f37; --tint: #3a312b; --ink: #efe4d6; border: 1px solid #3b322c; }
.panel dl { font-size: .92rem; }
.panel dl div { display: flex; justify-content: space-between; gap: 1rem; padding: .35rem 0; border-bottom: 1px solid var(--rule); }
.panel dt { color: #bfae9c; }
.panel dd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-variant-numeric: tabular-nums; white-space: nowrap; }
#instance::before { content: ""; display: inline-block; width: .65em; height: .65em; margin-right: .5em; border-radius: 50%; background: hsl(var(--hue, 20) 70% 62%); }
#seen { margin: .9rem 0; font-size: .9rem; color: #bfae9c; min-height: 2.7em; }

@media (min-width: 860px) {
  .to-cart { display: none; }
  main { grid-template-columns: minmax(0, 1fr) 20.5rem; }
  aside { position: sticky; top: 1.25rem; align-self: start; margin-top: .9rem; }
}
@media (max-width: 560px) {
  header { padding-bottom: .5rem; }
  .visitor { width: 100%; }
  .visitor label { width: 100%; margin-bottom: -.35rem; }
  .visitor input { flex: 1; width: auto; min-width: 0; }
  .visitor p { flex: 1; }
  .products { grid-template-columns: 1fr 1fr; gap: .7rem; }
  .product svg { padding: .5rem; }
  .product h2 { font-size: 1rem; }
  .product .buy { flex-wrap: wrap; gap: .5rem; }
  .product button { flex: 1; padding: 0 .8rem; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
`;
