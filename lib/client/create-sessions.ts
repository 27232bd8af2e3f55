import type { EventCounts } from './hooks.js';
import type { SessionGate } from './hosts/host.js';
import { type LambdaHandler, type LambdaOptions, lambdaHost } from './hosts/lambda.js';
import type { LambdaContext, LambdaHttpEvent } from './hosts/lambda-event.js';
import type { HttpReply } from './hosts/lambda-reply.js';
import { LazyGate } from './lazy-gate.js';
import type { SessionsOptions } from './options.js';
import type { DestroyByOwnerOptions, SignedInSession } from './owned-sessions.js';
import type { JsonMembers, Session } from './session.js';
import type { Transaction, TransactOptions } from './transaction.js';

/** An application's sessions: one way in for each kind of host. */
export interface Sessions<Data extends object> {
  /**
   * Makes a Lambda handler out of one that is given the visitor's session, for every event that a function gets over
   * HTTP: function URL, HTTP API, REST API, and Application Load Balancer with and without multi-value headers.
   * `event` and `context` are Lambda's own. The reply leaves when the session is saved; a handler that throws saves
   * nothing. While the store does not answer, visitors get a 503 with `Retry-After` and keep their cookie; so they do if
   * it does not answer a call of the handler's own, such as `destroyByOwner`, and the handler lets that through. Who signs
   * in and may have no more sessions gets a 409, or what `onLimit` answers.
   *
   * The handler made throws SessionError: ERR_SESSION_CONFIG without a usable configuration, or in a function that was
   * attached with `SessionAccess.REVOKE`, ERR_SESSION_EVENT for an event that is not an HTTP request, ERR_SESSION_RECORD
   * for a stored session that this release cannot read, ERR_SESSION_TOO_LARGE for one that does not fit into the store,
   * and what the session's methods throw.
   */
  lambda<
    Event extends LambdaHttpEvent = LambdaHttpEvent,
    Context extends LambdaContext = LambdaContext,
    Result = Partial<HttpReply>,
  >(
    handler: (event: Event, session: Session<Data>, context: Context) => Result | Promise<Result>,
    options?: LambdaOptions<Event, Session<Data>, Context>,
  ): LambdaHandler<Event, Context, Result>;

  /**
   * Runs a function on a session and saves what it changed, on exactly what it read: if another request saved first, the
   * function runs again on what that one left, until the time is over. For changes that span several keys, and for what
   * must happen only once. The function's other effects should bear being repeated.
   *
   * It is on its own: not inside a handler of `lambda` or another transaction on the same session, which would find that
   * it changed behind their backs.
   *
   * @param cookies the request's Cookie header, or its header lines; `undefined` if it has none
   * @returns what the function returned, and the Set-Cookie header that the reply must carry, if any
   * @throws SessionError ERR_SESSION_CONFLICT if others kept coming first, ERR_SESSION_LIMIT if it signs in who may have
   *   no more sessions, what the handler made by `lambda` throws, and ERR_SESSION_STORE_UNAVAILABLE or
   *   ERR_SESSION_STORE_TIMEOUT while the store does not answer
   */
  transact<Result>(
    cookies: string | readonly string[] | undefined,
    fn: (session: Session<Data>) => Result | Promise<Result>,
    options?: TransactOptions,
  ): Promise<Transaction<Result>>;

  /**
   * The living sessions that a user is signed in to, the one that was used last first: for a page of where they are. Costs
   * one read for the user, and one of the whole record for each session. A session that cannot be read (damaged, or its
   * key is gone) is left out, and the hook `storeError` is told.
   *
   * @throws SessionError ERR_SESSION_USER, ERR_SESSION_CONFIG if the store keeps nothing of users, and
   *   ERR_SESSION_STORE_UNAVAILABLE or ERR_SESSION_STORE_TIMEOUT while it does not answer; so do the next two. Also
   *   ERR_SESSION_CONFIG in a function that was attached with `SessionAccess.REVOKE`
   */
  listByOwner(userId: string): Promise<readonly SignedInSession[]>;

  /**
   * Ends the sessions of a user, at once: when this resolves, none that was there when it was called is alive, nor what it
   * went on as. For a page, after a new password, and for an account that is disabled, once its sign-ins are refused.
   * Costs two reads for the user, a write for each session and one for each 25: should it fail half-way, those before are
   * ended, and another call ends the rest.
   *
   * It looks at no session, so that a function which may read none can call it. So the data of what it ended stays in the
   * store, where no client reads it any more, until that collects it. Without `except` the visitor's own session is ended,
   * too: in a handler that goes on to `login` or `regenerate`, pass `except: session`, or there is nothing left to sign in
   * to.
   *
   * @returns how many were ended, those included that had run out on their own and were still in the index
   * @throws SessionError also ERR_SESSION_USER for `only: undefined`, which must not come to mean all of them, and
   *   ERR_SESSION_CONFLICT if the user keeps signing in meanwhile
   */
  destroyByOwner(userId: string, options?: DestroyByOwnerOptions): Promise<number>;

  /**
   * Ends all sessions of a user that began before a time, the visitor's own included, with one write however many there
   * are: for an incident, or thousands of sessions. Each is ended by its next request that looks: by default the first one
   * when `touchAfter` has passed since it last did, so that a session may be answered for up to that long; with
   * `RevocationCheck.EVERY_REQUEST` every one, at the cost of a read.
   *
   * Beginnings and times are those of the machines that noted them. Without a time it is now, and later than the last
   * revocation, which costs a read as well: what began since then on that account is ended, too. A session that a machine
   * whose clock is ahead began just before may still stay; `destroyByOwner` compares no times.
   *
   * @param time at most five minutes ahead of this machine's clock; now unless given
   */
  revokeBefore(userId: string, time?: Date): Promise<void>;

  /**
   * What a host is built on: it loads a request's session before the handler, and commits it before the reply. For
   * frameworks that there is no host for; `expressSessions` of `cdk-sessions-client/express` is one.
   */
  readonly gate: SessionGate<Session<Data>>;

  /** How often each hook has had something to be told in this process, whether or not it is given. */
  readonly counts: EventCounts;
}

/**
 * An application's sessions, as the stack that it is deployed with configured them.
 *
 * Call it once, at module scope: it never throws there and connects to nothing. The environment is read and the store
 * opened at the first request, so tests may import a handler without either.
 *
 * The type says what is in a session. All of it is optional, whatever the type says: a session begins empty. A type with
 * anything in it that is not JSON, such as a Date, does not compile.
 *
 * @example
 * const sessions = createSessions<{ cart: Record<string, number> }>();
 */
export function createSessions<Data extends JsonMembers<Data> = Record<string, unknown>>(
  options: SessionsOptions<Data> = {},
): Sessions<Data> {
  const gate = new LazyGate<Data>(options);
  return {
    lambda: (handler, options) => lambdaHost(gate, handler, options),
    transact: (cookies = [], fn, options) =>
      gate.transact(typeof cookies === 'string' ? [cookies] : cookies, fn, options),
    listByOwner: (userId) => gate.listByOwner(userId),
    destroyByOwner: (userId, options) => gate.destroyByOwner(userId, options),
    revokeBefore: (userId, time) => gate.revokeBefore(userId, time),
    gate,
    counts: gate.counts,
  };
}
