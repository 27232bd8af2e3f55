import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificate.js';
import { messageOf } from './errors.js';
import { isLoopbackName } from './host-name.js';
import { close, headOf, listen, type RequestHead, sendReply } from './http.js';
import { hostName } from './payload.js';

/** A request that a front has to answer. */
export interface Exchange {
  readonly head: RequestHead;
  /** Its body is still to be read. */
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  /** There if the client asks for another protocol on its connection, and the front can let it have one. */
  readonly tunnel?: Tunnel;
}

/** A client's connection, to be used for another protocol. */
export interface Tunnel {
  readonly socket: Duplex;
  /** What the client has sent in it already. */
  readonly first: Buffer;
}

/** What a front answers with. */
export interface FrontHandler {
  /** Whether it also answers under this name of a host, beside those that always mean this machine. */
  readonly servesHost: (name: string) => boolean;
  /** Whether a client that asks for another protocol gets a tunnel; otherwise it is heard as if it had not. */
  readonly tunnels: boolean;
  readonly answer: (exchange: Exchange) => Promise<void>;
}

/** Header lines of 16 KB each and 64 KB together are what AWS's fronts take. */
const LONGEST_HEADERS = 64 * 1024;

/** A server on loopback. It listens first and learns later what to answer: requests wait for that. */
export class FrontServer {
  /** Starts to listen. @throws LocalError ERR_LOCAL_PORT if the port cannot be had */
  static async listen(port: number, certificate: Certificate | undefined, log: (line: string) => void) {
    // A body may take as long as it likes, as long as it comes.
    const options = { maxHeaderSize: LONGEST_HEADERS, requestTimeout: 0 };
    const server =
      certificate === undefined ? createServer(options) : createSecureServer({ ...options, ...certificate });
    return new FrontServer(server, await listen(server, port), certificate === undefined ? 'http' : 'https', log);
  }

  /** Connections that the server knows no more, since they left HTTP. */
  private readonly tunnels = new Set<Duplex>();
  /** Requests that came before there was somebody to answer them. */
  private readonly waiting: Exchange[] = [];

  private constructor(
    private readonly server: Server,
    readonly port: number,
    readonly scheme: 'http' | 'https',
    private readonly log: (line: string) => void,
  ) {
    server.on('request', this.wait);
  }

  get url(): string {
    return `${this.scheme}://localhost:${this.port}/`;
  }

  /** Begins to answer. */
  serve(handler: FrontHandler): void {
    this.server.off('request', this.wait).on('request', (incoming, response) => {
      this.answer(handler, { head: headOf(incoming), incoming, response });
    });
    if (handler.tunnels) {
      this.server.on('upgrade', (incoming, socket, first) => {
        this.tunnels.add(socket);
        socket.once('close', () => this.tunnels.delete(socket));
        const response = responseOn(socket, incoming);
        this.answer(handler, { head: headOf(incoming), incoming, response, tunnel: { socket, first } });
      });
    }
    for (const exchange of this.waiting.splice(0)) {
      this.answer(handler, exchange);
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.tunnels) {
      socket.destroy();
    }
    await close(this.server);
  }

  private readonly wait = (incoming: IncomingMessage, response: ServerResponse): void => {
    this.waiting.push({ head: headOf(incoming), incoming, response });
  };

  private answer(handler: FrontHandler, exchange: Exchange): void {
    const { head, response } = exchange;
    this.answerUnder(hostName(head), handler, exchange).catch((error: unknown) => {
      this.log(`${head.method} ${head.path} failed: ${messageOf(error)}`);
      response.destroy();
    });
  }

  /**
   * Under a name that is none of its own nothing is answered: a web page could have its own name pointed to this machine,
   * and would then read what it is not meant to ("DNS rebinding").
   */
  private async answerUnder(name: string, handler: FrontHandler, exchange: Exchange): Promise<void> {
    if (isLoopbackName(name) || handler.servesHost(name)) {
      return handler.answer(exchange);
    }
    const received = JSON.stringify(name);
    sendReply(exchange.response, {
      status: 421,
      headers: [['content-type', 'text/plain; charset=utf-8']],
      body: `this front answers to localhost and to the hosts that its template names, received the host ${received}\n`,
    });
  }
}

/** A reply on a connection that left HTTP, which it ends with. */
function responseOn(socket: Duplex, incoming: IncomingMessage): ServerResponse {
  const response = new ServerResponse(incoming);
  response.shouldKeepAlive = false;
  // The same connection, by its narrower type.
  response.assignSocket(incoming.socket);
  response.once('finish', () => socket.end());
  // A client that is gone needs no reply.
  socket.on('error', () => {});
  return response;
}
