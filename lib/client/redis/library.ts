import { SessionError } from '../errors.js';

/** What a connection is told. Both libraries take these, and have others. */
export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** 0: whatever the name resolves to, IPv6 too. */
  readonly family: 0;
  readonly tls?: { readonly servername: string };
  readonly connectTimeout: 0;
  readonly keepAlive: number;
  readonly lazyConnect: true;
  readonly protocol: 2;
  readonly disableClientInfo: true;
  readonly enableReadyCheck: false;
  readonly enableOfflineQueue: false;
  readonly autoResendUnfulfilledCommands: false;
  readonly retryStrategy: null;
  readonly disconnectTimeout: number;
}

/** A client that makes one connection, and ends with it. */
export interface LibraryClient {
  /** `ready` while commands can be sent. */
  readonly status: string;
  /** The socket, once there is one. */
  readonly stream?: { unref(): unknown; destroy(): unknown; cork(): void; uncork(): void };
  connect(): Promise<void>;
  disconnect(): void;
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

/** What speaks the protocol: `ioredis`, or `iovalkey`, which began as a copy of it. */
export interface RedisLibrary {
  readonly Redis: new (options: ConnectionOptions) => LibraryClient;
}

/**
 * Loads the library that is installed.
 *
 * @throws SessionError ERR_SESSION_CONFIG if none is
 */
export async function loadLibrary(): Promise<RedisLibrary> {
  const library: Partial<RedisLibrary> = await import('ioredis').catch((first: unknown) =>
    import('iovalkey').catch((second: unknown) => missingLibrary(first, second)),
  );
  if (typeof library.Redis !== 'function') {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the client library for Redis and Valkey that is installed is too old: npm install ioredis@6, or iovalkey',
    );
  }
  return { Redis: library.Redis };
}

function missingLibrary(...causes: readonly unknown[]): never {
  const [first, second] = causes.map(
    (cause) => (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0],
  );
  throw new SessionError(
    'ERR_SESSION_CONFIG',
    `a session store in Redis or Valkey needs a client library (${first}; ${second}): npm install ioredis, or iovalkey`,
    { cause: new AggregateError(causes) },
  );
}
