import { tmpdir } from 'node:os';
import { selfSignedCertificate } from '../../lib/local/certificate.js';
import { RedisServer as Server } from '../../lib/local/redis-server.js';

/** A real server on loopback that speaks TLS only, as a cache of ElastiCache does. */
export interface RedisServer {
  /** The name that its certificate is for. */
  readonly host: string;
  readonly port: number;
  /** What vouches for its certificate, in PEM. */
  readonly ca: string;
  /** Runs a command as somebody who may do everything, and answers with what `redis-cli` prints. */
  command(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

/** @throws LocalError ERR_LOCAL_REDIS if `redis-server` is not installed, or does not start. */
export async function startRedisServer(): Promise<RedisServer> {
  const certificate = await selfSignedCertificate();
  const server = await Server.start({ folder: tmpdir(), certificate });
  return {
    host: server.host,
    port: server.port,
    ca: certificate.cert,
    command: async (...words) => printed(await server.command(...words)),
    stop: () => server.stop(),
  };
}

/** As `redis-cli` prints what is no terminal's: a line for each item, however deep it is. */
function printed(reply: unknown): string {
  return Array.isArray(reply) ? reply.map(printed).join('\n') : String(reply ?? '').trim();
}
