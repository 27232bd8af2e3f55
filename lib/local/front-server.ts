import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Certificate } from './certificate.js';
import { messageOf } from './errors.js';
import { isLoopbackName } from './host-name.js';
import { close, type HttpReply, type HttpRequest, listen, readRequest, sendReply } from './http.js';
import { hostName } from './payload.js';

/** What a front answers with. */
export interface FrontHandler {
  /** The longest body that is read, in bytes. */
  readonly limit: number;
  /** Whether it also answers under this name of a host, beside those that always mean this machine. */
  readonly servesHost: (name: string) => boolean;
  readonly answer: (request: HttpRequest) => Promise<HttpReply>;
  /** The reply to a request whose body is longer. */
  readonly tooLarge: () => HttpReply;
  /** The reply when an answer breaks the rules of HTTP. */
  readonly malformed: () => HttpReply;
}

/** Header lines of 16 KB each and 64 KB together are what AWS's fronts take. */
const LONGEST_HEADERS = 64 * 1024;

/** A server on loopback in front of functions. It listens first and learns later what to answer. */
export class FrontServer {
  /** Starts to listen. @throws LocalError ERR_LOCAL_PORT if the port cannot be had */
  static async listen(port: number, certificate: Certificate | undefined, log: (line: string) => void) {
    const options = { maxHeaderSize: LONGEST_HEADERS };
    const server =
      certificate === undefined ? createServer(options) : createSecureServer({ ...options, ...certificate });
    return new FrontServer(server, await listen(server, port), certificate === undefined ? 'http' : 'https', log);
  }

  private constructor(
    private readonly server: Server,
    readonly port: number,
    readonly scheme: 'http' | 'https',
    private readonly log: (line: string) => void,
  ) {}

  get url(): string {
    return `${this.scheme}://localhost:${this.port}/`;
  }

  /** Begins to answer. */
  serve(handler: FrontHandler): void {
    this.server.on('request', (request, response) => {
      this.respond(handler, request, response).catch((error: unknown) => {
        this.log(`${request.method} ${request.url} failed: ${messageOf(error)}`);
        response.destroy();
      });
    });
  }

  stop(): Promise<void> {
    return close(this.server);
  }

  private async respond(handler: FrontHandler, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(incoming, handler.limit);
    const reply = request === undefined ? handler.tooLarge() : await answer(handler, request);
    if (!sendReply(response, reply)) {
      this.log(`${incoming.method} ${incoming.url}: a header of the answer is not permitted by HTTP`);
      sendReply(response, handler.malformed());
    }
  }
}

/**
 * Under any other name nothing is answered: a web page could have its own name pointed to this machine, and would then
 * read what it is not meant to ("DNS rebinding").
 */
async function answer(handler: FrontHandler, request: HttpRequest): Promise<HttpReply> {
  const name = hostName(request);
  if (isLoopbackName(name) || handler.servesHost(name)) {
    return handler.answer(request);
  }
  const received = JSON.stringify(name);
  return {
    status: 421,
    headers: [['content-type', 'text/plain; charset=utf-8']],
    body: `this front answers to localhost and to the hosts that its template names, received the host ${received}\n`,
  };
}
