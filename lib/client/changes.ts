import type { SessionValues } from './session-values.js';

/** One change that a request made to its session. */
type Change =
  | { readonly kind: 'set'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'flash'; readonly key: string; readonly value: unknown }
  | { readonly kind: 'unset'; readonly key: string }
  | { readonly kind: 'update'; readonly key: string; readonly fn: Updater }
  /** The value was taken away to be used: a different one, that came since, is not. */
  | { readonly kind: 'take'; readonly key: string; readonly taken: string }
  | { readonly kind: 'clear' };

/** Computes a key's next value from a copy of its present one; `undefined` on either side: there is none. */
export type Updater = (current: unknown) => unknown;

/**
 * What a request did to its session, in order, so that it can be done again on top of what another request saved
 * first. That is how parallel requests keep each other's work: keys that this one left alone stay as they are there,
 * and an `update` computes anew from the value it finds.
 */
export class Changes {
  #log: Change[] = [];

  get empty(): boolean {
    return this.#log.length === 0;
  }

  /** Whether what others save at the same time is to go, too: then it must be saved even if it changes nothing here. */
  get clears(): boolean {
    return this.#log[0]?.kind === 'clear';
  }

  /** The keys that end up with a given value, and that value; not those that an update computes. */
  get assigned(): ReadonlyMap<string, unknown> {
    const assigned = new Map<string, unknown>();
    for (const change of this.#log) {
      if (change.kind === 'set' || change.kind === 'flash') {
        assigned.set(change.key, change.value);
      } else if (change.kind !== 'clear') {
        assigned.delete(change.key);
      }
    }
    return assigned;
  }

  set(key: string, value: unknown): void {
    this.#forget(key);
    this.#log.push({ kind: 'set', key, value });
  }

  flash(key: string, value: unknown): void {
    this.#forget(key);
    this.#log.push({ kind: 'flash', key, value });
  }

  unset(key: string): void {
    this.#forget(key);
    this.#log.push({ kind: 'unset', key });
  }

  update(key: string, fn: Updater): void {
    this.#log.push({ kind: 'update', key, fn });
  }

  take(key: string, value: unknown): void {
    if (this.#log.some((change) => change.kind === 'clear' || change.key === key)) {
      // It is this request's own value that is taken away again, whatever an update makes it the next time.
      this.unset(key);
    } else {
      this.#log.push({ kind: 'take', key, taken: JSON.stringify(value) });
    }
  }

  /** A barrier: whatever was there, here or in the store, is gone; changes that follow build on nothing. */
  clear(): void {
    this.#log = [{ kind: 'clear' }];
  }

  /** Does them all, on `values`. */
  replay(values: SessionValues): void {
    for (const change of this.#log) {
      apply(change, values);
    }
  }

  /** An earlier change to a key no longer matters once its value is given or taken away outright. */
  #forget(key: string): void {
    this.#log = this.#log.filter((change) => change.kind === 'clear' || change.key !== key);
  }
}

function apply(change: Change, values: SessionValues): void {
  switch (change.kind) {
    case 'clear':
      values.clear();
      break;
    case 'set':
      values.set(change.key, change.value);
      break;
    case 'flash':
      values.flash(change.key, change.value);
      break;
    case 'unset':
      values.delete(change.key);
      break;
    case 'update':
      values.set(change.key, change.fn(copyOf(values.get(change.key))));
      break;
    case 'take':
      if (JSON.stringify(values.get(change.key)) === change.taken) {
        values.delete(change.key);
      }
      break;
  }
}

/** A copy for an updater to change as it likes: it may run again, and must then find the value as it was. */
export function copyOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.parse(JSON.stringify(value)) : value;
}
