import { CACHE_KEY_PREFIX } from '../../contract/cache-access.js';
import { type RedisCommand, RedisFailure } from '../stores/redis-transport.js';
import type { Credentials } from './credentials.js';
import { whenOverdue } from './overdue.js';
import { USELESS } from './useless.js';
import { Wire, type WireAddress } from './wire.js';

/** A server, and how to speak to it. */
export interface RedisServer extends WireAddress {
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

/** One connection, authenticated, up to its end. It is never made again: what comes after it is another one. */
export class RedisLink {
  /** @throws RedisFailure `refused` if the server refuses the credentials, `unsent` if it cannot be reached */
  static async open(server: RedisServer, credentials: Credentials | undefined): Promise<RedisLink> {
    let wire: Wire | undefined;
    const takeBack = whenOverdue(CONNECT_TIMEOUT, () => wire?.destroy(`no connection within ${CONNECT_TIMEOUT} ms`));
    try {
      wire = new Wire(server);
      await wire.connected;
      await introduce(wire, credentials, proofFor(server));
      return new RedisLink(wire, proofFor(server));
    } catch (error) {
      wire?.destroy('the server was not to be spoken to');
      throw connectFailure(server, error);
    } finally {
      takeBack();
    }
  }

  #watch: (() => void) | undefined;

  private constructor(
    private readonly wire: Wire,
    private readonly proof: RedisCommand,
  ) {
    // It keeps no process alive: whoever waits for an answer does.
    wire.unref();
  }

  get open(): boolean {
    return this.wire.open;
  }

  /** @throws RedisFailure */
  send(command: RedisCommand): Promise<unknown> {
    const answer = this.wire.send(command);
    this.#watch ??= this.#watchOver();
    return answer;
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
    this.wire.retire();
  }

  /** Ends at once. What waits for an answer is lost. */
  destroy(reason = 'the connection was given up'): void {
    this.wire.destroy(reason);
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

  /** Gives the connection up if, for a while, nothing is answered. One timer at a time, however many commands there are. */
  #watchOver(time = SILENCE): () => void {
    const { answered } = this.wire;
    return whenOverdue(time, () => {
      this.#watch = undefined;
      if (this.wire.unanswered === 0) {
        return;
      }
      if (this.wire.answered !== answered) {
        this.#watch = this.#watchOver();
      } else if (time === SILENCE) {
        // Of a process that was busy all the time the command may have left only now.
        this.#watch = this.#watchOver(LAST_LOOK);
      } else {
        this.destroy('the server has said nothing for a second');
      }
    });
  }
}

/** Authenticates, says whose connection it is, and sees whether the server may be asked, in one round trip. */
async function introduce(wire: Wire, credentials: Credentials | undefined, proof: RedisCommand): Promise<void> {
  const admitted = credentials && wire.send(authCommand(credentials));
  const sent = [['CLIENT', 'SETNAME', 'cdk-sessions'] as const, proof].map((command) =>
    wire.send(command).catch((error: RedisFailure) => {
      // The name is for people who look at the server; a user who may not give one does without.
      if (error.outcome !== 'refused' || USELESS.has(error.word)) {
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

function ignore(): void {}

/** What a failure to connect comes to: only that credentials were refused is for its caller to do something about. */
function connectFailure({ host, port }: RedisServer, error: unknown): RedisFailure {
  const refused = error instanceof RedisFailure && /^(?:WRONGPASS|NOAUTH|NOPERM)$/.test(error.word);
  const server = `${host}:${port}`;
  return refused ? error : new RedisFailure('unsent', `cannot connect to ${server}: ${(error as Error).message}`);
}
