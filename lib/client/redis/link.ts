import { isIP } from 'node:net';
import { CACHE_KEY_PREFIX } from '../../contract/cache-access.js';
import { failureOf, type RedisCommand, RedisFailure } from '../stores/redis-transport.js';
import type { Credentials } from './credentials.js';
import type { LibraryClient, RedisLibrary } from './library.js';
import { whenOverdue } from './overdue.js';
import { USELESS } from './useless.js';

/** Where a server is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** A server, and how to speak to it. */
export interface RedisServer extends RedisAddress {
  readonly library: RedisLibrary;
  readonly tls: boolean;
  /** Whether it is a node of a cluster, which has some of the keys and says so when it lacks one. */
  readonly cluster: boolean;
}

/** The longest that a connection may take to be ready, TLS and authentication included, in milliseconds. */
const CONNECT_TIMEOUT = 1000;

/**
 * How long a server may say nothing at all while commands wait for it, in milliseconds: a second in all, the last part of
 * it watched apart. Then its connection is given up.
 */
const SILENCE = 900;
const LAST_LOOK = 100;

/** How long a connection that has stood still may take to show that it is alive, in milliseconds. */
const SIGN_OF_LIFE = 300;

/** When an idle connection begins to be probed, in milliseconds: sooner than what is between forgets it. */
const KEEP_ALIVE = 10_000;

/** The most commands that wait for an answer at the same time. */
const MOST_UNANSWERED = 5000;

/** One connection, authenticated, up to its end. It is never made again: what comes after it is another one. */
export class RedisLink {
  /** @throws RedisFailure `refused` if the server refuses the credentials, `unsent` if it cannot be reached */
  static async open(server: RedisServer, credentials: Credentials | undefined): Promise<RedisLink> {
    const { host, port, tls, library } = server;
    const client = new library.Redis({
      host,
      port,
      family: 0,
      // The name that the certificate must be for. Of an address it is that address, and none is announced.
      ...(tls && { tls: { servername: isIP(host) === 0 ? host : '' } }),
      // Ours reads first what has arrived.
      connectTimeout: 0,
      keepAlive: KEEP_ALIVE,
      lazyConnect: true,
      protocol: 2,
      disableClientInfo: true,
      enableReadyCheck: false,
      // What is sent now is answered now, or failed. Nothing waits for a connection, and nothing is sent twice.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: null,
      // Its timer would keep the process alive, also after the socket is gone.
      disconnectTimeout: 0,
    });
    let reason: Error | undefined;
    // Without a listener an error would end the process.
    client.on('error', (error) => {
      reason = error;
    });
    const takeBack = whenOverdue(CONNECT_TIMEOUT, () => {
      reason = new Error(`no connection within ${CONNECT_TIMEOUT} ms`);
      end(client);
    });
    try {
      await client.connect();
      await introduce(client, credentials, proofFor(server));
    } catch (error) {
      end(client);
      throw connectFailure(`${host}:${port}`, reason ?? error);
    } finally {
      takeBack();
    }
    return new RedisLink(client, proofFor(server));
  }

  #sent = 0;
  #answered = 0;
  #watch: (() => void) | undefined;
  #retired = false;
  #gathering = false;

