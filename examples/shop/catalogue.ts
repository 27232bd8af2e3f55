/** What the shop sells. */
export interface Product {
  readonly name: string;
  readonly glaze: string;
  /** In euro cents: money is never a fraction. */
  readonly price: number;
  /** The inside of an SVG of 120 × 90, in the colours of the page. */
  readonly drawing: string;
}

/** All products, by the id that a cart holds. A map, because an id comes from the browser and could be `__proto__`. */
export const catalogue: ReadonlyMap<string, Product> = new Map([
  [
    'mug',
    {
      name: 'Morning mug',
      glaze: 'Oat glaze, 300\u00a0ml',
      price: 2400,
      drawing:
        '<path class="line" d="M76 38h9a13 13 0 0 1 0 26h-9"/><path class="body" d="M36 26h41v40a12 12 0 0 1-12 12H48a12 12 0 0 1-12-12Z"/><path class="glaze" d="M36 26h41v22c-5 6-9-3-14 1s-8 6-13 0-9 3-14-2Z"/><path class="steam" d="M50 18c-4-4 4-6 0-11m13 11c-4-4 4-6 0-11"/>',
    },
  ],
  [
    'teapot',
    {
      name: 'Rainy day teapot',
      glaze: 'Iron glaze, 900\u00a0ml',
      price: 6800,
      drawing:
        '<path class="line" d="M38 44a14 14 0 1 0-2 26"/><path class="body" d="M84 50c9-1 9-14 19-16-3 18-6 30-21 34Z"/><ellipse class="body" cx="60" cy="56" rx="29" ry="23"/><path class="glaze" d="M31 55a29 23 0 0 1 58 0c-6 6-9-2-15 1s-8 7-15 2-8 1-14 1-9-7-14-4Z"/><path class="glaze" d="M47 34a14 6 0 0 1 26 0Z"/><circle class="body" cx="60" cy="25" r="5"/>',
    },
  ],
  [
    'bowl',
    {
      name: 'Soup bowl',
      glaze: 'Ash glaze, 18\u00a0cm',
      price: 3200,
      drawing:
        '<path class="body" d="M48 72h24l3 8H45Z"/><path class="body" d="M22 36h76c0 24-16 38-38 38S22 60 22 36Z"/><path class="glaze" d="M22 36h76c0 6-1 9-3 13-6 5-10-2-16 1s-9 6-15 2-9 2-15 1-8-6-13-3-8 1-11-3c-2-4-3-7-3-11Z"/><ellipse class="inside" cx="60" cy="36" rx="38" ry="7"/>',
    },
  ],
  [
    'vase',
    {
      name: 'One-stem vase',
      glaze: 'Celadon, 21\u00a0cm',
      price: 4100,
      drawing:
        '<path class="line" d="M60 34c0-12 3-18 9-25"/><path class="leaf" d="M69 9c8-4 14-1 17 3-6 6-13 5-17-3ZM62 22c-8-6-14-4-18-1 5 6 12 7 18 1Z"/><path class="body" d="M54 32h12c-1 12 16 18 16 33 0 9-8 15-22 15s-22-6-22-15c0-15 17-21 16-33Z"/><path class="glaze" d="M54 32h12c-1 8 7 14 12 21-5 5-9-1-14 2s-9 4-13 0-6 1-9-1c5-8 13-14 12-22Z"/>',
    },
  ],
  [
    'plate',
    {
      name: 'Breakfast plate',
      glaze: 'Chalk glaze, 22\u00a0cm',
      price: 2900,
      drawing:
        '<ellipse class="body" cx="60" cy="50" rx="45" ry="28"/><ellipse class="glaze" cx="60" cy="47" rx="45" ry="26"/><ellipse class="inside" cx="60" cy="48" rx="29" ry="15"/><path class="speck" d="M33 34h.1M88 40h.1M75 27h.1M28 52h.1M92 55h.1M50 66h.1"/>',
    },
  ],
  [
    'jug',
    {
      name: 'Milk jug',
      glaze: 'Honey glaze, 450\u00a0ml',
      price: 3600,
      drawing:
        '<path class="line" d="M74 32c20-4 22 26 0 28"/><path class="body" d="M40 22 32 18l8-4h34c-2 14 6 24 6 40 0 15-7 25-22 25S36 69 36 54c0-14 6-20 4-32Z"/><path class="glaze" d="M40 22 32 18l8-4h34c-1 9 2 16 4 24-5 5-9-2-14 1s-8 7-13 2-8 0-13 1c3-8 3-13 2-20Z"/>',
    },
  ],
]);
