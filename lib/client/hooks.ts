import type { SessionError } from './errors.js';
import { fingerprint } from './session-id.js';
import type { SessionKey } from './stores/store.js';

/** What may be told of a session: a name for logs, from which neither its id nor its key can be had. */
export interface SessionEvent {
  /** The session's fingerprint: the same for all its requests, until it gets a new id. */
  readonly session: string;
}

/**
 * Why a cookie of ours led to no session. `malformed`: it is not one that we made. `forged`: it is not signed with one of
 * the keys. `unknown`: nothing is stored, and without a signature nobody can say whether the cookie was made up, or its
 * session was idle for too long, or lost. `destroyed`: it was signed out. `retired`: it went on under another id.
 * `revoked`: the user's sessions were revoked after it began.
 */
export type RejectionReason = 'malformed' | 'forged' | 'unknown' | 'destroyed' | 'retired' | 'revoked';

/**
 * Why a session gets a new id: `login`, since somebody signed in; `privilege`, since the application asked for one;
 * `age`, since its id had grown old.
 */
export type RegenerationCause = 'login' | 'privilege' | 'age';

/**
 * What an application may listen to, for metrics and audit trails. A hook is called when its event is a fact. It cannot
 * break a request, which does not wait for it either: what it throws or rejects with is written to standard error.
 */
export interface SessionHooks {
  /** A new session was stored. */
  created?(event: SessionEvent): unknown;
  /** A request's cookie led to a living session. */
  loaded?(event: SessionEvent): unknown;
  /**
   * A request's cookie led to a session whose time is over, by the deadline in the cookie, by what is stored, or, if nothing
   * is, by a signed cookie's word of how long it lives at least.
   */
  expired?(event: SessionEvent): unknown;
  /**
   * A session is gone that should be alive by its signed cookie, and that nobody ended: its store lost it. Told by each
   * request that comes with the cookie. Never told of cookies that are not signed.
   */
  lost?(event: SessionEvent): unknown;
  /** A cookie of ours led to none, for another reason. The visitor goes on as one who brought none. */
  rejected?(event: { readonly reason: RejectionReason }): unknown;
  /** A session got a new id. `session` is its fingerprint before, `successor` the one from now on. */
  renewed?(event: SessionEvent & { readonly successor: string; readonly cause: RegenerationCause }): unknown;
  /** A session was ended: by `destroy` or `logout`, `destroyByOwner`, a sign-in that took its room, or a revocation. */
  destroyed?(event: SessionEvent): unknown;
  /** Requests gave one key different values at the same time. The one that tells has won. */
  conflict?(event: SessionEvent & { readonly key: string }): unknown;
  /** A request's changes were dropped: its session was ended, or moved to a new id at a sign-in, by another meanwhile. */
  discarded?(event: SessionEvent): unknown;
  /** A stored session began anew without data: the schema refused it at these paths. See `onInvalidData`. */
  reset?(event: SessionEvent & { readonly paths: readonly string[] }): unknown;
  /**
   * The store failed: with a 503 for the visitor, or without anybody's noticing.
   * @default - a line with the error's code and message on standard error
   */
  storeError?(error: SessionError): unknown;
}

/** How often each hook had something to be told. */
export type EventCounts = Readonly<Record<keyof SessionHooks, number>>;

/** The hooks that are told of a session, and nothing else. */
type HookOfSession = 'created' | 'loaded' | 'expired' | 'lost' | 'destroyed' | 'discarded';

/** Calls an application's hooks, and keeps their failures to itself. */
export class HookCaller {
  /** Counted whether or not anybody listens. */
  readonly counts: Record<keyof SessionHooks, number> = {
    created: 0,
    loaded: 0,
    expired: 0,
    lost: 0,
    rejected: 0,
    renewed: 0,
    destroyed: 0,
    conflict: 0,
    discarded: 0,
    reset: 0,
    storeError: 0,
  };
  /** The application's own object: its hooks may be methods of a class. */
  readonly #hooks: SessionHooks;

  constructor(hooks: SessionHooks = {}) {
    this.#hooks = hooks;
  }

  /** Calls a hook with the session that has the key. Its fingerprint is taken only if somebody listens. */
  callOf(name: HookOfSession, key: SessionKey): void {
    if (this.#hooks[name] === undefined) {
      this.counts[name]++;
    } else {
      this.call(name, { session: fingerprint(key) });
    }
  }

  call<Name extends keyof SessionHooks>(name: Name, ...event: Parameters<NonNullable<SessionHooks[Name]>>): void {
    this.counts[name]++;
    const standard = name === 'storeError' ? logStoreError : undefined;
    const hook = (this.#hooks[name] ?? standard) as ((...event: unknown[]) => unknown) | undefined;
    if (hook !== undefined) {
      new Promise((resolve) => resolve(hook.apply(this.#hooks, event))).catch((fault: unknown) => {
        console.error(`cdk-sessions: the hook ${name} failed`, fault);
      });
    }
  }
}

function logStoreError(error: SessionError): void {
  console.error(`cdk-sessions: ${error.code}: ${error.message}`);
}
