import { catalogue } from './catalogue.js';

/** How many there are of each product. */
export type Cart = Readonly<Record<string, number>>;

/**
 * What a visitor asked for, one more or one less of a product, as a function of the cart that is there by then; `undefined`
 * if it is nothing that is sold.
 */
export function cartChange(form: URLSearchParams): ((cart?: Cart) => Cart) | undefined {
  const product = form.get('add') ?? form.get('remove') ?? '';
  if (!catalogue.has(product)) {
    return undefined;
  }
  const change = form.has('add') ? 1 : -1;
  return (cart = {}) => {
    const { [product]: count = 0, ...others } = cart;
    return count + change > 0 ? { ...others, [product]: count + change } : others;
  };
}
