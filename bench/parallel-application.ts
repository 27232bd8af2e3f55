import { createSessions, type HttpReply, type LambdaHttpEvent } from 'cdk-sessions-client';

/** One request to the application. */
export interface PageRequest {
  readonly path: '/set' | '/count' | '/look';
  readonly query: Readonly<Record<string, string>>;
}

/** What a visitor's browser makes of a reply. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** The session's cookie, if the reply set it. */
  readonly cookie: string | undefined;
  /** How many seconds the browser is asked to wait before it tries again. */
  readonly retryAfter: number | undefined;
}

/** Asks the application for a page, as the visitor with this cookie. */
export type Application = (request: PageRequest, cookie?: string) => Promise<Reply>;

/**
 * A Lambda function as applications have it, whose sessions are those that its environment names. `/set` gives a key of
 * the session a value, `/count` counts in a key, and `/look` tells what keys hold, separated by commas.
 *
 * @param loaded what each request waits for between loading the session and using it
 */
export function application(loaded: () => Promise<void> = async () => undefined): Application {
  const sessions = createSessions<Record<string, number>>();
  const handler = sessions.lambda(async ({ rawPath, queryStringParameters }, session): Promise<Partial<HttpReply>> => {
    await loaded();
    const { key = '', value, keys = '' } = queryStringParameters ?? {};
    switch (rawPath) {
      case '/set':
        session.set(key, Number(value));
        return { statusCode: 200, body: 'set' };
      case '/count':
        session.update(key, (count = 0) => count + 1);
        return { statusCode: 200, body: 'counted' };
      case '/look': {
        const held = Object.fromEntries(keys.split(',').map((name) => [name, session.get(name)]));
        return { statusCode: 200, body: JSON.stringify(held) };
      }
      default:
        return { statusCode: 404, body: 'there is no such page' };
    }
  });
  return async (request, cookie) => {
    const reply = await handler(functionUrlEvent(request, cookie), {});
    const retryAfter = reply.headers?.['Retry-After'];
    return {
      status: reply.statusCode ?? 200,
      body: reply.body ?? '',
      cookie: reply.cookies?.[0]?.split(';')[0],
      retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
    };
  };
}

/** What a function URL makes of a request, as far as it matters here. */
function functionUrlEvent({ path, query }: PageRequest, cookie: string | undefined): LambdaHttpEvent {
  return {
    version: '2.0',
    rawPath: path,
    queryStringParameters: query,
    cookies: cookie === undefined ? [] : [cookie],
    requestContext: { http: { method: 'GET', path } },
  };
}
