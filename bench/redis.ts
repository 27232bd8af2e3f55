import { tmpdir } from 'node:os';
import type { RedisTransport } from 'cdk-sessions-client/redis';
import { openRedis } from '../lib/client/redis/open-redis.js';
import { RedisServer } from '../lib/local/redis-server.js';
import { printRedisCosts } from './redis-costs.js';
import { printRedisMemory } from './redis-memory.js';
import { startRedisPeers } from './redis-peers.js';

/**
 * Prints what requests cost on a real `redis-server`, next to the bare commands of ioredis and to connect-redis, how many
 * commands they are, and how much memory a session takes there.
 */
export async function printRedis(): Promise<void> {
  const server = await RedisServer.start({ folder: tmpdir() });
  const peers = await startRedisPeers(server);
  try {
    const transport = await connectionsTo(server);
    for (const inFlight of [1, 64]) {
      await printRedisCosts(transport, peers, inFlight);
    }
    await printRedisMemory(transport, server);
  } finally {
    peers.stop();
    await server.stop();
  }
}

/** Connections as a client has them that was deployed with a cache. */
function connectionsTo({ host: endpoint, port }: RedisServer): Promise<RedisTransport> {
  return openRedis({ kind: 'redis', endpoint, port, cluster: false, tls: false }, Date.now);
}
