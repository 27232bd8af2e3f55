import { Changes, copyOf, put, type Updater } from './changes.js';
import { SessionError } from './errors.js';
import { assertJson } from './json.js';
import type { Ends } from './lifetime.js';
import { formatData, type Located, NO_DATA, parseData } from './record.js';
import type { Identified } from './record-access.js';
import type { Session, SessionDataKey, SessionStatus } from './session.js';
import type { EpochMilliseconds } from './stores/store.js';

/** A session as it was found in the store, with its ends under today's policy. */
export interface FoundSession extends Identified, Ends {
  /** The id in the request's cookie: another one if the session was renewed a moment ago. */
  readonly cookieId: string;
}

/** What is to become of the session when the request ends, apart from its data. */
export type Fate = 'keep' | 'regenerate' | 'destroy';

/** A request's working copy of a session, with the changes that the engine will save. */
export class SessionDraft<Data extends object = Record<string, unknown>> implements Session<Data> {
  readonly changes = new Changes();
  #fate: Fate = 'keep';
  #closed = false;
  /** What a save makes of the session as it was found, once somebody asked. */
  #saved: string | undefined;
  /** Parsed when the application first asks. */
  #values: Map<string, unknown> | undefined;
  /** What each value that was handed out looked like then: the application may change it from outside. */
  readonly #handedOut = new Map<string, string>();

  /**
   * @param found what the request's cookie led to; `undefined` for a new session
   * @param hadCookie whether the request brought a cookie of ours, whatever it led to
   */
  constructor(
    readonly found: FoundSession | undefined,
    readonly hadCookie = found !== undefined,
  ) {}

  get fate(): Fate {
    return this.#fate;
  }

  get isNew(): boolean {
    return this.found === undefined;
  }

  get status(): SessionStatus {
    if (this.#fate === 'destroy') {
      return 'destroyed';
    }
    this.#noticeMutations();
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
    const value = this.#data().get(key);
    if (typeof value === 'object' && value !== null && !this.#handedOut.has(key)) {
      this.#handedOut.set(key, JSON.stringify(value));
    }
    return value as Data[K] | undefined;
  }

  has(key: SessionDataKey<Data>): boolean {
    return this.#data().has(key);
  }

  set<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void {
    this.#assertOpen('set');
    assertJson(value, `session.${key}`);
    const copy = copyOf(value);
    this.changes.set(key, copy);
    this.#put(key, copy);
  }

  update<K extends SessionDataKey<Data>>(key: K, fn: (current: Data[K] | undefined) => Data[K] | undefined): void {
    this.#assertOpen('update');
    this.#noticeMutation(key);
    const updater: Updater = (current) => {
      const next = fn(current as Data[K] | undefined);
      if (next !== undefined) {
        assertJson(next, `session.${key}`);
      }
      return copyOf(next);
    };
    this.#put(key, updater(copyOf(this.#data().get(key))));
    this.changes.update(key, updater);
  }

  unset(key: SessionDataKey<Data>): void {
    this.#assertOpen('unset');
    this.changes.unset(key);
    this.#put(key, undefined);
  }

  clear(): void {
    this.#assertOpen('clear');
    this.changes.clear();
    this.#values = new Map();
    this.#handedOut.clear();
  }

  regenerate(): void {
    this.#assertOpen('regenerate');
    this.#fate = 'regenerate';
  }

  destroy(): void {
    this.#assertStillUnsaved('destroy');
    this.#fate = 'destroy';
    this.#values = new Map();
    this.#handedOut.clear();
  }

  /** Takes no more changes, and makes one of what the application changed inside values that it got. */
  close(): void {
    this.#noticeMutations();
    this.#closed = true;
  }

  /**
   * What the changes make of a session, as JSON: worked out already for the one found, done again for any other. Asked
   * for when the draft is closed.
   */
  dataOn(target: Located | undefined): string {
    if (target === this.found) {
      this.#saved ??= this.#values === undefined ? (target?.record.data ?? NO_DATA) : formatData(this.#values);
      return this.#saved;
    }
    const data = parseData(target?.record.data ?? NO_DATA);
    this.changes.replay(data);
    return formatData(data);
  }

  /** Keys that this request set to one value and another one, which saved before, to a different one. */
  contestedOn(target: Located): readonly string[] {
    if (target === this.found) {
      return [];
    }
    const before = parseData(this.found?.record.data ?? NO_DATA);
    const theirs = parseData(target.record.data);
    return [...this.changes.assigned]
      .filter(([key, ours]) => !same(theirs.get(key), before.get(key)) && !same(theirs.get(key), ours))
      .map(([key]) => key);
  }

  #data(): Map<string, unknown> {
    this.#values ??= parseData(this.found?.record.data ?? NO_DATA);
    return this.#values;
  }

  #noticeMutations(): void {
    for (const key of this.#handedOut.keys()) {
      this.#noticeMutation(key);
    }
  }

  #noticeMutation(key: string): void {
    const before = this.#handedOut.get(key);
    const value = this.#data().get(key);
    if (before === undefined) {
      return;
    }
    assertJson(value, `session.${key}`);
    const after = JSON.stringify(value);
    if (after !== before) {
      this.changes.set(key, value);
      this.#handedOut.set(key, after);
    }
  }

  #put(key: string, value: unknown): void {
    put(this.#data(), key, value);
    // Whoever still holds the value that was there holds something that is in the session no longer.
    this.#handedOut.delete(key);
  }

  #assertOpen(operation: string): void {
    this.#assertStillUnsaved(operation);
    if (this.#fate === 'destroy') {
      throw new SessionError(
        'ERR_SESSION_DESTROYED',
        `${operation} after destroy: to begin anew within one request, use clear() and regenerate() instead`,
      );
    }
  }

  #assertStillUnsaved(operation: string): void {
    if (this.#closed) {
      throw new SessionError(
        'ERR_SESSION_CLOSED',
        `${operation} after the handler returned, when the session was saved already: await all work before you return`,
      );
    }
  }
}

function date(time: EpochMilliseconds | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

/** Whether two JSON values are the same, to the order of their members. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
