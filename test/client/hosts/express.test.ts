import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createSessions,
  type Session,
  type SessionError,
  type Sessions,
  type SessionsOptions,
} from 'cdk-sessions-client';
import { type ExpressOptions, expressSessions, sessionOf } from 'cdk-sessions-client/express';
import { FaultyStore, MemoryStore } from 'cdk-sessions-client/testing';
import express, { type Response as ExpressResponse } from 'express';
import { type Middleware, type Request, type Response, RunningServer, SERVER_KINDS } from './servers';

interface Shop {
  count: number;
  cart: { added?: unknown };
}

/** A text that no socket takes at once. */
const LONG = 'a line of a long text\n'.repeat(100_000);

const PRIVATE = 'private, no-store';

let store: FaultyStore;
let told: SessionError[];
let running: RunningServer[] = [];

beforeEach(() => {
  store = new FaultyStore(new MemoryStore());
  told = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
});

function shop(options: Partial<SessionsOptions<Shop>> = {}): Sessions<Shop> {
  return createSessions<Shop>({
    store,
    hooks: { storeError: (error: SessionError) => told.push(error) },
    ...options,
  } as never);
}

function count(session: Session<Shop>): number {
  session.update('count', (number = 0) => number + 1);
  return session.get('count') ?? 0;
}

function cookieOf({ cookies }: { readonly cookies: readonly string[] }): string {
  return cookies.find((cookie) => cookie.startsWith('__Host-session='))?.split(';')[0] ?? '';
}

