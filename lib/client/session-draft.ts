import type { CookieValue } from '../contract/cookie.js';
import { Changes, copyOf, type Updater } from './changes.js';
import type { PresentedCookie } from './cookies.js';
import type { DataModel } from './data-model.js';
import { SessionError } from './errors.js';
import { assertJson } from './json.js';
import type { Ends } from './lifetime.js';
import { step } from './path.js';
import { Proposal } from './proposal.js';
import type { Located } from './record.js';
import type { Identified } from './record-access.js';
import type { Concurrency, LoginOptions, Session, SessionDataKey, SessionStatus } from './session.js';
import { SessionData } from './session-data.js';
import { SessionValues } from './session-values.js';
import type { EpochMilliseconds } from './stores/store.js';
import { assertLabel, assertUserId } from './user-id.js';

/** A session as it was found in the store, with its ends under today's policy. */
export interface FoundSession extends Identified, Ends {
  /** The request's cookie. Its id is another one if the session was renewed a moment ago. */
  readonly cookie: PresentedCookie;
  /** Whether this request looked up that the user's sessions were not revoked, and is to save that it did. */
  readonly checked: boolean;
}

/** How a draft works. */
export interface DraftOptions<Data extends object> {
  readonly model: DataModel<Data>;
  readonly concurrency: Concurrency;
  /** Whether the request brought a cookie of ours, whatever it led to. */
  readonly hadCookie: boolean;
  /** The request's other cookies of our name, which were not looked up. */
  readonly others: readonly CookieValue[];
  /** What the cookie led to, if the session went on under another id that it does not lead to. */
  readonly retired?: Located;
  /** Whether that was a moment ago, and the cookie with the other id is on its way. */
  readonly overtaken?: boolean;
  /** Is told, once, if stored data had to be given up, and at which paths it did not fit. */
  readonly onReset: (paths: readonly string[]) => void;
}

/** A request's working copy of a session, with the changes that the engine will save. */
export class SessionDraft<Data extends object = Record<string, unknown>> implements Session<Data> {
  readonly #options: DraftOptions<Data>;
  #changes = new Changes();
  /** What the changes are made on: nothing, for a session that begins in this request. */
  #base: SessionData;
  /** Read when the application first asks. */
  #values: SessionValues | undefined;
  /** What each value that was handed out looked like then: the application may change it from outside. */
  readonly #handedOut = new Map<string, string>();
  #user: string | undefined;
  #label: string | undefined;
  #newId: 'privilege' | 'login' | undefined;
  #ended = false;
  #destroyed = false;
  #updating = false;
  #closed = false;
  /** Whether the application built on data that was found. */
  #looked = false;
  #resetTold = false;

  /** @param found what the request's cookie led to; `undefined` for a new session */
  constructor(
    readonly found: FoundSession | undefined,
    options: DraftOptions<Data>,
  ) {
    this.#options = options;
    this.#base = found?.record.data ?? SessionData.NONE;
    this.#user = found?.record.signIn?.user;
  }

  get hadCookie(): boolean {
    return this.#options.hadCookie;
  }

  get others(): readonly CookieValue[] {
    return this.#options.others;
  }

  get retired(): Located | undefined {
    return this.#options.retired;
  }

  /** Whether it came just too late for its session. Another one must not take the place of that in the browser. */
  get overtaken(): boolean {
    return this.#options.overtaken === true;
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

  get handle(): string | undefined {
    return this.#living?.record.signIn?.handle;
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

  login(userId: string, { label }: LoginOptions = {}): void {
    this.#assertOpen('login');
    assertUserId('login', userId);
    if (label !== undefined) {
      assertLabel(label);
    }
    if (this.#user !== undefined && this.#user !== userId) {
      this.logout();
    }
    this.#user = userId;
    this.#label = label;
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

  /**
   * Takes no more changes, makes one of what the application changed inside values that it got, and settles what is to
   * be saved.
   *
   * @throws SessionError as writing data does
   */
  close(): Proposal {
    this.#assertUsable('commit');
    this.#noticeMutations();
    this.#closed = true;
    const { model, concurrency } = this.#options;
    const parts = {
      base: this.#base,
      changes: this.#changes,
      values: this.#values ?? new SessionValues(),
      concurrency,
      looked: this.#looked,
      ended: this.#ended,
      newId: this.#newId,
      user: this.#user,
      label: this.#label,
    };
    return new Proposal(parts, { read: (data) => this.#read(data), write: (values) => model.write(values) });
  }

  /** The session that was found, while this request leaves it alive. */
  get #living(): FoundSession | undefined {
    return this.#ended ? undefined : this.found;
  }

  get #current(): SessionValues {
    if (this.#values === undefined) {
      this.#looked = true;
      this.#values = this.#read(this.#base);
    }
    return this.#values;
  }

  #read(data: SessionData): SessionValues {
    return this.#options.model.read(data, (paths) => {
      if (!this.#resetTold) {
        this.#resetTold = true;
        this.#options.onReset(paths);
      }
    });
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
      // As it is now: the application still holds it, and may change it again.
      this.#changes.set(key, JSON.parse(after));
      this.#handedOut.set(key, after);
    }
  }

  /** Leaves the session that was found behind, and its data and user with it. */
  #leave(): void {
    this.#ended = true;
    this.#base = SessionData.NONE;
    this.#changes = new Changes();
    this.#user = undefined;
    this.#label = undefined;
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
        `${operation} after the handler returned or began its reply, when the session was saved already: await all work before that`,
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

/** A copy, so that the session keeps what it was given whatever becomes of the application's object. */
function copyOfJson(key: string, value: unknown): unknown {
  assertJson(value, `session${step(key)}`);
  return copyOf(value);
}

function date(time: EpochMilliseconds | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time);
}
