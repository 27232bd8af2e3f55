import { connect, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectSecurely } from 'node:tls';
import { type RedisCommand, RedisFailure } from '../stores/redis-transport.js';
import { commandText, ReplyReader } from './resp.js';

/** Where a server is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Where a server is, and how its bytes are protected. */
export interface WireAddress extends RedisAddress {
  /**
   * How to speak TLS with it.
   * @default - not at all
   */
  readonly tls?: ConnectionOptions | undefined;
}

/** When an idle connection begins to be probed, in milliseconds: sooner than what is between forgets it. */
const KEEP_ALIVE = 10_000;

/** The most commands that wait for an answer at the same time, and the most bytes that wait to be sent. */
const MOST_UNANSWERED = 5000;
const MOST_UNSENT_BYTES = 16 * 1024 * 1024;

/** Who waits for an answer. */
interface Waiting {
  resolve(reply: unknown): void;
  reject(failure: RedisFailure): void;
}

/**
 * A socket on which commands go out and replies come back, in the same order, up to its end. It queues nothing for a
 * connection to come, and sends nothing twice.
 */
export class Wire {
  /** Resolves when commands can be sent; rejects with a `RedisFailure` if it never comes to that. */
  readonly connected: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  /** What has yet to be written, and of how many of those who wait it is. */
  #text = '';
  #unwritten = 0;
  #answered = 0;
  #open = false;
  #ended = false;
  #retired = false;
  #refuse: (failure: RedisFailure) => void = ignore;

  /** @throws RangeError if the port is none */
  constructor({ host, port, tls }: WireAddress) {
    this.#socket =
      tls === undefined
        ? connect({ host, port })
        : // The name that the certificate must be for. Of an address it is that address, and none is announced.
          connectSecurely({ servername: isIP(host) === 0 ? host : '', ...tls, host, port });
    this.connected = new Promise((resolve, reject) => {
      this.#refuse = reject;
      // Nothing leaves before the certificate has been checked.
      this.#socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        this.#open = true;
        this.#socket.setNoDelay().setKeepAlive(true, KEEP_ALIVE);
        resolve();
      });
    });
    const reader = new ReplyReader((reply) => this.#settle(reply));
    this.#socket.on('data', (chunk) => {
      try {
        reader.read(chunk);
      } catch (error) {
        // From here on answers may go to the wrong command.
        this.destroy(reasonOf(error));
      }
    });
    this.#socket.on('error', (error) => this.destroy(reasonOf(error)));
    this.#socket.on('end', () => this.destroy('the server ended the connection'));
    this.#socket.on('close', () => this.destroy('the connection has ended'));
  }

  /** Whether commands can be sent. */
  get open(): boolean {
    return this.#open;
  }

  /** How many commands were answered up to now. */
  get answered(): number {
    return this.#answered;
  }

  /** How many wait for an answer. */
  get unanswered(): number {
    return this.#waiting.length;
  }

  /** @throws RedisFailure */
  send(command: RedisCommand): Promise<unknown> {
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) {
      return Promise.reject(new RedisFailure('unsent', obstacle));
    }
    if (this.#unwritten === 0) {
      process.nextTick(this.#write);
    }
    this.#text += commandText(command);
    this.#unwritten++;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** From now on it keeps no process alive. */
  unref(): void {
    this.#socket.unref();
  }

  /** Ends when all that was sent is answered. Nothing more is to be sent. */
  retire(): void {
    this.#retired = true;
    this.#endIfRetired();
  }

  /** Ends at once, without farewell, to which a server that stands still would not reply. What waits for an answer is lost. */
  destroy(reason: string): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#open = false;
    this.#socket.destroy();
    const waiting = this.#waiting.splice(0);
    const written = waiting.length - this.#unwritten;
    this.#text = '';
    for (const [index, { reject }] of waiting.entries()) {
      reject(new RedisFailure(index < written ? 'lost' : 'unsent', reason));
    }
    this.#refuse(new RedisFailure('unsent', reason));
  }

  #obstacle(): string | undefined {
    if (!this.#open) {
      return 'the connection has ended';
    }
    if (this.#waiting.length >= MOST_UNANSWERED) {
      return `${MOST_UNANSWERED} commands wait for an answer already`;
    }
    return this.#text.length + this.#socket.writableLength > MOST_UNSENT_BYTES
      ? `${MOST_UNSENT_BYTES} bytes wait to be sent already`
      : undefined;
  }

  /** Writes at once what all requests have to send that this turn of the event loop lets go on: each write is a system call. */
  readonly #write = (): void => {
    const text = this.#text;
    this.#text = '';
    this.#unwritten = 0;
    if (this.#open) {
      this.#socket.write(text, 'latin1');
    }
  };

  #settle(reply: unknown): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) {
      throw new Error('the server sent a reply to nothing');
    }
    this.#answered++;
    if (reply instanceof RedisFailure) {
      waiting.reject(reply);
    } else {
      waiting.resolve(reply);
    }
    this.#endIfRetired();
  }

  #endIfRetired(): void {
    if (this.#retired && this.#waiting.length === 0) {
      this.destroy('the connection is not needed any more');
    }
  }
}

/** An error that stands for several, one for each address of a name, has no text of its own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || String(code);
}

function ignore(): void {}
