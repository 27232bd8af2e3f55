import { isLimit, isOutage } from '../errors.js';
import type { GateOptions, SessionGate } from './host.js';
import {
  cookieHeaders,
  type LambdaContext,
  type LambdaHttpEvent,
  type LambdaSource,
  lambdaSource,
} from './lambda-event.js';
import { type HttpReply, ownReplyFor, replyFor } from './lambda-reply.js';
import { TOO_MANY_SESSIONS, UNAVAILABLE } from './own-reply.js';

/** A Lambda handler that is given the visitor's session. `event` and `context` are Lambda's own objects. */
export type LambdaSessionHandler<Event, S, Context, Result> = (
  event: Event,
  session: S,
  context: Context,
) => Result | Promise<Result>;

/** What a handler is made with. */
export interface LambdaOptions<Event, S, Context> {
  /**
   * Answers a visitor who signs in, has as many sessions as the policy allows, and may have no more (`WhenFull.REFUSE`).
   * It is given what the handler was; the session says who would have signed in, and takes no more changes. Nothing of
   * the request was saved.
   * @default - a 409 that says so
   */
  readonly onLimit?: (event: Event, session: S, context: Context) => HttpReply | Promise<HttpReply>;
}

/** What Lambda invokes. */
export type LambdaHandler<Event, Context, Result> = (event: Event, context: Context) => Promise<Result | HttpReply>;

/**
 * Runs a handler between finding the session and saving it. The reply leaves only after the save is acknowledged. When
 * the handler throws, nothing is saved and the error is Lambda's to report. While the store does not answer, visitors get
 * a 503 with `Retry-After`, and their cookie stays valid; so it is where the handler itself asked the store for something,
 * the user's other sessions for instance, and lets that error through. Who signs in and has as many sessions as they may have gets a 409.
 *
 * @throws SessionError with ERR_SESSION_EVENT if the event is not an HTTP request.
 */
export function lambdaHost<
  S,
  Result,
  Event extends LambdaHttpEvent = LambdaHttpEvent,
  Context extends LambdaContext = LambdaContext,
>(
  gate: SessionGate<S>,
  handler: LambdaSessionHandler<Event, S, Context, Result>,
  { onLimit }: LambdaOptions<Event, S, Context> = {},
): LambdaHandler<Event, Context, Result> {
  return async (event, context) => {
    const source = lambdaSource(event);
    try {
      const session = await gate.load(cookieHeaders(event), timeLeft(context));
      try {
        const result = await handler(event, session, context);
        const { setCookie } = await gate.commit(session, timeLeft(context));
        return replyFor(source, result, setCookie);
      } catch (error) {
        if (onLimit === undefined || !isLimit(error)) {
          throw error;
        }
        return replyFor(source, await onLimit(event, session, context), undefined);
      }
    } catch (error) {
      return replyTo(source, error);
    }
  };
}

/** The reply to what is no fault: an outage is for the visitor to wait out, and was told already. */
function replyTo(source: LambdaSource, error: unknown): HttpReply {
  if (isOutage(error)) {
    return ownReplyFor(source, UNAVAILABLE);
  }
  if (isLimit(error)) {
    return ownReplyFor(source, TOO_MANY_SESSIONS);
  }
  throw error;
}

/** Tests invoke handlers without a context, which then have all the time there is. */
function timeLeft(context: LambdaContext | undefined): GateOptions {
  const remainingMs = context?.getRemainingTimeInMillis?.();
  return remainingMs === undefined ? {} : { remainingMs };
}
