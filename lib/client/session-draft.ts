import { Changes, copyOf, put, type Updater } from './changes.js';
import { SessionError } from './errors.js';
import { assertJson } from './json.js';
import type { Located, SessionData } from './record.js';
import type { Session, SessionDataKey, SessionStatus } from './session.js';
import type { EpochMilliseconds } from './stores/store.js';

/** A session as it was found in the store. */
export interface FoundSession extends Located {
  /** When it ends if it stays idle: the tighter of what was stored and what today's policy says. */
  readonly expiresAt: EpochMilliseconds;
  /** When it ends in any case: likewise. */
  readonly deadline: EpochMilliseconds;
  /** Whether the request named it by the id that it had before its last renewal. */
  readonly byRetiredId: boolean;
}

/** What is to become of the session when the request ends, apart from its data. */
export type Fate = 'keep' | 'regenerate' | 'destroy';

/** A request's working copy of a session, with the changes that the engine will save. */
export class SessionDraft<Data extends object = Record<string, unknown>> implements Session<Data> {
  readonly changes = new Changes();
  #fate: Fate = 'keep';
  readonly #data: Map<string, unknown>;
  /** What each value that was handed out looked like then: the application may change it from outside. */
  readonly #handedOut = new Map<string, string>();

  /** @param found what the request's cookie led to; `undefined` for a new session */
  constructor(readonly found: FoundSession | undefined) {
    this.#data = new Map(found?.record.data);
  }

  get fate(): Fate {
    return this.#fate;
  }

  get data(): SessionData {
    return this.#data;
  }

  get isNew(): boolean {
    return this.found === undefined;
  }

  get status(): SessionStatus {
    if (this.#fate === 'destroy') {
      return 'destroyed';
    }
    this.noticeMutations();
    return this.changes.empty && this.#fate === 'keep' ? 'unchanged' : 'changed';
  }

  get createdAt(): Date | undefined {
    return date(this.found?.record.createdAt);
  }

  get expiresAt(): Date | undefined {
    return date(this.found?.expiresAt);
  }

  get deadline(): Date | undefined {
    return date(this.found?.deadline);
  }

  get<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined {
    const value = this.#data.get(key);
    if (typeof value === 'object' && value !== null && !this.#handedOut.has(key)) {
      this.#handedOut.set(key, JSON.stringify(value));
    }
    return value as Data[K] | undefined;
  }

  has(key: SessionDataKey<Data>): boolean {
    return this.#data.has(key);
  }

  set<K extends SessionDataKey<Data>>(key: K, value: Data[K]): void {
    this.#assertAlive('set');
    assertJson(value, `session.${key}`);
    this.changes.set(key, value);
    this.#put(key, value);
  }

  update<K extends SessionDataKey<Data>>(key: K, fn: (current: Data[K] | undefined) => Data[K] | undefined): void {
    this.#assertAlive('update');
    this.#noticeMutation(key);
    const updater: Updater = (current) => {
      const next = fn(current as Data[K] | undefined);
      if (next !== undefined) {
        assertJson(next, `session.${key}`);
      }
      return next;
    };
    this.#put(key, updater(copyOf(this.#data.get(key))));
    this.changes.update(key, updater);
  }

  unset(key: SessionDataKey<Data>): void {
    this.#assertAlive('unset');
    this.changes.unset(key);
    this.#put(key, undefined);
  }

  clear(): void {
    this.#assertAlive('clear');
    this.changes.clear();
    this.#data.clear();
    this.#handedOut.clear();
  }

  regenerate(): void {
    this.#assertAlive('regenerate');
    this.#fate = 'regenerate';
  }

  destroy(): void {
    this.#fate = 'destroy';
    this.#data.clear();
    this.#handedOut.clear();
  }

  /** Makes a change of what the application changed inside values that it got. Called before a save. */
  noticeMutations(): void {
    for (const key of this.#handedOut.keys()) {
      this.#noticeMutation(key);
    }
  }

  #noticeMutation(key: string): void {
    const before = this.#handedOut.get(key);
    const value = this.#data.get(key);
    if (before !== undefined && JSON.stringify(value) !== before) {
      assertJson(value, `session.${key}`);
      this.changes.set(key, value);
      this.#handedOut.set(key, JSON.stringify(value));
    }
  }

  #put(key: string, value: unknown): void {
    put(this.#data, key, value);
    // Whoever still holds the value that was there holds something that is in the session no longer.
    this.#handedOut.delete(key);
  }

  #assertAlive(operation: string): void {
    if (this.#fate === 'destroy') {
      throw new SessionError(
        'ERR_SESSION_DESTROYED',
        `${operation} after destroy: to begin anew within one request, use clear() and regenerate() instead`,
      );
    }
  }
}

function date(time: EpochMilliseconds | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
