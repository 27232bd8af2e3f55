import { types } from 'node:util';
import { SessionError } from './errors.js';

/**
 * Refuses a value that JSON would not bring back as it was, and names the path to it: `session.cart[0].added is a Date`.
 * Without this, JSON would turn it into something else in silence, and the mistake would show one request later.
 *
 * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE
 */
export function assertJson(value: unknown, path: string, ancestors: readonly object[] = []): void {
  const fault = faultOf(value, ancestors);
  if (fault !== undefined) {
    throw new SessionError('ERR_SESSION_NOT_SERIALIZABLE', `${path} is ${fault}: a session keeps JSON values only`);
  }
  if (typeof value !== 'object' || value === null) {
    return;
  }
  const chain = [...ancestors, value];
  if (Array.isArray(value)) {
    // By index, since an array's methods pass over its holes, which JSON would make null.
    for (let index = 0; index < value.length; index++) {
      assertJson(value[index], `${path}[${index}]`, chain);
    }
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    // JSON leaves out a member that is undefined, and reading one that is absent gives undefined again.
    if (member !== undefined) {
      assertJson(
        member,
        /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`,
        chain,
      );
    }
  }
}

function faultOf(value: unknown, ancestors: readonly object[]): string | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : String(value);
    case 'object':
      return value === null ? undefined : objectFault(value, ancestors);
    case 'undefined':
      return 'undefined';
    default:
      return `a ${typeof value}`;
  }
}

function objectFault(value: object, ancestors: readonly object[]): string | undefined {
  if (ancestors.includes(value)) {
    return 'part of a cycle';
  }
  if (types.isPromise(value)) {
    return 'a Promise (was an await forgotten?)';
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  const plain = Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain) {
    return `a ${value.constructor.name || 'class instance'}`;
  }
  return 'toJSON' in value && typeof value.toJSON === 'function' ? 'an object with a toJSON method' : undefined;
}
