import type { CallOptions } from './terms.js';

/** A command and its arguments, as they are sent. */
export type RedisCommand = readonly [name: string, ...args: (string | Buffer | number)[]];

/** How the store reaches a server, or a cluster of them. */
export interface RedisTransport {
  /**
   * Sends a command that is about one key, and gives its reply: a Buffer, a number, `null`, or an array of those. Rejects
   * with a `RedisFailure`.
   */
  send(key: string, command: RedisCommand, options?: CallOptions): Promise<unknown>;
}

/**
 * What became of a command. `refused`: the server answered with an error, and did nothing. `unsent`: it never left.
 * `lost`: nobody knows, as the connection ended before the answer.
 */
export type RedisOutcome = 'refused' | 'unsent' | 'lost';

/**
 * That a command failed. It holds the server's words and nothing that was sent: the errors of Redis clients carry
 * the command along, with the session or the password that is in it.
 */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';

  constructor(
    readonly outcome: RedisOutcome,
    message: string,
  ) {
    super(message);
  }

  /** The first word of what a server answers with when it refuses: `NOSCRIPT`, `LOADING`. */
  get word(): string {
    return this.outcome === 'refused' ? this.message.replace(/ .*/s, '') : '';
  }
}

/** What a library's error comes to. */
export function failureOf(error: unknown): RedisFailure {
  const { name, message, code } = error as NodeJS.ErrnoException;
  if (name === 'ReplyError') {
    // Servers repeat the arguments of a command that they do not know.
    const words = message.replace(/,? with args beginning with:.*$/is, '').replace(IN_SCRIPT, '');
    return new RedisFailure('refused', words);
  }
  // An error that stands for several, one for each address of a name, has no text of its own.
  return new RedisFailure(message.startsWith(NOT_WRITABLE) ? 'unsent' : 'lost', message || String(code));
}

/** What Redis before 7.0 puts in front of that which refused a command in a script, such as `READONLY`. */
const IN_SCRIPT = /^ERR Error running script \(.*?: -(?=[A-Z]+ )/;

/** How the libraries begin to say that there is no connection, and no queue to wait in for one. */
const NOT_WRITABLE = "Stream isn't writeable";

/**
 * A client of `ioredis` or `iovalkey` that an application has, of one server or of a cluster. It should have no offline
 * queue and resend nothing (`enableOfflineQueue: false`, `autoResendUnfulfilledCommands: false`): a save that was given up
 * should not arrive late.
 */
export interface RedisClient {
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
}

/** Reaches Redis through a client that is there already. */
export function redisTransport(client: RedisClient): RedisTransport {
  return {
    send: (_key, command) =>
      client.callBuffer(...command).catch((error: unknown) => {
        throw failureOf(error);
      }),
  };
}
