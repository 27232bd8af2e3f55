import { types } from 'node:util';
import { SessionError } from './errors.js';
import { shown, step } from './path.js';

/** How deep values may be nested: beyond any session's need, and far from what would exhaust the stack. */
const DEEPEST = 100;

/** What is wrong, and where, as seen from the value that was looked at: `.cart[0].added`. */
interface Fault {
  readonly what: string;
  readonly path: string;
}

/**
 * Refuses a value that JSON would not bring back as it was, and names the path to it: `session.cart[0].added is a Date`.
 * Without this, JSON would turn it into something else in silence, and the mistake would show one request later.
 *
 * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE
 */
export function assertJson(value: unknown, root: string): void {
  const fault = faultIn(value, new Set());
  if (fault !== undefined) {
    throw new SessionError(
      'ERR_SESSION_NOT_SERIALIZABLE',
      `${shown(root + fault.path)} is ${fault.what}: a session keeps JSON values only`,
    );
  }
}

function faultIn(value: unknown, ancestors: Set<object>): Fault | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : here(String(value));
    case 'object':
      return value === null ? undefined : objectFault(value, ancestors);
    case 'undefined':
      return here('undefined');
    default:
      return here(`a ${typeof value}`);
  }
}

function objectFault(value: object, ancestors: Set<object>): Fault | undefined {
  const what = kindFault(value);
  if (what !== undefined) {
    return here(what);
  }
  if (ancestors.has(value)) {
    return here('part of a cycle');
  }
  if (ancestors.size >= DEEPEST) {
    return here(`nested deeper than ${DEEPEST} levels`);
  }
  ancestors.add(value);
  const fault = Array.isArray(value) ? elementFault(value, ancestors) : memberFault(value, ancestors);
  ancestors.delete(value);
  return fault;
}

function kindFault(value: object): string | undefined {
  if (types.isPromise(value)) {
    return 'a Promise (was an await forgotten?)';
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain) {
    const name: unknown = value.constructor?.name;
    return `a ${typeof name === 'string' && name !== '' ? name : 'class instance'}`;
  }
  return 'toJSON' in value && typeof value.toJSON === 'function' ? 'an object with a toJSON method' : undefined;
}

/** By index, since an array's own methods pass over its holes, which JSON would make null. */
function elementFault(array: readonly unknown[], ancestors: Set<object>): Fault | undefined {
  for (let index = 0; index < array.length; index++) {
    const fault = faultIn(array[index], ancestors);
    if (fault !== undefined) {
      return { what: fault.what, path: step(index) + fault.path };
    }
  }
  return undefined;
}

/** A member that is undefined is no fault: JSON leaves it out, and reading what is absent gives undefined again. */
function memberFault(object: object, ancestors: Set<object>): Fault | undefined {
  for (const [name, member] of Object.entries(object)) {
    const fault = member === undefined ? undefined : faultIn(member, ancestors);
    if (fault !== undefined) {
      return { what: fault.what, path: step(name) + fault.path };
    }
  }
  return undefined;
}

function here(what: string): Fault {
  return { what, path: '' };
}
