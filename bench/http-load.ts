import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Visitors of a program on this machine, each with a connection and a cookie of its own. */
export class Visitors {
  /** Begins a session for each. */
  static async begin(port: number, number: number): Promise<Visitors> {
    return new Visitors(await Promise.all(Array.from({ length: number }, () => Visitor.begin(port))));
  }

  private constructor(private readonly visitors: readonly Visitor[]) {}

  /** Requests per second of a page, with one request of each visitor under way. */
  async load(path: string, requests: number): Promise<number> {
    let begun = 0;
    const start = performance.now();
    await Promise.all(
      this.visitors.map(async (visitor) => {
        while (begun < requests) {
          begun++;
          await visitor.request(path);
        }
      }),
    );
    return (requests * 1000) / (performance.now() - start);
  }

  stop(): void {
    for (const visitor of this.visitors) {
      visitor.stop();
    }
  }
}

/** Speaks HTTP by hand: a client of Node.js would take as much of the machine as the programs that are measured. */
class Visitor {
  static async begin(port: number): Promise<Visitor> {
    const socket = connect(port, '127.0.0.1').setNoDelay();
    await once(socket, 'connect');
    const visitor = new Visitor(socket);
    const [, cookie] = /^set-cookie: ([^;\r]+)/im.exec(await visitor.request('/begin')) ?? [];
    if (cookie === undefined) {
      throw new Error('a session that was begun got no cookie');
    }
    visitor.#cookie = cookie;
    return visitor;
  }

  #cookie = '';
  #received = '';
  #answered: (reply: string) => void = () => undefined;
  #failed: (error: Error) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text) => this.#receive(String(text)));
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#failed(new Error('the program ended a connection')));
  }

  /** @throws Error if the reply is not 200 */
  async request(path: string): Promise<string> {
    const reply = await new Promise<string>((resolve, reject) => {
      this.#answered = resolve;
      this.#failed = reject;
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${this.#cookie}\r\n\r\n`, 'latin1');
    });
    if (!reply.startsWith('HTTP/1.1 200 ')) {
      throw new Error(`${path} was answered with ${reply.slice(0, reply.indexOf('\r'))}`);
    }
    return reply;
  }

  stop(): void {
    this.socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf('\r\n\r\n');
    const [, length] = /^content-length: (\d+)/im.exec(this.#received) ?? [];
    if (end >= 0 && this.#received.length >= end + 4 + Number(length)) {
      const reply = this.#received;
      this.#received = '';
      this.#answered(reply);
    }
  }
}
