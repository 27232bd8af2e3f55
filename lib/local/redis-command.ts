import { ADMINISTRATOR } from './redis-settings.js';

/** Where a server is, and how somebody gets in who may do everything. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  /** What vouches for its certificate, in PEM; without it there is no TLS. */
  readonly ca: string | undefined;
}

/** How long a server has for a connection, and for an answer, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Runs one command, on a connection of its own, as somebody who may do everything.
 *
 * @throws ReplyError if the server answers with an error, and what a socket throws if it does not answer.
 */
export async function runCommand(
  { host, port, password, ca }: RedisAddress,
  [name = '', ...words]: readonly string[],
): Promise<unknown> {
  // Loaded only where there is a cache.
  const { Redis } = await import('ioredis');
  const connection = new Redis({
    host,
    port,
    username: ADMINISTRATOR,
    password,
    ...(ca !== undefined && { tls: { ca } }),
    lazyConnect: true,
    connectTimeout: PATIENCE,
    commandTimeout: PATIENCE,
    // With the answer there, nothing more is to be waited for.
    disconnectTimeout: 0,
    // It answers also while it loads its data, and a command is sent once or not at all.
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  let fault: unknown;
  connection.on('error', (error) => {
    fault ??= error;
  });
  try {
    await connection.connect();
    return await connection.call(name, ...words);
  } catch (error) {
    // The call itself only learns that the connection is closed, the connection why.
    throw fault ?? error;
  } finally {
    connection.disconnect();
  }
}
