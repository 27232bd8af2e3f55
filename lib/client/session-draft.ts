import { Changes, copyOf, type Updater } from './changes.js';
import type { DataModel } from './data-model.js';
import { SessionError } from './errors.js';
import { assertJson } from './json.js';
import type { Ends } from './lifetime.js';
import { step } from './path.js';
import type { Identified } from './record-access.js';
import type { Concurrency, Session, SessionDataKey, SessionStatus } from './session.js';
import { SessionData } from './session-data.js';
import { SessionValues } from './session-values.js';
import type { EpochMilliseconds } from './stores/store.js';

/** A session as it was found in the store, with its ends under today's policy. */
export interface FoundSession extends Identified, Ends {
  /** The id in the request's cookie: another one if the session was renewed a moment ago. */
  readonly cookieId: string;
}

/** How a draft works. */
export interface DraftOptions<Data extends object> {
  readonly model: DataModel<Data>;
  readonly concurrency: Concurrency;
  /** Whether the request brought a cookie of ours, whatever it led to. */
  readonly hadCookie: boolean;
}

/** The longest name of a user, in characters: it is part of every record of theirs. */
const LONGEST_USER = 256;

/** A request's working copy of a session, with the changes that the engine will save. */
export class SessionDraft<Data extends object = Record<string, unknown>> implements Session<Data> {
  readonly #options: DraftOptions<Data>;
  #changes = new Changes();
  /** What the changes are made on: nothing, for a session that begins in this request. */
  #base: SessionData;
  /** Read when the application first asks. */
  #values: SessionValues | undefined;
  /** What a save makes of the base, once somebody asked. */
  #saved: SessionData | undefined;
  /** What each value that was handed out looked like then: the application may change it from outside. */
  readonly #handedOut = new Map<string, string>();
  #user: string | undefined;
  #newId: 'privilege' | 'login' | undefined;
  #ended = false;
  #destroyed = false;
  #updating = false;
  #closed = false;

  /** @param found what the request's cookie led to; `undefined` for a new session */
  constructor(
    readonly found: FoundSession | undefined,
    options: DraftOptions<Data>,
  ) {
    this.#options = options;
    this.#base = found?.record.data ?? SessionData.NONE;
    this.#user = found?.record.user;
  }

  get hadCookie(): boolean {
    return this.#options.hadCookie;
  }

  /** Whether the session that was found is to be ended for good, be it that another one begins. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why the session is to get a new id, if it is. */
  get newId(): 'privilege' | 'login' | undefined {
    return this.#newId;
  }

  /** Whether another request's save at the same time is an error. */
  get exclusive(): boolean {
    return this.#options.concurrency === 'optimistic';
  }

  /** Whether there is anything to be stored, where nothing is. Asked when it is closed. */
  get begins(): boolean {
    return this.#user !== undefined || this.dataOn(SessionData.NONE) !== SessionData.NONE;
  }

  /** Whether the changes leave the data other than it was found, or must in any case be saved. Asked when it is closed. */
  get dirty(): boolean {
    return this.#changes.clears || !this.dataOn(this.#base).equals(this.#base);
  }

  get isNew(): boolean {
    return this.#living === undefined;
  }

  get status(): SessionStatus {
    this.#noticeMutations();
    const touched = !this.#changes.empty || this.#newId !== undefined;
    if (touched) {
      return 'changed';
    }
    return this.#ended ? 'destroyed' : 'unchanged';
  }

  get userId(): string | undefined {
    return this.#user;
  }

