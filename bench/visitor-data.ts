import { createHash } from 'node:crypto';

/** What the sessions of the benchmarks hold: a shop's, with names that repeat and identifiers that do not. */
export interface VisitorData {
  readonly csrfToken: string;
  readonly viewed: readonly ViewedProduct[];
  readonly search: string;
  /** Changes with every request that modifies the session. */
  clicks: number;
}

interface ViewedProduct {
  readonly sku: string;
  readonly name: string;
  readonly price: number;
  readonly at: string;
}

const NAMES = ['Walnut desk', 'Reading lamp', 'Linen curtain', 'Oak bookshelf', 'Wool blanket', 'Copper kettle'];

/** Data that is exactly of the given size as JSON, in bytes, and the same at every call. */
export function visitorData(bytes: number): VisitorData {
  const csrfToken = token('csrf', 32);
  const viewed: ViewedProduct[] = [];
  const withSearch = (search: string): VisitorData => ({ csrfToken, viewed: [...viewed], search, clicks: 0 });
  const missing = () => bytes - JSON.stringify(withSearch('')).length;
  for (let number = 0; missing() > LARGEST_PRODUCT; number++) {
    viewed.push(product(number));
  }
  return withSearch('desk '.repeat(missing()).slice(0, missing()));
}

const LARGEST_PRODUCT = 120;

function product(number: number): ViewedProduct {
  const digest = createHash('sha256').update(`product ${number}`).digest();
  return {
    sku: token(`sku ${number}`, 12),
    name: NAMES[digest.readUInt8(0) % NAMES.length] ?? '',
    price: digest.readUInt16BE(1) / 100,
    // One after the other, some minutes apart, to the second.
    at: new Date(Date.UTC(2030, 0, 1, 12, number * 3, digest.readUInt8(3) % 60)).toISOString(),
  };
}

/** Characters that do not compress. */
function token(seed: string, length: number): string {
  return createHash('sha256').update(seed).digest('base64url').slice(0, length);
}

/** Data of the same size that is one long random identifier: the worst that JSON can be for compression. */
export function noisyData(bytes: number): VisitorData {
  const data = visitorData(bytes);
  const length = bytes - JSON.stringify({ ...data, viewed: [], search: '' }).length;
  const search = Array.from({ length: Math.ceil(length / 43) }, (_, index) => token(`noise ${index}`, 43)).join('');
  return { ...data, viewed: [], search: search.slice(0, length) };
}
