/**
 * One of the programs that are compared, as a process of its own: the same Express application of two pages, with its
 * sessions in one of several ways. It is told which way and where Redis is, and says on which port it listens.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createSessions } from 'cdk-sessions-client';
import { expressSessions, sessionOf } from 'cdk-sessions-client/express';
import { RedisStore as OurRedisStore } from 'cdk-sessions-client/redis';
import { RedisStore as ConnectRedis } from 'connect-redis';
import express, { type Express } from 'express';
import expressSession from 'express-session';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { openRedis } from '../lib/client/redis/open-redis.js';
import type { RedisAddress } from '../lib/client/redis/wire.js';
import type { ExpressWay, Placement } from './express-process.js';
import { type VisitorData, visitorData } from './visitor-data.js';

const IDLE_TIMEOUT = 1800;

const PROGRAMS: Readonly<Record<ExpressWay, (address: RedisAddress) => Promise<Express>>> = {
  'by hand': byHand,
  'cdk-sessions': withSessions,
  'express-session, connect-redis': withConnectRedis,
};

/** GET, and SET where something changed, over ioredis: of requests at once all but the last are lost. */
async function byHand({ host, port }: RedisAddress): Promise<Express> {
  const redis = new Redis({ host, port });
  const app = express();
  const idOf = (cookies = '') => /(?:^|; )id=([\w-]+)/.exec(cookies)?.[1] ?? '';
  app.get('/begin', async (_request, response) => {
    const id = crypto.randomUUID();
    await redis.set(`by-hand:${id}`, JSON.stringify(visitorData(1024)), 'EX', IDLE_TIMEOUT);
    response.setHeader('Set-Cookie', `id=${id}; Path=/; HttpOnly`);
    response.json(0);
  });
  app.get('/read', async (request, response) => {
    const data = JSON.parse((await redis.get(`by-hand:${idOf(request.headers.cookie)}`)) ?? '') as VisitorData;
    response.json(data.clicks);
  });
  app.get('/modify', async (request, response) => {
    const key = `by-hand:${idOf(request.headers.cookie)}`;
    const data = JSON.parse((await redis.get(key)) ?? '') as VisitorData;
    data.clicks++;
    await redis.set(key, JSON.stringify(data), 'EX', IDLE_TIMEOUT);
    response.json(data.clicks);
  });
  return app;
}

async function withSessions({ host: endpoint, port }: RedisAddress): Promise<Express> {
  const transport = await openRedis({ kind: 'redis', endpoint, port, cluster: false, tls: false }, Date.now);
  const cookie = { name: 'session', sameSite: 'lax', secure: false, persistent: false } as const;
  const store = new OurRedisStore({ transport });
  const sessions = createSessions<Record<string, unknown> & { clicks: number }>({ store, policy: { cookie } });
  const app = express();
  app.use(expressSessions(sessions));
  app.get('/begin', (request, response) => {
    const session = sessionOf(sessions, request);
    for (const [key, value] of Object.entries(visitorData(1024))) {
      session.set(key, value);
    }
    response.json(0);
  });
  app.get('/read', (request, response) => {
    response.json(sessionOf(sessions, request).get('clicks'));
  });
  app.get('/modify', (request, response) => {
    const session = sessionOf(sessions, request);
    session.update('clicks', (clicks = 0) => clicks + 1);
    response.json(session.get('clicks'));
  });
  return app;
}

async function withConnectRedis({ host, port }: RedisAddress): Promise<Express> {
  const client = createClient({ socket: { host, port } });
  await client.connect();
  const app = express();
  app.use(
    expressSession({
      store: new ConnectRedis({ client }),
      secret: 'the secret of a benchmark',
      resave: false,
      saveUninitialized: false,
      cookie: { maxAge: IDLE_TIMEOUT * 1000 },
    }),
  );
  const dataOf = (request: express.Request) => request.session as unknown as VisitorData;
  app.get('/begin', (request, response) => {
    Object.assign(request.session, visitorData(1024));
    response.json(0);
  });
  app.get('/read', (request, response) => {
    response.json(dataOf(request).clicks);
  });
  app.get('/modify', (request, response) => {
    dataOf(request).clicks++;
    response.json(dataOf(request).clicks);
  });
  return app;
}

async function serve(): Promise<void> {
  const [{ way, address }] = (await once(process, 'message')) as [Placement];
  const app = await PROGRAMS[way](address);
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.((server.address() as AddressInfo).port);
}

process.on('disconnect', () => process.exit());
serve().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