  private constructor(
    private readonly client: LibraryClient,
    private readonly proof: RedisCommand,
  ) {
    // Whatever the library finds fault with from here on, answers may go to the wrong command.
    client.on('error', () => this.destroy());
    // It keeps no process alive: whoever waits for an answer does.
    client.stream?.unref();
    client.on('end', () => this.#watch?.());
  }

  get open(): boolean {
    return this.client.status === 'ready';
  }

  /** @throws RedisFailure */
  send(command: RedisCommand): Promise<unknown> {
    if (!this.open) {
      return Promise.reject(new RedisFailure('unsent', 'the connection has ended'));
    }
    if (this.#sent - this.#answered >= MOST_UNANSWERED) {
      const message = `${MOST_UNANSWERED} commands wait for an answer already`;
      return Promise.reject(new RedisFailure('unsent', message));
    }
    this.#sent++;
    this.#watch ??= this.#watchOver();
    this.#gather();
    return this.client.callBuffer(...command).then(this.#succeed, this.#fail);
  }

  /** Sends a command for a key that is just moving here: the server would refuse it otherwise. */
  sendAsking(command: RedisCommand): Promise<unknown> {
    this.send(['ASKING']).catch(ignore);
    return this.send(command);
  }

  /** Whether the server still answers, and is what it was. If not, the connection is ended. */
  async isAlive(): Promise<boolean> {
    return this.#answers(this.serves());
  }

  /** Whether the server is one that may be asked: a replica would answer as well, and say what was. @throws RedisFailure */
  async serves(): Promise<boolean> {
    try {
      await this.send(this.proof);
      return true;
    } catch (error) {
      const { outcome, word } = error as RedisFailure;
      if (outcome !== 'refused') {
        throw error;
      }
      return !USELESS.has(word);
    }
  }

  /** Authenticates again, with other credentials. */
  async authenticate(credentials: Credentials): Promise<boolean> {
    return this.#answers(this.send(authCommand(credentials)).then(() => true));
  }

  /** Ends when all that was sent is answered. Nothing more is to be sent. */
  retire(): void {
    this.#retired = true;
    this.#endIfRetired();
  }

  /** Ends at once. What waits for an answer is lost. */
  destroy(): void {
    end(this.client);
  }

  async #answers(answer: Promise<boolean>): Promise<boolean> {
    const takeBack = whenOverdue(SIGN_OF_LIFE, () => this.destroy());
    try {
      // Refused or lost: another connection takes its place, and tells the reason if that is refused as well.
      const good = await answer.catch(() => false);
      if (!good) {
        this.destroy();
      }
      return good;
    } finally {
      takeBack();
    }
  }

  readonly #succeed = (reply: unknown): unknown => {
    this.#answered++;
    this.#endIfRetired();
    return reply;
  };

  readonly #fail = (error: unknown): never => {
    this.#answered++;
    this.#endIfRetired();
    throw failureOf(error);
  };

  #endIfRetired(): void {
    if (this.#retired && this.#sent === this.#answered) {
      this.destroy();
    }
  }

  /** Writes at once what all requests have to send that this turn of the event loop lets go on: each write is a system call. */
  #gather(): void {
    const { stream } = this.client;
    if (stream === undefined || this.#gathering) {
      return;
    }
    this.#gathering = true;
    stream.cork();
    process.nextTick(() => {
      this.#gathering = false;
      stream.uncork();
    });
  }

  /** Gives the connection up if, for a while, nothing is answered. One timer at a time, however many commands there are. */
  #watchOver(time = SILENCE): () => void {
    const answered = this.#answered;
    return whenOverdue(time, () => {
      this.#watch = undefined;
      if (this.#answered === this.#sent || !this.open) {
        return;
      }
      if (this.#answered !== answered) {
        this.#watch = this.#watchOver();
      } else if (time === SILENCE) {
        // Of a process that was busy all the time the command may have left only now.
        this.#watch = this.#watchOver(LAST_LOOK);
      } else {
        this.destroy();
      }
    });
  }
}

/**
 * Authenticates, says whose connection it is, and sees whether the server may be asked, in one round trip. Not the library's
 * business: before ioredis 6 it takes a connection for ready without waiting to hear whether it was let in.
 */
async function introduce(
  client: LibraryClient,
  credentials: Credentials | undefined,
  proof: RedisCommand,
): Promise<void> {
  const admitted = credentials && client.callBuffer(...authCommand(credentials));
  const sent = [['CLIENT', 'SETNAME', 'cdk-sessions'] as const, proof].map((command) =>
    client.callBuffer(...command).catch((error: unknown) => {
      const { outcome, word } = failureOf(error);
      // The name is for people who look at the server; a user who may not give one does without.
      if (outcome !== 'refused' || USELESS.has(word)) {
        throw error;
      }
    }),
  );
  await Promise.all([admitted, ...sent]);
}

/**
 * What shows that a server may be asked. A node of a cluster sends whoever asks for a key that it does not have to another
 * one; any other server that became a replica goes on answering reads, and refuses only what writes: this does, and changes
 * nothing, as there never is such a key.
 */
function proofFor({ cluster }: RedisServer): RedisCommand {
  return cluster ? ['PING'] : ['PEXPIRE', CACHE_KEY_PREFIX, 1];
}

function authCommand({ username, password }: Credentials): RedisCommand {
  return username === undefined ? ['AUTH', password] : ['AUTH', username, password];
}

/** Not by farewell, to which a server that stands still would not reply. */
function end(client: LibraryClient): void {
  client.disconnect();
  client.stream?.destroy();
}

function ignore(): void {}

function connectFailure(server: string, reason: unknown): RedisFailure {
  const failure = failureOf(reason);
  return /^(?:WRONGPASS|NOAUTH|NOPERM)$/.test(failure.word)
    ? failure
    : new RedisFailure('unsent', `cannot connect to ${server}: ${failure.message}`);
}
