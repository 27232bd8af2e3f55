import type { Changes } from './changes.js';
import { SessionError } from './errors.js';
import type { Concurrency } from './session.js';
import { SessionData } from './session-data.js';
import { SessionValues } from './session-values.js';

/** What lies between stored data and values; see `DataModel`. */
export interface DataAccess {
  readonly read: (data: SessionData) => SessionValues;
  readonly write: (values: SessionValues) => SessionData;
}

/** What a request did to its session, when it is done. */
export interface ProposalParts {
  /** What the changes were made on: nothing, for a session that begins in this request. */
  readonly base: SessionData;
  readonly changes: Changes;
  /** The values that the changes came to on the base. Of no account where there are none. */
  readonly values: SessionValues;
  readonly concurrency: Concurrency;
  /** Whether what was found was looked at: what was not, nothing can have been built on. */
  readonly looked: boolean;
  /** Whether the session is to be ended for good, be it that another one begins. */
  readonly ended: boolean;
  /** Why the session is to get a new id, if it is. */
  readonly newId: 'privilege' | 'login' | undefined;
  /** Who is signed in. */
  readonly user: string | undefined;
  /** What the session is to be called among the user's others, if somebody signs in. */
  readonly label: string | undefined;
}

/** What changes make of data, and the keys to which others, who saved before, gave different values. */
export interface Outcome {
  readonly data: SessionData;
  readonly contested: readonly string[];
}

/**
 * What a request wants to be saved, settled when its handler is done, and what that makes of data which another request
 * left meanwhile.
 */
export class Proposal {
  readonly ended: boolean;
  readonly newId: 'privilege' | 'login' | undefined;
  readonly user: string | undefined;
  readonly label: string | undefined;
  readonly #parts: ProposalParts;
  readonly #access: DataAccess;
  /** What the changes came to on the base: objects that the application still holds may change later. */
  readonly #settled: SessionData;

  /** @throws SessionError as writing data does */
  constructor(parts: ProposalParts, access: DataAccess) {
    this.ended = parts.ended;
    this.newId = parts.newId;
    this.user = parts.user;
    this.label = parts.label;
    this.#parts = parts;
    this.#access = access;
    this.#settled = parts.changes.empty ? parts.base : access.write(parts.values);
  }

  /** Whether there is anything to be stored, where nothing is. */
  get begins(): boolean {
    return this.user !== undefined || this.#settled !== SessionData.NONE;
  }

  /** Whether it leaves the data other than it was found, or must be saved in any case. */
  get dirty(): boolean {
    return this.#parts.changes.clears || !this.#settled.equals(this.#parts.base);
  }

  /** Whether anything is lost if it is not saved. */
  get matters(): boolean {
    return this.dirty || this.newId !== undefined || this.ended;
  }

  /** Whether it is to fail if it is not saved. */
  get strict(): boolean {
    return this.#parts.concurrency === 'optimistic' && this.matters;
  }

  /** Whether it must be saved on exactly what it found, since it may be built on that, or not at all. */
  get exclusive(): boolean {
    return this.strict && this.#parts.looked;
  }

  /** The data of the session if nobody came first. */
  get data(): SessionData {
    return this.#settled;
  }

  /**
   * What it makes of data: settled on what it was made on, done again, in the way that was chosen, on any other.
   *
   * @throws SessionError ERR_SESSION_CONFLICT if it is exclusive, and what reading and writing data throws
   */
  on(data: SessionData): Outcome {
    const { base, changes } = this.#parts;
    const changed = !data.equals(base);
    if (changed && this.exclusive) {
      throw conflict();
    }
    if (changes.empty || !changed) {
      return { data: changes.empty ? data : this.#settled, contested: [] };
    }
    const values = this.read(data);
    const contested = this.applyTo(values);
    return { data: this.write(values), contested };
  }

  /** The values in data that it is to be applied to: none, if it clears them away whatever they are. */
  read(data: SessionData): SessionValues {
    return this.#parts.changes.clears ? new SessionValues() : this.#access.read(data);
  }

  write(values: SessionValues): SessionData {
    return this.#access.write(values);
  }

  /** Does its changes on values that another request left. Returns the keys that it gave another value than that one. */
  applyTo(values: SessionValues): readonly string[] {
    const { changes, concurrency, values: own } = this.#parts;
    const overwrites = concurrency === 'last-write-wins' && !changes.empty;
    const contested = this.#contested(values, overwrites ? allOf(own, values) : changes.assigned);
    if (overwrites) {
      values.become(own);
    } else {
      changes.replay(values);
    }
    return contested;
  }

  #contested(theirs: SessionValues, assigned: ReadonlyMap<string, unknown>): readonly string[] {
    if (assigned.size === 0 || this.#parts.changes.clears) {
      return [];
    }
    const before = this.#access.read(this.#parts.base);
    return [...assigned]
      .filter(([key, ours]) => !same(theirs.get(key), before.get(key)) && !same(theirs.get(key), ours))
      .map(([key]) => key);
  }
}

/** That another request saved or ended the session first, where that is an error. */
export function conflict(): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFLICT',
    'another request changed the session since this one read it: do this one again on what is there now, as sessions.transact does',
  );
}

/** What each key is to be if one request's values take the place of another's. */
function allOf(own: SessionValues, theirs: SessionValues): ReadonlyMap<string, unknown> {
  const keys = [...own.keys(), ...theirs.keys()];
  return new Map(keys.map((key) => [key, own.get(key)]));
}

/** Whether two JSON values are the same, to the order of their members. */
function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