describe.each(SERVER_KINDS)('on %s', (kind) => {
  type Handler = (request: Request, response: Response, session: Session<Shop>) => unknown;

  /** An application of one page. */
  async function serve(
    handler: Handler,
    options: ExpressOptions<Request, Response> = {},
    { sessions = shop(), before = [], onError }: Surroundings = {},
  ): Promise<RunningServer> {
    const page: Middleware = (request, response) => handler(request, response, sessionOf(sessions, request));
    const middleware = [...before, expressSessions(sessions, options), page];
    const server = await RunningServer.start(kind, { middleware, ...(onError && { onError }) });
    running.push(server);
    return server;
  }

  /** The number in the session that a cookie leads to. */
  async function counted(cookie: string): Promise<number | undefined> {
    return (await shop().transact(cookie, (session) => session.get('count'))).result;
  }

  test('a visitor keeps what the handler writes, by one cookie', async () => {
    const server = await serve((_request, response, session) => response.end(String(count(session))));
    const first = await server.request();
    expect(first).toMatchObject({ status: 200, body: '1', cookies: [expect.stringMatching(/^__Host-session=v1\./)] });
    const cookie = cookieOf(first);
    expect(await server.request({ headers: { cookie } })).toMatchObject({ body: '2', cookies: [] });
    expect(await server.request()).toMatchObject({ body: '1' });
  });

  test('a request without a cookie that writes nothing costs no call and sets none', async () => {
    for (const call of ['read', 'write', 'touch'] as const) {
      store.next(call, 'fail');
    }
    const server = await serve((_request, response, session) => response.end(String(session.get('count'))));
    expect(await server.request()).toMatchObject({ status: 200, body: 'undefined', cookies: [] });
    expect(told).toEqual([]);
  });

  test('request.session is the same', async () => {
    const server = await serve((request, response, session) =>
      response.end(String((request as { session?: unknown }).session === session)),
    );
    expect(await server.request()).toMatchObject({ body: 'true' });
  });

  test('request.session takes no properties, as that of express-session does: they would be lost', async () => {
    const server = await serve((_request, response, session) => {
      expect(() => Object.assign(session, { cart: 1 })).toThrow(TypeError);
      response.end('none');
    });
    expect(await server.request()).toMatchObject({ body: 'none' });
  });

  test.each<[string, (response: Response) => unknown]>([
    ['end', (response) => response.end('all')],
    ['write', (response) => [response.write('al'), response.end('l')]],
    ['writeHead', (response) => response.writeHead(200).end('all')],
    ['flushHeaders', (response) => [response.flushHeaders(), response.end('all')]],
  ])('a reply that begins with %s leaves when the session is saved', async (_, reply) => {
    const server = await serve((_request, response, session) => {
      count(session);
      reply(response);
    });
    store.next('write', { delay: 50 });
    const { body, ...head } = await server.begin();
    expect(await counted(cookieOf(head))).toBe(1);
    expect(await text(body)).toBe('all');
  });

  test('the cookie goes beside those of the application, and no cache may keep the reply', async () => {
    const server = await serve((_request, response, session) => {
      count(session);
      response.setHeader('Set-Cookie', ['theme=dark', 'lang=en']);
      response.setHeader('Cache-Control', 'public, max-age=60');
      response.setHeader('CDN-Cache-Control', 'max-age=60');
      response.setHeader('X-Shop', 'yes');
      response.end();
    });
    const { headers, cookies } = await server.request();
    expect(cookies).toEqual(['theme=dark', 'lang=en', expect.stringMatching(/^__Host-session=/)]);
    expect(headers).toMatchObject({ 'cache-control': PRIVATE, 'x-shop': 'yes' });
    expect(headers).not.toHaveProperty('cdn-cache-control');
  });

  test.each([
    ['public, No-Transform, max-age=60', `${PRIVATE}, no-transform`],
    ['public, x="no-transform"', PRIVATE],
  ])('with Cache-Control: %s nobody may keep the reply, and only no-transform stays said', async (said, sent) => {
    const server = await serve((_request, response, session) => {
      count(session);
      response.setHeader('Cache-Control', said);
      response.end();
    });
    expect((await server.request()).headers).toMatchObject({ 'cache-control': sent });
  });

  test('a reply that sets no cookie may be cached as the application says', async () => {
    const server = await serve((_request, response) => {
      response.setHeader('Cache-Control', 'public, max-age=60');
      response.end();
    });
    expect((await server.request()).headers).toMatchObject({ 'cache-control': 'public, max-age=60' });
  });

  test.each<[string, unknown[]]>([
    ['an object', [201, { 'Cache-Control': 'public', 'Set-Cookie': 'a=1', 'X-List': ['1', '2'] }]],
    ['a list', [201, ['Cache-Control', 'public', 'Set-Cookie', 'a=1', 'X-List', '1', 'X-List', '2']]],
    [
      'a list of pairs',
      [
        201,
        [
          ['Cache-Control', 'public'],
          ['Set-Cookie', 'a=1'],
          ['X-List', ['1', '2']],
        ],
      ],
    ],
    ['an object behind a reason', [201, 'Made', { 'Set-Cookie': 'a=1', 'X-List': ['1', '2'] }]],
    ['an object behind nothing', [201, undefined, { 'Set-Cookie': 'a=1', 'X-List': ['1', '2'] }]],
  ])('headers that writeHead is given as %s are sent, those of caching apart', async (_, args) => {
    const server = await serve((_request, response, session) => {
      count(session);
      Reflect.apply(response.writeHead, response, args);
      response.end('made');
    });
    const { status, headers, cookies, body } = await server.request();
    expect({ status, body }).toEqual({ status: 201, body: 'made' });
    expect(cookies).toEqual(['a=1', expect.stringMatching(/^__Host-session=/)]);
    expect(headers).toMatchObject({ 'cache-control': PRIVATE, 'x-list': '1, 2' });
  });

  test('a header that cannot be is an error where it is given, and another reply may be made', async () => {
    const server = await serve((_request, response, session) => {
      count(session);
      expect(() => response.writeHead(200, { 'X-Shop': undefined })).toThrow();
      response.end('made');
    });
    expect(await server.request()).toMatchObject({ status: 200, body: 'made', cookies: [expect.anything()] });
  });

  test('while it is held, a reply looks as if it had been sent', async () => {
    const seen: unknown[] = [];
    const attempt = (act: () => unknown) => {
      try {
        seen.push(act());
      } catch (error) {
        seen.push((error as { code: string }).code);
      }
    };
    const server = await serve((_request, response, session) => {
      count(session);
      response.statusCode = 201;
      seen.push(response.headersSent, response.end('made') === response, response.headersSent);
      attempt(() => response.setHeader('X-Late', '1'));
      attempt(() => response.appendHeader('X-Late', '1'));
      attempt(() => response.removeHeader('X-Late'));
      attempt(() => response.writeHead(500));
      response.statusCode = 500;
      response.end();
    });
    expect(await server.request()).toMatchObject({ status: 201, body: 'made' });
    expect(seen).toEqual([false, true, true, ...Array(4).fill('ERR_HTTP_HEADERS_SENT')]);
  });

  test('a stream is held at its first chunk, and flows when the session is saved', async () => {
    const results: unknown[] = [];
    const server = await serve((_request, response, session) => {
      count(session);
      results.push(response.write('first,'));
      response.once('drain', () => {
        response.write('second,', () => results.push('written'));
        response.end('third', () => results.push('ended'));
      });
    });
    store.next('write', { delay: 20 });
    expect((await server.request()).body).toBe('first,second,third');
    expect(results).toEqual([false, 'written', 'ended']);
  });

  test('a writer that heeds no back-pressure loses nothing', async () => {
    const server = await serve((_request, response, session) => {
      count(session);
      response.write(LONG);
      response.flushHeaders();
      response.write(LONG);
      response.once('drain', () => response.end('the end'));
    });
    expect((await server.request()).body).toBe(`${LONG}${LONG}the end`);
  });

  test.each([
    ['a stream of its own', Number.POSITIVE_INFINITY],
    ['the response, as it turns out', 0],
  ])('a stream flows also behind a middleware that keeps who waits for drain for %s', async (_, most) => {
    const waits = jest.fn();
    const server = await serve(
      (_request, response, session) => {
        count(session);
        response.on('close', () => undefined).on('drain', waits);
        Readable.from(['first,', 'second,', 'third']).pipe(response);
      },
      {},
      { before: [sentThrough(most)] },
    );
    expect(await server.request()).toMatchObject({ body: 'first,second,third', cookies: [expect.anything()] });
    expect(waits).toHaveBeenCalledTimes(1);
  });

  test('a file that is piped arrives whole', async () => {
    const path = 'package-lock.json';
    const server = await serve((_request, response, session) => {
      count(session);
      createReadStream(path).pipe(response);
    });
    const { body, cookies } = await server.request();
    expect(body).toBe(readFileSync(path, 'utf8'));
    expect(cookies).toHaveLength(1);
  });

  test('events are sent one by one after the head', async () => {
    let next: () => void = () => undefined;
    const server = await serve((_request, response, session) => {
      count(session);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.flushHeaders();
      next = () => response.write('data: 1\n\n');
      setTimeout(() => response.end('data: 2\n\n'), 100);
    });
    const { body, cookies } = await server.begin();
    expect(cookies).toHaveLength(1);
    next();
    const [chunk] = await once(body, 'data');
    expect(String(chunk)).toBe('data: 1\n\n');
    body.resume();
    await once(body, 'end');
  });

  test('a reply to HEAD has no body, and one of 304 keeps its status', async () => {
    const server = await serve((request, response, session) => {
      count(session);
      response.statusCode = request.method === 'HEAD' ? 200 : 304;
      response.end();
    });
    expect(await server.request({ method: 'HEAD' })).toMatchObject({ status: 200, body: '', cookies: [/./] });
    expect(await server.request()).toMatchObject({ status: 304, body: '', headers: { 'cache-control': PRIVATE } });
  });

  test('what is changed in the turn in which the reply begins is saved, and later it is an error', async () => {
    const late = new Promise<unknown>((resolve) => {
      void serve((_request, response, session) => {
        count(session);
        response.end();
        session.set('count', 7);
        setTimeout(() => {
          try {
            resolve(session.set('count', 8));
          } catch (error) {
            resolve(error);
          }
        }, 20);
      }).then(async (server) => {
        const reply = await server.request();
        expect(await counted(cookieOf(reply))).toBe(7);
      });
    });
    expect(await late).toMatchObject({ code: 'ERR_SESSION_CLOSED' });
  });

  describe('an error', () => {
    const broken: Middleware = (_request, _response, next) => next(new Error('a mistake'));

    test('that the application answers with a 500 saves nothing', async () => {
      const sessions = shop();
      const middleware = [
        expressSessions(sessions),
        ((request, _response, next) => {
          count(sessionOf(sessions, request));
          next();
        }) satisfies Middleware,
        broken,
      ];
      const server = await RunningServer.start(kind, { middleware });
      running.push(server);
      expect(await server.request()).toMatchObject({ status: 500, body: 'failed: Error: a mistake', cookies: [] });
    });

    test('is saved where the application wants that', async () => {
      const server = await serve(
        (_request, response, session) => {
          count(session);
          response.writeHead(500).end();
        },
        { shouldSave: (_request, { statusCode }) => statusCode === 500 },
      );
      expect(await server.request()).toMatchObject({ status: 500, cookies: [expect.anything()] });
    });

    test('in what the application says of that goes to its error handlers', async () => {
      const shouldSave = () => {
        throw new Error('another mistake');
      };
      const server = await serve((_request, response) => response.end('made'), { shouldSave });
      expect(await server.request()).toMatchObject({ status: 500, body: 'failed: Error: another mistake' });
    });

    test('of sending goes to the error handlers', async () => {
      const server = await serve((_request, response) => {
        response.statusCode = 200;
        response.end(Symbol('a text') as never);
      });
      // HTTP/2 sends the head before it looks at the body.
      const status = kind === 'node:http2' ? 200 : 500;
      expect(await server.request()).toMatchObject({ status, body: expect.stringMatching(/^failed: /) });
    });
  });

  describe('while the store does not answer', () => {
    test('a request with a cookie gets a 503, and its handler does not run', async () => {
      const handler = jest.fn((_request, response) => response.end(String(count(sessionOf(sessions, _request)))));
      const sessions = shop();
      const server = await serve(handler, {}, { sessions });
      const cookie = cookieOf(await server.request());
      store.next('read', 'fail');
      expect(await server.request({ headers: { cookie } })).toMatchObject({
        status: 503,
        headers: { 'retry-after': '1', 'cache-control': 'no-store' },
        cookies: [],
        body: 'The service is unavailable for a moment. Please try again.\n',
      });
      expect(handler).toHaveBeenCalledTimes(1);
      expect(told).toMatchObject([{ code: 'ERR_SESSION_STORE_UNAVAILABLE' }]);
    });

    test('a save that fails takes the place of the reply with a 503, and nothing of it is left', async () => {
      const results: unknown[] = [];
      const server = await serve(
        (_request, response, session) => {
          count(session);
          response.writeHead(201, { 'X-Shop': 'yes', 'Content-Length': '6', 'Set-Cookie': 'mine=1' });
          response.write('all', (error) => results.push(error));
          response.end('one', (error?: unknown) => results.push(error));
          setTimeout(() => {
            results.push(
              response.write('late', (error) => results.push(error)),
              response.end() === response,
            );
            response.flushHeaders();
          }, 50);
        },
        {},
        {
          before: [
            (_request, response, next) => {
              response.setHeader('X-Before', 'stays');
              next();
            },
          ],
        },
      );
      store.next('write', 'fail');
      const { status, headers, cookies, body } = await server.request();
      expect({ status, cookies }).toEqual({ status: 503, cookies: [] });
      expect(headers).toMatchObject({ 'x-before': 'stays', 'retry-after': '1' });
      expect(headers).not.toHaveProperty('x-shop');
      expect(body).toContain('unavailable for a moment');
      await sleep(80);
      const refused = expect.objectContaining({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
      expect(results).toEqual([refused, refused, false, true, refused]);
    });

    test('a head that was sent before is left to the error handlers', async () => {
      const sessions = shop();
      const cookie = (await sessions.transact(undefined, count)).setCookie?.split(';')[0] ?? '';
      const failed = new Promise((resolve) => {
        const early: Middleware = (_request, response, next) => {
          response.write('early');
          next();
        };
        const onError = (error: unknown, _request: Request, response: Response) => {
          response.end();
          resolve(error);
        };
        void serve(() => undefined, {}, { sessions, before: [early], onError }).then((server) => {
          store.next('read', 'fail');
          return server.request({ headers: { cookie } });
        });
      });
      expect(await failed).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    });

    test('a save that fails when a head was sent before is left to the error handlers, too', async () => {
      const early: Middleware = (_request, response, next) => {
        response.write('early, ');
        next();
      };
      const server = await serve(
        (_request, response, session) => {
          count(session);
          response.end('and late');
        },
        {},
        { before: [early] },
      );
      store.next('write', 'fail');
      expect(await server.request()).toMatchObject({
        status: 200,
        body: 'early, failed: ERR_SESSION_STORE_UNAVAILABLE',
      });
    });

    test('no more time is taken than whoever is in front waits for', async () => {
      const sessions = shop();
      const cookie = (await sessions.transact(undefined, count)).setCookie?.split(';')[0] ?? '';
      const server = await serve((_request, response) => response.end(), { requestTimeout: 300 }, { sessions });
      store.next('read', 'hang');
      expect(await server.request({ headers: { cookie } })).toMatchObject({ status: 503 });
      expect(told[0]?.message).toMatch(/did not answer a read within (1\d\d|200) ms/);
    });
  });

  describe('a session that cannot be saved', () => {
    const spoilt = (_request: Request, response: Response, session: Session<Shop>) => {
      const cart = session.get('cart') ?? {};
      cart.added = new Date();
      response.statusCode = 201;
      response.statusMessage = 'Made';
      response.setHeader('X-Shop', 'yes');
      response.end('all');
    };
    async function visitor(sessions: Sessions<Shop>): Promise<string> {
      const { setCookie } = await sessions.transact(undefined, (session) => session.set('cart', {}));
      return setCookie?.split(';')[0] ?? '';
    }

    test('is for the error handlers, with the reply taken back', async () => {
      const sessions = shop();
      const server = await serve(spoilt, {}, { sessions });
      const reply = await server.request({ headers: { cookie: await visitor(sessions) } });
      expect(reply).toMatchObject({ status: 500, body: 'failed: ERR_SESSION_NOT_SERIALIZABLE', cookies: [] });
      expect(reply.headers).not.toHaveProperty('x-shop');
    });

    test('lets through nothing that its handler still writes after another reply', async () => {
      const sessions = shop();
      const late = new Promise<unknown>((resolve) => {
        const handler: Handler = (request, response, session) => {
          spoilt(request, response, session);
          setTimeout(() => resolve(response.write('late')), 30);
        };
        void serve(handler, {}, { sessions }).then(async (server) => {
          const reply = await server.request({ headers: { cookie: await visitor(sessions) } });
          expect(reply.body).toBe('failed: ERR_SESSION_NOT_SERIALIZABLE');
        });
      });
      expect(await late).toBe(false);
    });
  });

  describe('who signs in and may have no more sessions', () => {
    const full = () => shop({ policy: { sessionsPerOwner: 1, whenFull: 'refuse' } });
    const signIn: Handler = (_request, response, session) => {
      session.login('ada');
      response.setHeader('X-Shop', 'yes');
      response.end('welcome');
    };

    test('gets a 409', async () => {
      const server = await serve(signIn, {}, { sessions: full() });
      expect(await server.request()).toMatchObject({ status: 200, body: 'welcome' });
      const reply = await server.request();
      expect(reply).toMatchObject({ status: 409, cookies: [], headers: { 'cache-control': 'no-store' } });
      expect(reply.body).toMatch(/^You have reached the number of places/);
    });

    test('gets what the application answers', async () => {
      const onLimit = (request: Request, response: Response) => {
        response.statusCode = 303;
        response.setHeader('Location', '/places');
        response.end(String((request as { session?: Session }).session?.userId));
      };
      const server = await serve(signIn, { onLimit }, { sessions: full() });
      await server.request();
      const reply = await server.request();
      expect(reply).toMatchObject({ status: 303, headers: { location: '/places' }, body: 'ada', cookies: [] });
      expect(reply.headers).not.toHaveProperty('x-shop');
    });

    test('gets what its error handlers say of a mistake there', async () => {
      const onLimit = async () => {
        throw new Error('a mistake');
      };
      const server = await serve(signIn, { onLimit }, { sessions: full() });
      await server.request();
      expect(await server.request()).toMatchObject({ status: 500, body: 'failed: Error: a mistake' });
    });
  });

  describe('a visitor who leaves', () => {
    async function leave(fault: 'before' | 'while it is saved' | 'while it is not saved'): Promise<number | undefined> {
      const sessions = shop();
      const cookie = (await sessions.transact(undefined, count)).setCookie?.split(';')[0] ?? '';
      const replied = new Promise<void>((resolve) => {
        void serve(
          async (_request, response, session) => {
            count(session);
            response.on('close', () => arrived());
            if (fault === 'before') {
              arrived();
              await once(response, 'close');
            }
            response.write('all');
            response.end();
            arrived();
            setTimeout(resolve, 100);
          },
          {},
          { sessions },
        ).then((server) => {
          store.next('write', fault === 'while it is not saved' ? 'lose-reply' : { delay: 50 });
          return server.leave({ cookie }, there);
        });
      });
      let arrived: () => void = () => undefined;
      const there = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      await replied;
      return counted(cookie);
    }

    test.each(['before', 'while it is saved', 'while it is not saved'] as const)(
      'has the session saved %s, as the application replied',
      async (when) => {
        expect(await leave(when)).toBe(2);
      },
    );

    test('before there is ever a reply has nothing saved', async () => {
      const sessions = shop();
      const cookie = (await sessions.transact(undefined, count)).setCookie?.split(';')[0] ?? '';
      const gone = new Promise<void>((resolve) => {
        const there = new Promise<void>((arrive) => {
          void serve(
            (_request, response, session) => {
              count(session);
              response.on('close', resolve);
              arrive();
            },
            {},
            { sessions },
          ).then((server) => server.leave({ cookie }, there));
        });
      });
      await gone;
      expect(await counted(cookie)).toBe(1);
    });
  });

  test('two kinds of sessions are held and saved one after the other', async () => {
    const [ours, theirs] = [shop(), shop({ policy: { cookie: cookieNamed('admin') } })];
    const page: Middleware = (request, response) => {
      count(sessionOf(ours, request));
      count(sessionOf(theirs, request));
      response.writeHead(200, { 'X-Shop': 'yes' });
      response.end('both');
    };
    const middleware = [expressSessions(ours), expressSessions(theirs, { property: 'admin' }), page];
    const server = await RunningServer.start(kind, { middleware });
    running.push(server);
    const { cookies, body } = await server.request();
    expect(body).toBe('both');
    expect(cookies.map((cookie) => cookie.split('=')[0]).sort()).toEqual(['__Host-session', 'admin']);
  });

  test('the same twice is once', async () => {
    const sessions = shop();
    const again = expressSessions(sessions);
    const server = await serve(
      (_request, response, session) => response.end(String(count(session))),
      {},
      {
        sessions,
        before: [again],
      },
    );
    expect(await server.request()).toMatchObject({ body: '1', cookies: [expect.anything()] });
  });

  test('a property that is taken is refused', async () => {
    const other: Middleware = (request, _response, next) => {
      Object.assign(request, { session: {} });
      next();
    };
    const server = await serve((_request, response) => response.end(), {}, { before: [other] });
    expect(await server.request()).toMatchObject({ status: 500, body: 'failed: ERR_SESSION_CONFIG' });
  });

  test('a configuration that cannot be used is for the error handlers', async () => {
    const sessions = createSessions<Shop>({ env: 'CDK_SESSIONS_NOWHERE' });
    const server = await serve((_request, response) => response.end(), {}, { sessions });
    expect(await server.request()).toMatchObject({ status: 500, body: 'failed: ERR_SESSION_CONFIG' });
  });
});

/**
 * Sends through a stream of its own what is more than so many writes, and keeps listeners of drain until it knows whether it does, as
 * `compression()` does.
 */
function sentThrough(most: number): Middleware {
  return (_request, response, next) => {
    const { write, end, on } = response;
    const waiting: (() => void)[] = [];
    const stream = most > 0 ? new PassThrough() : undefined;
    const decide = () => {
      for (const listener of waiting.splice(0)) {
        Reflect.apply(stream?.on ?? on, stream ?? response, ['drain', listener]);
      }
    };
    stream?.on('data', (chunk) => Reflect.apply(write, response, [chunk]));
    stream?.on('end', () => Reflect.apply(end, response, []));
    response.write = (...args: unknown[]) => {
      decide();
      return Reflect.apply(stream?.write ?? write, stream ?? response, args);
    };
    response.end = (...args: unknown[]) => {
      decide();
      Reflect.apply(stream?.end ?? end, stream ?? response, args);
      return response;
    };
    response.on = ((event: string, listener: () => void) => {
      if (event === 'drain') {
        waiting.push(listener);
      } else {
        Reflect.apply(on, response, [event, listener]);
      }
      return response;
    }) as typeof on;
    next();
  };
}

interface Surroundings {
  readonly sessions?: Sessions<Shop>;
  readonly before?: readonly Middleware[];
  readonly onError?: (error: unknown, request: Request, response: Response) => void;
}

function cookieNamed(name: string) {
  return { name, sameSite: 'lax', secure: true, persistent: false } as const;
}

describe('what Express itself sends', () => {
  async function request(send: (response: ExpressResponse) => unknown, headers: Readonly<Record<string, string>> = {}) {
    const sessions = shop();
    const app = express();
    app.use(expressSessions(sessions));
    app.get('/', (request, response) => {
      count(sessionOf(sessions, request));
      send(response);
    });
    const server = await RunningServer.start('node:http', { middleware: [app as unknown as Middleware] });
    running.push(server);
    return server.request({ headers });
  }

  test('json', async () => {
    const reply = await request((response) => response.json({ a: 1 }));
    expect(reply).toMatchObject({ body: '{"a":1}', cookies: [expect.anything()], headers: { 'content-length': '7' } });
  });

  test('a redirect', async () => {
    const reply = await request((response) => response.redirect('/other'));
    expect(reply).toMatchObject({ status: 302, headers: { location: '/other' }, cookies: [expect.anything()] });
  });

  test('a file', async () => {
    const reply = await request((response) => response.sendFile('package.json', { root: process.cwd() }));
    expect(reply.body).toBe(readFileSync('package.json', 'utf8'));
    expect(reply).toMatchObject({ cookies: [expect.anything()], headers: { 'cache-control': PRIVATE } });
  });

  test('what is fresh', async () => {
    const etag = (await request((response) => response.send('a text'))).headers['etag'];
    const reply = await request((response) => response.send('a text'), { 'if-none-match': String(etag) });
    expect(reply).toMatchObject({ status: 304, body: '', cookies: [expect.anything()] });
  });

  test('a second reply is the mistake that it is without us', async () => {
    const twice = jest.fn();
    await request((response) => {
      response.send('one');
      try {
        response.send('another one');
      } catch (error) {
        twice(error);
      }
    });
    expect(twice).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }));
  });
});

test('a request that did not pass the middleware has no session', () => {
  expect(() => sessionOf(shop(), {})).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CONFIG' }));
});

test('what next throws is thrown, and not lost in a promise', async () => {
  const thrown = jest.spyOn(globalThis, 'setImmediate').mockImplementation((() => undefined) as never);
  const response = { statusCode: 200, headersSent: false, getHeaders: () => ({}), setHeader() {}, removeHeader() {} };
  const fault = new Error('a mistake');
  expressSessions(shop())({ headers: {} }, response as never, () => {
    throw fault;
  });
  await sleep(10);
  expect(thrown).toHaveBeenCalledTimes(1);
  expect(thrown.mock.calls[0]?.[0]).toThrow(fault);
  thrown.mockRestore();
});
