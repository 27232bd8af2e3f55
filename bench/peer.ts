import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import connectDynamoDB from 'connect-dynamodb';
import express from 'express';
import session from 'express-session';
import type { VisitorData } from './visitor-data.js';

declare module 'express-session' {
  interface SessionData extends VisitorData {}
}

/** What Express applications use: express-session with connect-dynamodb, as its README sets it up, idle after 30 minutes. */
export interface Peer {
  /** One request of a visitor, from the first byte to the last. Resolves to her cookie if she got a new one. */
  request(path: '/begin' | '/read' | '/modify', cookie?: string): Promise<string | undefined>;
  /** What the store alone does for a request: no Express, no HTTP. */
  load(cookie: string): Promise<unknown>;
  stop(): void;
}

const IDLE_TIMEOUT = 30 * 60_000;

/** Starts it on a table with one page that begins a session, one that reads it, and one that counts the click in it. */
export async function startPeer(data: VisitorData): Promise<Peer> {
  const Store = connectDynamoDB(session);
  // `initialized` spares it the look at the table's description, which it takes once per process.
  const store = new Store({ client: new DynamoDBClient({}), table: 'peer', initialized: true });
  const app = express();
  app.use(
    session({ store, secret: 'bench', resave: false, saveUninitialized: false, cookie: { maxAge: IDLE_TIMEOUT } }),
  );
  app.get('/begin', (request, response) => {
    Object.assign(request.session, data);
    response.end();
  });
  app.get('/read', (request, response) => {
    response.end(request.session.csrfToken);
  });
  app.get('/modify', (request, response) => {
    request.session.clicks = (request.session.clicks ?? 0) + 1;
    response.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  const load = promisify(store.get.bind(store));
  return {
    request: (path, cookie) => visit(server, agent, path, cookie),
    load: (cookie) => load(sessionIdIn(cookie)),
    stop: () => {
      agent.destroy();
      server.close();
    },
  };
}

async function visit(server: Server, agent: Agent, path: string, cookie: string | undefined) {
  const { port } = server.address() as AddressInfo;
  const request = get({ host: '127.0.0.1', port, path, agent, ...(cookie && { headers: { cookie } }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.resume();
  await once(response, 'end');
  if (response.statusCode !== 200) {
    throw new Error(`the peer answered ${path} with ${response.statusCode}`);
  }
  return response.headers['set-cookie']?.[0]?.split(';')[0];
}

/** express-session spells its cookie `connect.sid=s:<id>.<mac>`, URI-encoded. */
function sessionIdIn(cookie: string): string {
  const [, id] = /^connect\.sid=s:([^.]+)\./.exec(decodeURIComponent(cookie)) ?? [];
  if (id === undefined) {
    throw new Error(`no session id in the peer's cookie ${cookie}`);
  }
  return id;
}
