import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { ExpressNext } from 'cdk-sessions-client/express';
import express5 from 'express';

const express4: typeof express5 = require('express4');

/** What runs an application behind a middleware: two releases of Express, and Node.js alone with HTTP/1.1 and HTTP/2. */
export const SERVER_KINDS = ['Express 5', 'Express 4', 'node:http', 'node:http2'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export type Request = http.IncomingMessage;
export type Response = http.ServerResponse;
export type Middleware = (request: Request, response: Response, next: ExpressNext) => unknown;

/** An application: what its requests pass in turn, and who answers for errors. */
export interface Application {
  readonly middleware: readonly Middleware[];
  readonly onError?: (error: unknown, request: Request, response: Response) => void;
}

/** What a visitor received. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly cookies: readonly string[];
  readonly body: string;
}

/** A reply whose head is there, and whose body may not be. */
export interface ReplyHead extends Omit<Reply, 'body'> {
  readonly body: NodeJS.ReadableStream;
}

export interface VisitorRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An application that runs, and how its visitors reach it. */
export class RunningServer {
  static async start(kind: ServerKind, application: Application): Promise<RunningServer> {
    const listener = listenerOf(kind, application);
    const server = kind === 'node:http2' ? http2.createServer(listener as never) : http.createServer(listener);
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.once('close', () => sockets.delete(socket)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RunningServer(kind, server, sockets);
  }

  readonly port: number;

  private constructor(
    private readonly kind: ServerKind,
    private readonly server: Server,
    private readonly sockets: ReadonlySet<Socket>,
  ) {
    this.port = (server.address() as AddressInfo).port;
  }

  async request(request: VisitorRequest = {}): Promise<Reply> {
    const { body, ...head } = await this.begin(request);
    return { ...head, body: await text(body) };
  }

  /** Resolves when the head is there. */
  begin({ method = 'GET', path = '/', headers = {} }: VisitorRequest = {}): Promise<ReplyHead> {
    return this.kind === 'node:http2' ? this.#http2(method, path, headers) : this.#http(method, path, headers);
  }

  /** Makes a request and leaves when `whenToLeave` says so, or when it fails. */
  async leave(headers: Readonly<Record<string, string>>, whenToLeave: Promise<unknown>): Promise<void> {
    if (this.kind === 'node:http2') {
      const session = http2.connect(`http://127.0.0.1:${this.port}`);
      session.request({ ':path': '/', ...headers }).on('error', () => undefined);
      await whenToLeave;
      session.destroy();
    } else {
      const request = http.get({ port: this.port, host: '127.0.0.1', headers }).on('error', () => undefined);
      await whenToLeave;
      request.destroy();
    }
  }

  async stop(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) {
      socket.destroy();
    }
    await once(this.server, 'close');
  }

  async #http(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<ReplyHead> {
    const request = http.request({ port: this.port, host: '127.0.0.1', method, path, headers, agent: false }).end();
    const [reply] = (await once(request, 'response')) as [http.IncomingMessage];
    const cookies = reply.headers['set-cookie'] ?? [];
    return { status: reply.statusCode ?? 0, headers: reply.headers, cookies, body: reply };
  }

  async #http2(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<ReplyHead> {
    const session = http2.connect(`http://127.0.0.1:${this.port}`);
    const stream = session.request({ ':method': method, ':path': path, ...headers });
    stream.on('close', () => session.close());
    const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader];
    const named = Object.entries(head).filter(([name]) => !name.startsWith(':'));
    const received = Object.fromEntries(named) as Reply['headers'];
    return { status: Number(head[':status']), headers: received, cookies: head['set-cookie'] ?? [], body: stream };
  }
}

function listenerOf(kind: ServerKind, { middleware, onError = answerError }: Application): http.RequestListener {
  if (kind === 'Express 4' || kind === 'Express 5') {
    const app = (kind === 'Express 4' ? express4 : express5)();
    for (const each of middleware) {
      app.use(each);
    }
    app.use((error: unknown, request: Request, response: Response, _next: unknown) =>
      onError(error, request, response),
    );
    return app as unknown as http.RequestListener;
  }
  return (request, response) => {
    const run = (index: number): ExpressNext => {
      return (error) => {
        if (error !== undefined) {
          onError(error, request, response);
          return;
        }
        middleware[index]?.(request, response, run(index + 1));
      };
    };
    run(0)();
  };
}

function answerError(error: unknown, _request: Request, response: Response): void {
  response.statusCode = 500;
  response.end(`failed: ${(error as { code?: string }).code ?? String(error)}`);
}
