import { tmpdir } from 'node:os';
import { sessionAccessString } from '../../lib/constructs/cache/access-string';
import { CacheEngine } from '../../lib/constructs/cache/cache-engine';
import { CACHE_KEY_PREFIX } from '../../lib/contract/cache-access';
import { selfSignedCertificate } from '../../lib/local/certificate';
import { RedisCluster } from '../../lib/local/redis-cluster';
import { RedisServer } from '../../lib/local/redis-server';

/** Real servers as the constructs make them: without TLS and users, with both, and a cluster with both. */
export type CacheKind = 'one server' | 'one server with TLS and users' | 'a cluster of three with replicas';

export const CACHE_KINDS: readonly CacheKind[] = [
  'one server',
  'one server with TLS and users',
  'a cluster of three with replicas',
];

/** A cache on this machine, and what a client must know of it. */
export interface LiveCache {
  readonly host: string;
  readonly port: number;
  readonly cluster: boolean;
  /** What vouches for its certificate, in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** The nodes that have slots, or the one that has everything. */
  readonly primaries: readonly RedisServer[];
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}

/** The user that clients of a cache with users connect as, who may do what `SessionReplicationGroup` grants and no more. */
export const SESSIONS_USER = { name: 'sessions', password: 'password-of-the-user-of-sessions' } as const;

/** A user who may list sessions as well, which no construct grants. */
export const LISTING_USER = { name: 'listing', password: 'password-of-the-user-of-listings' } as const;

/** @throws LocalError ERR_LOCAL_REDIS if `redis-server` is not installed, or does not start. */
export async function startCache(kind: CacheKind, settings: Readonly<Record<string, string>> = {}): Promise<LiveCache> {
  if (kind === 'one server') {
    return alone(await RedisServer.start({ folder: tmpdir(), settings }));
  }
  const certificate = await selfSignedCertificate();
  const rules = sessionAccessString(CacheEngine.REDIS_7_0).split(' ');
  const users = [
    { name: SESSIONS_USER.name, rules: [...rules, `>${SESSIONS_USER.password}`] },
    { name: LISTING_USER.name, rules: [...rules, '+scan', `>${LISTING_USER.password}`] },
  ];
  const options = { folder: tmpdir(), certificate, users, settings };
  if (kind === 'one server with TLS and users') {
    return alone(await RedisServer.start(options));
  }
  const cluster = await RedisCluster.start({ ...options, primaries: 3, replicasPerPrimary: 1 });
  const { primaries, nodes } = cluster;
  const port = primaries[0]?.port ?? 0;
  return { host: 'localhost', port, cluster: true, ca: certificate.cert, primaries, nodes, stop: () => cluster.stop() };
}

function alone(server: RedisServer): LiveCache {
  const { host, port, ca } = server;
  return { host, port, cluster: false, ca, primaries: [server], nodes: [server], stop: () => server.stop() };
}

/** How often each command was called, in lower case, on all nodes together and by anybody. */
export async function commandCalls({ nodes }: LiveCache): Promise<ReadonlyMap<string, number>> {
  const calls = new Map<string, number>();
  for (const node of nodes) {
    const info = String(await node.command('INFO', 'commandstats'));
    for (const [, name = '', count] of info.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm)) {
      calls.set(name, (calls.get(name) ?? 0) + Number(count));
    }
  }
  return calls;
}

/** The keys of sessions on all primaries. */
export async function keysIn({ primaries }: LiveCache): Promise<readonly string[]> {
  const found = await Promise.all(primaries.map((node) => node.command('KEYS', `${CACHE_KEY_PREFIX}*`)));
  return found.flatMap((keys) => (keys as unknown[]).map(String));
}
