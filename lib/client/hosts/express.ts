import type { Sessions } from '../create-sessions.js';
import { isLimit, isOutage, SessionError } from '../errors.js';
import type { Session } from '../session.js';
import { HeldReply, sendOwn } from './express-reply.js';
import type { ExpressNext, ExpressRequest, ExpressResponse } from './express-types.js';
import type { CommitResult, GateOptions } from './host.js';
import { TOO_MANY_SESSIONS, UNAVAILABLE } from './own-reply.js';
import { keepInTable } from './property-table.js';
import { rethrow } from './rethrow.js';

export type { ExpressNext, ExpressRequest, ExpressResponse } from './express-types.js';

/** What the middleware is made with. */
export interface ExpressOptions<Request, Response> {
  /**
   * The property of a request that has its session.
   * @default 'session'
   */
  readonly property?: string;
  /**
   * How long whoever is in front of the application waits for a reply, in milliseconds: the session is loaded and saved
   * within that time, counted from when the request gets here. The idle timeout of a load balancer, for instance.
   * @default - ten seconds for loading and ten for saving
   */
  readonly requestTimeout?: number;
  /**
   * Whether the session is saved with a reply, asked when that begins. `response.statusCode` is set by then.
   * @default - it is unless the status is 500 or above: a handler that threw, or called `next(error)`, saves nothing
   */
  readonly shouldSave?: (request: Request, response: Response) => boolean;
  /**
   * Answers a visitor who signs in, has as many sessions as the policy allows, and may have no more (`WhenFull.REFUSE`).
   * The reply of the handler is dropped, and the response as it was before it. The session says who would have signed in,
   * and takes no more changes. Nothing of the request was saved.
   * @default - a 409 that says so
   */
  readonly onLimit?: (request: Request, response: Response, next: ExpressNext) => unknown;
}

/** A middleware of Express 4 and 5, and of whatever calls functions as they do. */
export type ExpressMiddleware<Request, Response> = (request: Request, response: Response, next: ExpressNext) => void;

/** Under which property, known to this module alone, requests have the sessions of these `Sessions`. */
const properties = new WeakMap<object, symbol>();

/**
 * Gives each request its visitor's session, as `request.session` and by `sessionOf`, and saves what became of it. The
 * reply leaves when the save is acknowledged: from its first `writeHead`, `flushHeaders`, `write` or `end` on it is held,
 * and the session takes no more changes. What is streamed afterwards passes untouched.
 *
 * While the store does not answer, visitors get a 503 with `Retry-After` and keep their cookie. Who signs in and may have
 * no more sessions gets a 409, or what `onLimit` answers. Any other error of loading or saving goes to the application's
 * error handlers, by `next(error)`, with what the handler had set on the response taken back.
 *
 * A reply with a status of 500 or above saves nothing, unless `shouldSave` says otherwise. What counts is that the
 * application replies: a session is saved also if its visitor is gone by then, and is not if there is never a reply.
 *
 * Register it behind what rewrites replies, such as `compression()`, and health checks before it.
 *
 * @example
 * const sessions = createSessions<{ cart: Record<string, number> }>();
 * app.use(expressSessions(sessions));
 * app.get('/', (request, response) => response.json(sessionOf(sessions, request).get('cart') ?? {}));
 */
export function expressSessions<
  Data extends object,
  Request extends ExpressRequest = ExpressRequest,
  Response extends ExpressResponse = ExpressResponse,
>(sessions: Sessions<Data>, options: ExpressOptions<Request, Response> = {}): ExpressMiddleware<Request, Response> {
  const { property = 'session', requestTimeout, shouldSave = isNoFailure, onLimit } = options;
  const { gate } = sessions;
  const known = knownAs(sessions);

  return (request, response, next) => {
    if (Reflect.has(request, known)) {
      next();
      return;
    }
    const timeLeft = deadline(requestTimeout);

    const begin = (session: Session<Data>) => {
      const reply = new HeldReply(response, () => {
        save().catch(rethrow);
      });
      const save = async () => {
        try {
          const saved = shouldSave(request, response) ? gate.commit(session, timeLeft()) : NOT_SAVED;
          reply.release((await saved).setCookie);
        } catch (error) {
          giveUp(reply, error);
        }
      };
      keepInTable(request);
      Reflect.set(request, known, session);
      // What somebody who comes from express-session would set on it would be lost without a word.
      Reflect.set(request, property, Object.preventExtensions(session));
      next();
    };

    const giveUp = (reply: HeldReply, error: unknown) => {
      reply.reopen(error);
      if (response.headersSent || !(isOutage(error) || isLimit(error))) {
        next(error);
      } else if (isOutage(error)) {
        reply.replace(UNAVAILABLE);
      } else if (onLimit === undefined) {
        reply.replace(TOO_MANY_SESSIONS);
      } else {
        answer(() => onLimit(request, response, next), next);
      }
    };

    const fail = (error: unknown) => {
      if (isOutage(error) && !response.headersSent) {
        sendOwn(response, UNAVAILABLE);
      } else {
        next(error);
      }
    };

    if (Reflect.has(request, property)) {
      next(occupied(property));
      return;
    }
    const { cookie } = request.headers;
    gate
      .load(cookie === undefined ? [] : [cookie], timeLeft())
      .then(begin, fail)
      .catch(rethrow);
  };
}

/**
 * The session of a request that passed `expressSessions(sessions)`, with the type of its data.
 *
 * @throws SessionError ERR_SESSION_CONFIG if it did not
 */
export function sessionOf<Data extends object>(sessions: Sessions<Data>, request: object): Session<Data> {
  const session: Session<Data> | undefined = Reflect.get(request, knownAs(sessions));
  if (session === undefined) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the request has no session: app.use(expressSessions(sessions)) before its route, with the same sessions',
    );
  }
  return session;
}

const NOT_SAVED: CommitResult = {};

function isNoFailure(_request: unknown, { statusCode }: ExpressResponse): boolean {
  return statusCode < 500;
}

function knownAs(sessions: object): symbol {
  const known = properties.get(sessions) ?? Symbol('the session of a request');
  properties.set(sessions, known);
  return known;
}

function deadline(requestTimeout: number | undefined): () => GateOptions {
  if (requestTimeout === undefined) {
    return () => ({});
  }
  const end = performance.now() + requestTimeout;
  return () => ({ remainingMs: end - performance.now() });
}

/** Runs a handler of the application's as Express 5 does: what it throws or rejects with goes to the error handlers. */
function answer(handler: () => unknown, next: ExpressNext): void {
  new Promise((resolve) => resolve(handler())).catch(next).catch(rethrow);
}

function occupied(property: string): SessionError {
  return new SessionError(
    'ERR_SESSION_CONFIG',
    `request.${property} is there already, from another middleware: give expressSessions({ property }) another name, or remove that one`,
  );
}
