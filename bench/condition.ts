import type { Attribute, Item } from './item-size.js';

/** What the placeholders of an expression stand for. */
export interface Placeholders {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Record<string, Attribute>>;
}

/**
 * Whether an item, or where there is none an empty one, meets a condition of the forms that session stores use:
 * `attribute_not_exists(name)` and comparisons of a name with a value, joined by AND, which binds closer, and OR.
 *
 * @throws Error for any other form
 */
export function holds(condition: string, item: Item, placeholders: Placeholders): boolean {
  return condition
    .split(' OR ')
    .some((alternative) => alternative.split(' AND ').every((term) => termHolds(term.trim(), item, placeholders)));
}

const NOT_EXISTS = /^attribute_not_exists\s*\(\s*(#?\w+)\s*\)$/i;
const COMPARISON = /^(#?\w+)\s*(=|<=|>=|<|>)\s*(:\w+)$/;

function termHolds(term: string, item: Item, placeholders: Placeholders): boolean {
  const { ExpressionAttributeNames = {}, ExpressionAttributeValues = {} } = placeholders;
  const attribute = (name: string) => item[ExpressionAttributeNames[name] ?? name];
  const [, absent] = NOT_EXISTS.exec(term) ?? [];
  if (absent !== undefined) {
    return attribute(absent) === undefined;
  }
  const [, name = '', operator = '', placeholder = ''] = COMPARISON.exec(term) ?? [];
  const compare = COMPARE[operator];
  const right = ExpressionAttributeValues[placeholder];
  if (compare === undefined || right === undefined) {
    throw new Error(`the stub knows comparisons and attribute_not_exists, received ${term}`);
  }
  const left = attribute(name);
  // An attribute that is not there, or is of another type, compares with nothing.
  return left !== undefined && typeof comparable(left) === typeof comparable(right)
    ? compare(comparable(left), comparable(right))
    : false;
}

type Comparable = string | number;

const COMPARE: Readonly<Record<string, (left: Comparable, right: Comparable) => boolean>> = {
  '=': (left, right) => left === right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function comparable(value: Attribute): Comparable {
  if ('N' in value) {
    return Number(value.N);
  }
  return 'S' in value ? value.S : value.B;
}
