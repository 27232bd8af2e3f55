import { tmpdir } from 'node:os';
import { sessionAccessString } from '../../../lib/constructs/cache/access-string';
import { CacheEngine } from '../../../lib/constructs/cache/cache-engine';
import { type Certificate, selfSignedCertificate } from '../../../lib/local/certificate';
import { RedisCluster, type RedisClusterOptions } from '../../../lib/local/redis-cluster';
import { RedisServer, type RedisServerOptions } from '../../../lib/local/redis-server';
import { credentialsOf } from '../../support/redis-connections';

/** Who visitors' requests connect as: a user that may do what the constructs let it do. */
export const USER = 'sessions';
const PASSWORD = 'the-password-that-sessions-begin-with';
export const CREDENTIALS = credentialsOf(USER, PASSWORD);

/** Servers as a cache of ElastiCache has them, with TLS and users, until they are stopped. */
export class Servers {
  readonly #stops: (() => Promise<void>)[] = [];
  #certificate: Promise<Certificate> | undefined;

  async start(options: Pick<RedisServerOptions, 'replicaOf' | 'settings'> = {}): Promise<RedisServer> {
    const server = await RedisServer.start({ ...(await this.#common()), ...options });
    this.#stops.push(() => server.stop());
    return server;
  }

  async startCluster(
    options: Pick<RedisClusterOptions, 'primaries' | 'replicasPerPrimary' | 'settings'>,
  ): Promise<RedisCluster> {
    const cluster = await RedisCluster.start({ ...(await this.#common()), ...options });
    this.#stops.push(() => cluster.stop());
    return cluster;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.splice(0).map((stop) => stop()));
  }

  async #common() {
    this.#certificate ??= selfSignedCertificate();
    const rules = sessionAccessString(CacheEngine.REDIS_7_0).split(' ');
    const users = [{ name: USER, rules: [...rules, `>${PASSWORD}`] }];
    return { folder: tmpdir(), certificate: await this.#certificate, users };
  }
}
