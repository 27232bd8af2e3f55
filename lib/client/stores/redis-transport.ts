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
    return this.outcome === 'refused' ? (this.message.split(' ', 1)[0] ?? '') : '';
  }
}

/** An error reply, without what servers repeat of a command that they do not know. */
export function refusal(reply: string): RedisFailure {
  return new RedisFailure('refused', reply.replace(/,? with args beginning with:.*$/is, ''));
}

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
    send: (_key, command) => client.callBuffer(...command).catch(fail),
  };
}

function fail(error: unknown): never {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  throw name === 'ReplyError' ? refusal(message) : new RedisFailure('lost', message);
}
