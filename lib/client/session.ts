/** What a save is going to do: leave the session as it is, write what changed, or end it. */
export type SessionStatus = 'unchanged' | 'changed' | 'destroyed';

/** What a save does when another request saved the same session first. */
export type Concurrency = 'merge' | 'optimistic' | 'last-write-wins';

/** What the members of an object type may be, that all of it be JSON: they themselves, or never. */
export type JsonMembers<Type> = { [Member in keyof Type]: Json<Type[Member]> };

/** A type itself, if it is one of JSON; of what is not, such as the methods of a Date, never. */
export type Json<Type> = unknown extends Type
  ? Type
  : [Type] extends [JsonValue]
    ? Type
    : Type extends bigint | symbol | ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown)
      ? never
      : JsonMembers<Type>;

/** A value of JSON, with members that may be absent. Spelled out, so that types which contain themselves need no end. */
type JsonValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly JsonValue[]
  | { readonly [member: string]: JsonValue };

/** What is said of a session when somebody signs in. */
export interface LoginOptions {
  /**
   * What the session is called in a list of the user's sessions, 1 to 128 characters: a browser and a place for instance.
   * @default - nothing
   */
  readonly label?: string;
}

/** The keys of an application's session data. */
export type SessionDataKey<Data extends object> = keyof Data & string;

/**
 * One visitor's session during one request.
 *
 * Reading and changing it is synchronous and local; the host saves what changed, in one write, before the reply leaves.
 * If another request saved the same session meanwhile, the changes are made again on top of what it saved: other keys
 * keep what they were given there, and an `update` function runs again on the value it finds, so keep those free of
 * side effects. (`concurrency` of `createSessions` chooses another way.) Values are JSON values, at most 100 levels deep;
 * a key that is not there reads as `undefined`.
 *
 * Every method that changes the session throws SessionError ERR_SESSION_DESTROYED after `destroy`, and
 * ERR_SESSION_CLOSED after the handler returned, or began its reply in Express, when the session is saved, or inside a
 * function given to `update`. With a schema, looking at data that does not fit it throws ERR_SESSION_DATA.
 */
export interface Session<Data extends object = Record<string, unknown>> {
  /**
   * Whether nothing is stored of it: the request brought no session that is alive, or has left it by `logout`. A new one is
   * stored only if something is written to it.
   */
  readonly isNew: boolean;
  /** What the save at the end of the request is going to do. */
  readonly status: SessionStatus;
  /** Who is signed in: what `login` was given, in this request or an earlier one. */
  readonly userId: string | undefined;
  /**
   * What the session is called among those of the user who is signed in, as `listByOwner` shows them: stays the same when it
   * gets a new id. It is no secret to the user. `undefined` until the request after `login`.
   */
  readonly handle: string | undefined;
  /** When the session began. `undefined` while it is new. */
  readonly createdAt: Date | undefined;
  /**
   * When the session ends if no further request comes, as it stood when this request began. Requests move it, in steps
   * of the policy's touch threshold. `undefined` while it is new.
   */
  readonly expiresAt: Date | undefined;
  /** When the session ends in any case. `undefined` while it is new. */
  readonly deadline: Date | undefined;

  /**
   * The value of a key. A change made inside an object or array that was got is saved like a `set` of its key. A value that
   * was put there by `flash` is gone once it was got.
   */
  get<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined;
  /** Whether the key has a value. */
  has(key: SessionDataKey<Data>): boolean;
  /**
   * Gives a key a copy of a value. Of two requests that set one key, the one saved last wins; `update` loses neither.
   *
   * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if it is not a JSON value
   */
  set<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void;
  /**
   * Gives a key a value that is gone once it was got: a message for the next page that shows messages. `has` leaves it.
   *
   * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if it is not a JSON value
   */
  flash<K extends SessionDataKey<Data>>(key: K, value: Exclude<Data[K], undefined>): void;
  /**
   * Takes a key's value away and returns it. Of two requests that take it at the same time both may get it, but a value
   * that another request put there meanwhile stays; use `transact` for what must be taken only once.
   */
  pop<K extends SessionDataKey<Data>>(key: K): Data[K] | undefined;
  /**
   * Computes a key's value from the one it has. `fn` runs at once, and again if another request saved first.
   *
   * @throws SessionError ERR_SESSION_NOT_SERIALIZABLE if the result is not a JSON value
   */
  update<K extends SessionDataKey<Data>>(key: K, fn: (current: Data[K] | undefined) => Data[K] | undefined): void;
  /** Takes a key away. */
  unset(key: SessionDataKey<Data>): void;
  /** Takes every key away, also those that a parallel request adds. Whoever is signed in stays so. */
  clear(): void;
  /**
   * Signs a user in. The session gets a new id when the request ends, and the old one is dead from then on, so that
   * nobody who knew the id before shares in the user's rights (OWASP ASVS 5.0, 7.2.4); its time begins anew. What the
   * visitor did before stays, a cart for instance, unless another user was signed in: that session ends as by `logout`.
   *
   * Of two sign-ins at the same time on one session the first one saved stands; the other one's changes are discarded.
   *
   * A user who has as many sessions as the policy allows loses the oldest one; where the policy is to refuse, nothing is
   * saved, and the reply is a 409, or that of `onLimit`.
   *
   * @param userId how the application names the user, 1 to 256 characters. Stored hashed in the index of owners, and as it
   *   is inside the session.
   * @throws SessionError ERR_SESSION_USER if it is not, or the label is not
   */
  login(userId: string, options?: LoginOptions): void;
  /**
   * Ends the session for good when the request ends, and goes on with an empty one: what is written to it afterwards, a
   * message for the next page for instance, begins a new session. If nothing is, the visitor's cookie is taken away.
   */
  logout(): void;
  /**
   * Moves the session to a new id when the request ends; the old one is dead from then on. Do this whenever the visitor's
   * rights change other than by `login`, which does it itself. The data stays, and so does the session's deadline.
   */
  regenerate(): void;
  /**
   * Ends the session for good when the request ends: no late save of a parallel request brings it back. Nothing can be
   * written to it any more.
   */
  destroy(): void;
}