  get createdAt(): Date | undefined {
    return date(this.#living?.record.createdAt);
  }

  get expiresAt(): Date | undefined {
    return date(this.#living?.expiresAt);
  }

  get deadline(): Date | undefined {
    return date(this.#living?.deadline);
  }

  get<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined {
    const values = this.#current;
    const value = values.get(key);
    if (values.isFlashed(key) && !this.#closed) {
      return this.pop(key);
    }
    if (typeof value === 'object' && value !== null && !this.#handedOut.has(key)) {
      this.#handedOut.set(key, JSON.stringify(value));
    }
    return value as Data[K] | undefined;
  }

  has(key: SessionDataKey<Data>): boolean {
    return this.#current.has(key);
  }

  set<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void {
    this.#assertOpen('set');
    const copy = copyOfJson(key, value);
    this.#changes.set(key, copy);
    this.#current.set(key, copy);
    this.#handedOut.delete(key);
  }

  flash<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void {
    this.#assertOpen('flash');
    const copy = copyOfJson(key, value);
    this.#changes.flash(key, copy);
    this.#current.flash(key, copy);
    this.#handedOut.delete(key);
  }

  update<K extends SessionDataKey<Data>>(key: K, fn: (current: Data[K] | undefined) => Data[K] | undefined): void {
    this.#assertOpen('update');
    this.#noticeMutation(key);
    const updater: Updater = (current) => {
      const next = fn(current as Data[K] | undefined);
      return next === undefined ? undefined : copyOfJson(key, next);
    };
    this.#updating = true;
    try {
      this.#current.set(key, updater(copyOf(this.#current.get(key))));
    } finally {
      this.#updating = false;
    }
    this.#changes.update(key, updater);
    this.#handedOut.delete(key);
  }

  pop<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined {
    this.#assertOpen('pop');
    this.#noticeMutation(key);
    const value = this.#current.get(key);
    if (value !== undefined) {
      this.#changes.take(key, value);
      this.#current.delete(key);
      this.#handedOut.delete(key);
    }
    return value as Data[K] | undefined;
  }

  unset(key: SessionDataKey<Data>): void {
    this.#assertOpen('unset');
    this.#changes.unset(key);
    this.#current.delete(key);
    this.#handedOut.delete(key);
  }

  clear(): void {
    this.#assertOpen('clear');
    this.#changes.clear();
    this.#empty();
  }

  regenerate(): void {
    this.#assertOpen('regenerate');
    this.#newId ??= 'privilege';
  }

  login(userId: string): void {
    this.#assertOpen('login');
    if (typeof userId !== 'string' || userId === '' || userId.length > LONGEST_USER) {
      throw new SessionError(
        'ERR_SESSION_USER',
        `login must be given the user's id, a text of 1 to ${LONGEST_USER} characters, received ${typeof userId === 'string' ? `one of ${userId.length}` : `a value of type ${typeof userId}`}`,
      );
    }
    if (this.#user !== undefined && this.#user !== userId) {
      this.logout();
    }
    this.#user = userId;
    this.#newId = 'login';
  }

  logout(): void {
    this.#assertOpen('logout');
    this.#leave();
  }

  destroy(): void {
    this.#assertUsable('destroy');
    this.#leave();
    this.#destroyed = true;
  }

  /** Takes no more changes, and makes one of what the application changed inside values that it got. */
  close(): void {
    this.#assertUsable('commit');
    this.#noticeMutations();
    this.#closed = true;
  }

  /**
   * What this request makes of the data of its session: worked out already on what it found, and done again, in the way
   * that was chosen, on what another request left meanwhile. Asked for when the draft is closed.
   *
   * @throws SessionError ERR_SESSION_CONFLICT if it is to be saved on what it found or not at all, and what reading and
   *   writing data throws
   */
  dataOn(base: SessionData): SessionData {
    if (this.#changes.empty) {
      return base;
    }
    if (base.equals(this.#base) || this.#options.concurrency === 'last-write-wins') {
      this.#saved ??= this.#write(this.#current);
      return this.#saved;
    }
    if (this.exclusive) {
      throw draftConflict();
    }
    const values = this.#read(base);
    this.#changes.replay(values);
    return this.#write(values);
  }

  /** Keys that this request gave one value and another one, which saved before, a different one. */
  contestedOn(base: SessionData): readonly string[] {
    if (this.#changes.empty || base.equals(this.#base)) {
      return [];
    }
    const before = this.#read(this.#base);
    const theirs = this.#read(base);
    return [...this.#assigned(theirs)]
      .filter(([key, ours]) => !same(theirs.get(key), before.get(key)) && !same(theirs.get(key), ours))
      .map(([key]) => key);
  }

  /** The session that was found, while this request leaves it alive. */
  get #living(): FoundSession | undefined {
    return this.#ended ? undefined : this.found;
  }

  get #current(): SessionValues {
    this.#values ??= this.#read(this.#base);
    return this.#values;
  }

  #read(data: SessionData): SessionValues {
    return this.#options.model.read(data, this.found?.key);
  }

  #write(values: SessionValues): SessionData {
    return this.#options.model.write(values);
  }

  /** The keys that a save gives their values, whatever another request gave them: all of them, if it wins outright. */
  #assigned(theirs: SessionValues): ReadonlyMap<string, unknown> {
    if (this.#options.concurrency !== 'last-write-wins') {
      return this.#changes.assigned;
    }
    const keys = [...Object.keys(this.#current.toObject()), ...Object.keys(theirs.toObject())];
    return new Map(keys.map((key) => [key, this.#current.get(key)]));
  }

  #noticeMutations(): void {
    for (const key of this.#handedOut.keys()) {
      this.#noticeMutation(key);
    }
  }

  #noticeMutation(key: string): void {
    const before = this.#handedOut.get(key);
    if (before === undefined) {
      return;
    }
    const value = this.#current.get(key);
    assertJson(value, `session${step(key)}`);
    const after = JSON.stringify(value);
    if (after !== before) {
      this.#changes.set(key, value);
      this.#handedOut.set(key, after);
    }
  }

  /** Leaves the session that was found behind, and its data and user with it. */
  #leave(): void {
    this.#ended = true;
    this.#base = SessionData.NONE;
    this.#changes = new Changes();
    this.#user = undefined;
    this.#newId = undefined;
    this.#empty();
  }

  /** Whoever still holds a value that was there holds something that is in the session no longer. */
  #empty(): void {
    this.#values = new SessionValues();
    this.#handedOut.clear();
  }

  #assertOpen(operation: string): void {
    this.#assertUsable(operation);
    if (this.#destroyed) {
      throw new SessionError(
        'ERR_SESSION_DESTROYED',
        `${operation} after destroy: to begin anew within one request, use logout() instead`,
      );
    }
  }

  #assertUsable(operation: string): void {
    if (this.#closed) {
      throw new SessionError(
        'ERR_SESSION_CLOSED',
        `${operation} after the handler returned, when the session was saved already: await all work before you return`,
      );
    }
    if (this.#updating) {
      throw new SessionError(
        'ERR_SESSION_CLOSED',
        `${operation} inside a function given to update: it may run again when the session is saved, and must only compute a value`,
      );
    }
  }
}

/** That another request saved or ended the session first, where that is an error. */
export function draftConflict(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    'another request changed the session since this one read it: do this one again on what is there now, as sessions.transact does',
  );
}

/** A copy, so that the session keeps what it was given whatever becomes of the application's object. */
function copyOfJson(key: string, value: unknown): unknown {
  assertJson(value, `session${step(key)}`);
  return copyOf(value);
}

function date(time: EpochMilliseconds | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}

/** Whether two JSON values are the same, to the order of their members. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
