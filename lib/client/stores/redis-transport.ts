import { SessionError } from '../errors.js';
import type { CallOptions } from './terms.js';

/** A command and its arguments, as they are sent. */
export type RedisCommand = readonly [name: string, ...args: (string | Buffer | number)[]];

/** How the store reaches a server, or a cluster of them. */
export interface RedisTransport {
  /**
   * Sends a command that is about one key, and gives its reply: a Buffer, a number, `null`, or an array of those.
   *
   * It must not be carried out more than once: whoever sends it knows whether that does harm. Once the signal of its options is
   * aborted, nobody waits for it any more, and it should not be sent.
   *
   * @param key the key, which a cluster finds the node by; the command has it, too
   * @throws RedisFailure whatever fails, with what is known of the command
   */
  send(key: string, command: RedisCommand, options?: CallOptions): Promise<unknown>;
  /**
   * The servers that have the keys, those of a cluster together: for commands that are about no key.
   * @default - sessions cannot be listed
   */
  servers?(): Promise<readonly RedisCommander[]>;
}

/** One server, to be sent commands that are about no key. */
export interface RedisCommander {
  /** @throws RedisFailure */
  send(command: RedisCommand): Promise<unknown>;
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

  /**
   * @param outcome what became of the command
   * @param message with `refused` the server's own words, which begin with the one that says why
   */
  constructor(
    readonly outcome: RedisOutcome,
    message: string,
  ) {
    super(message);
  }

  /** The first word of what a server answers with when it refuses: `NOSCRIPT`, `LOADING`. Empty, if it did not. */
  get word(): string {
    return this.outcome === 'refused' ? this.message.replace(/ .*/s, '') : '';
  }
}

/** What a server's error reply comes to: its words, without the arguments of a command that it does not know. */
export function refusal(reply: string): RedisFailure {
  const words = reply.replace(/,? with args beginning with:.*$/is, '').replace(IN_SCRIPT, '');
  return new RedisFailure('refused', words);
}

/** What a library's error comes to. */
function failureOf(error: unknown): RedisFailure {
  const { name, message, code } = error as NodeJS.ErrnoException;
  return name === 'ReplyError'
    ? refusal(message)
    : new RedisFailure(NEVER_SENT.test(message) ? 'unsent' : 'lost', message || String(code));
}

/** What Redis before 7.0 puts in front of that which refused a command in a script, such as `READONLY`. */
const IN_SCRIPT = /^ERR Error running script \(.*?: -(?=[A-Z]+ )/;

/** How the libraries begin to say that there is no connection, and no queue to wait in for one. */
const NEVER_SENT = /^(?:Stream isn't writeable|Cluster isn't ready)/;

/**
 * A client of `ioredis` or `iovalkey` that an application has, of one server or of a cluster. It must have no offline
 * queue and resend nothing (`enableOfflineQueue: false`, `autoResendUnfulfilledCommands: false`): a save that was given up
 * must not arrive late.
 */
export interface RedisClient {
  /** Sends a command, and gives its reply with strings as Buffers. Rejects with a `ReplyError` where the server refuses. */
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  /** The clients of a cluster's primaries; one server has none. */
  nodes?(role: 'master'): readonly RedisClient[];
}

/** What of a client's options matters here, as far as it shows them. */
interface ClientOptions {
  readonly enableOfflineQueue?: boolean;
  readonly autoResendUnfulfilledCommands?: boolean;
  readonly keyPrefix?: string;
}

/**
 * Reaches Redis through a client that is there already. How long it tries to connect, and which node of a cluster it asks,
 * is its own business; calls of sessions are bounded by `callTimeout` all the same.
 *
 * @param client one of `ioredis` or `iovalkey`, without an offline queue and without a `keyPrefix`
 * @throws SessionError ERR_SESSION_CONFIG if it is another
 */
export function redisTransport(client: RedisClient): RedisTransport {
  const fault = clientFault(client);
  if (fault !== undefined) {
    throw new SessionError('ERR_SESSION_CONFIG', `redis must be ${fault}`);
  }
  return {
    send: (_key, command) => sendThrough(client, command),
    servers: async () =>
      (client.nodes?.('master') ?? [client]).map((node) => ({ send: (command) => sendThrough(node, command) })),
  };
}

function sendThrough(client: RedisClient, command: RedisCommand): Promise<unknown> {
  return client.callBuffer(...command).catch((error: unknown) => {
    throw failureOf(error);
  });
}

function clientFault(client: RedisClient & { readonly options?: ClientOptions }): string | undefined {
  if (typeof client?.callBuffer !== 'function') {
    return 'a client of ioredis or iovalkey, received one without callBuffer: a client of node-redis is none';
  }
  // Not every client shows what it was told.
  const { enableOfflineQueue, autoResendUnfulfilledCommands, keyPrefix } = client.options ?? {
    enableOfflineQueue: false,
  };
  if (enableOfflineQueue !== false || autoResendUnfulfilledCommands) {
    return (
      'a client that neither queues nor resends, or a save that was told to have failed arrives late: ' +
      'new Redis({ enableOfflineQueue: false, autoResendUnfulfilledCommands: false }), or redis.duplicate() with these'
    );
  }
  return keyPrefix
    ? `a client without a keyPrefix, received one with ${JSON.stringify(keyPrefix)}: take redis.duplicate({ keyPrefix: '' })`
    : undefined;
}
