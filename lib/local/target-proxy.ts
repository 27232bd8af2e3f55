import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { messageOf } from './errors.js';
import type { Exchange } from './front-server.js';
import { isHopByHop, sendReply } from './http.js';
import { errorPage } from './load-balancer-pages.js';
import type { Member } from './target-member.js';

/** How a request goes to a server and its reply comes back. */
export interface Passage {
  readonly exchange: Exchange;
  readonly member: Member;
  /** The headers that the server gets. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** How long nothing may move in either direction, in milliseconds. */
  readonly idleTimeout: number;
  /** The `Set-Cookie` lines to add to the server's reply, which has set these itself. */
  readonly cookies: (set: readonly string[]) => readonly string[];
  /** Is told why a request came to nothing. */
  readonly log: (line: string) => void;
}

/**
 * Passes a request on to a server and its reply back, without collecting either, and settles when both are over.
 *
 * Errors are those of the ELB user guide, "Troubleshoot your Application Load Balancers": 502 if the server refuses the
 * connection, closes it before it has answered, answers with something malformed, or is deregistered and its delay is
 * over; 504 if it does not answer before the idle timeout is over; 408 if the client does not send its body in that time.
 * Once a reply has begun, all that is left is to cut the connection.
 */
export function passOn(passage: Passage): Promise<void> {
  return new Promise((resolve) => new Pass(passage, resolve).begin());
}

/** The most that a server's reply may have before its body, in bytes (ELB user guide, "HTTP header limits"). */
const LONGEST_REPLY_HEADERS = 32 * 1024;

class Pass {
  private readonly outgoing: ClientRequest;
  private readonly idle: NodeJS.Timeout;
  private readonly over: () => void;
  private reply: IncomingMessage | undefined;
  private joined = false;
  /** What the client is told if there is no reply, and why. */
  private status = 502;
  private fault: string | undefined;

  constructor(
    private readonly passage: Passage,
    private readonly settle: () => void,
  ) {
    const { exchange, member, headers, idleTimeout } = passage;
    const { host, port } = member.target;
    const request = member.group.protocol === 'HTTPS' ? httpsRequest : httpRequest;
    const upgrade = exchange.tunnel === undefined ? [] : ['connection', 'upgrade', 'upgrade', 'websocket'];
    this.outgoing = request({
      host,
      port,
      method: exchange.head.method,
      path: exchange.incoming.url ?? '/',
      // A flat list is the one form in which the same name may come several times.
      headers: [...headers.flat(), ...upgrade],
      agent: member.agent,
      maxHeaderSize: LONGEST_REPLY_HEADERS,
    });
    this.over = member.begin(() => this.fail(502, 'was deregistered, and its delay is over'));
    this.idle = setTimeout(() => this.timeOut(), idleTimeout);
  }

  begin(): void {
    const { outgoing } = this;
    const { incoming, response } = this.passage.exchange;
    outgoing.on('response', (reply) => this.answer(reply));
    outgoing.on('upgrade', (reply, socket, first) => this.join(reply, socket, first));
    outgoing.on('error', (error) => {
      this.fault ??= `failed: ${messageOf(error)}`;
    });
    outgoing.once('close', () => this.end());
    // A client that leaves takes its request along.
    response.once('close', () => {
      if (!response.writableFinished) {
        outgoing.destroy();
      } else if (!incoming.complete) {
        // It was answered before it had sent all of its body. Only its connection tells now whether it leaves.
        incoming.socket.once('close', this.abandon);
      }
    });
    if (this.passage.exchange.tunnel === undefined) {
      incoming.on('data', () => this.idle.refresh());
      incoming.pipe(outgoing);
    } else {
      // What follows its head is not a body, but what the tunnel begins with.
      outgoing.end();
    }
  }

  private readonly abandon = (): void => {
    this.outgoing.destroy();
  };

  private answer(reply: IncomingMessage): void {
    const { response } = this.passage.exchange;
    this.reply = reply;
    this.idle.refresh();
    try {
      response.writeHead(reply.statusCode ?? 502, reply.statusMessage ?? '', [...this.headersOf(reply)]);
    } catch (error) {
      // Node refuses what would break the message, and has then written nothing.
      this.reply = undefined;
      this.fail(502, `answered with something that HTTP does not permit: ${messageOf(error)}`);
      return;
    }
    reply.on('data', () => this.idle.refresh());
    // Its end tells whether the reply was complete.
    reply.on('error', () => {});
    reply.pipe(response);
  }

  /** The server has accepted the upgrade: what comes now belongs to client and server alone. */
  private join(reply: IncomingMessage, server: Duplex, first: Buffer): void {
    const { tunnel } = this.passage.exchange;
    if (tunnel === undefined) {
      this.fault = 'accepted an upgrade that nobody had asked for';
      server.destroy();
      return;
    }
    this.joined = true;
    const client = tunnel.socket;
    const over = this.passage.member.begin(() => server.destroy());
    const idle = setTimeout(() => server.destroy(), this.passage.idleTimeout);
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', () => idle.refresh());
      // What breaks one side closes it, and that ends the other.
      from.on('error', () => {});
      from.once('close', () => to.destroy());
    }
    server.once('close', () => {
      clearTimeout(idle);
      over();
    });
    const upgraded = ['connection', 'upgrade', 'upgrade', reply.headers.upgrade ?? 'websocket'];
    const lines = headerLines([...upgraded, ...this.headersOf(reply)]);
    client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`, 'latin1');
    client.write(first);
    server.write(tunnel.first);
    client.pipe(server).pipe(client);
  }

  private headersOf({ rawHeaders, headers }: IncomingMessage): readonly string[] {
    const kept = pairs(rawHeaders).filter(([name]) => !isHopByHop(name));
    const added = this.passage.cookies(headers['set-cookie'] ?? []);
    return [...kept.flat(), ...added.flatMap((line) => ['Set-Cookie', line])];
  }

  private timeOut(): void {
    const { incoming, response } = this.passage.exchange;
    if (incoming.complete) {
      this.fail(504, 'did not answer before the idle timeout was over');
    } else {
      response.shouldKeepAlive = false;
      this.fail(408, 'was not sent the whole request before the idle timeout was over');
    }
  }

  private fail(status: number, fault: string): void {
    this.status = status;
    this.fault = fault;
    this.outgoing.destroy();
  }

  private end(): void {
    const { incoming, response } = this.passage.exchange;
    clearTimeout(this.idle);
    this.over();
    incoming.socket.off('close', this.abandon);
    incoming.unpipe(this.outgoing);
    // So that the connection can serve the client's next request.
    incoming.resume();
    if (this.reply === undefined && !this.joined && !response.destroyed) {
      this.tell(`is ${this.status}`);
      sendReply(response, errorPage(this.status));
    } else if (this.reply?.complete === false && !response.destroyed) {
      this.tell('is cut');
      response.destroy();
    }
    this.settle();
  }

  private tell(outcome: string): void {
    const { exchange, member, log } = this.passage;
    const { method, path } = exchange.head;
    log(`${method} ${path} ${outcome}: ${member.target.id} ${this.fault ?? 'closed the connection'}`);
  }
}

function pairs(raw: readonly string[]): readonly (readonly [name: string, value: string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

function headerLines(flat: readonly string[]): string {
  return pairs(flat)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}
