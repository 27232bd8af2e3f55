const PASSING = Symbol('a property that comes and goes');

/**
 * Has V8 keep the properties of an object in a table, as it does with those that one was deleted from. Express gives each
 * request and each response another prototype, and from then on every property that is added, by us or by Node.js
 * itself, would cost microseconds: together a third of a request, as `npm run bench` shows without this.
 */
export function keepInTable(object: object): void {
  Object.defineProperty(object, PASSING, { value: true, configurable: true });
  Reflect.deleteProperty(object, PASSING);
}
