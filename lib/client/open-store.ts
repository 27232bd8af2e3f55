import type { DynamoDBStoreContract, RedisStoreContract, StoreContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import { missingSdk } from './missing-sdk.js';
import type { RedisClient } from './stores/redis-transport.js';
import type { SessionStore } from './stores/store.js';

/**
 * Opens the store that the contract names. Its code is loaded only now, and no other store's is.
 *
 * @param redis the application's own client, to be used for a store in Redis in place of connections of ours
 * @throws SessionError ERR_SESSION_CONFIG if a package that the store needs is not there.
 */
export async function openStore(contract: StoreContract, clock: Clock, redis?: RedisClient): Promise<SessionStore> {
  return contract.kind === 'dynamodb' ? openTable(contract, clock) : openCache(contract, clock, redis);
}

async function openTable({ table, region }: DynamoDBStoreContract, clock: Clock): Promise<SessionStore> {
  const { DynamoDBStore } = await import('./stores/dynamodb.js');
  // Loaded before the first call, whose deadline is for DynamoDB's answer and not for the reading of files.
  const { sdkTransport } = await import('./stores/dynamodb-sdk.js').catch(missingSdk('@aws-sdk/client-dynamodb'));
  return new DynamoDBStore({ table, transport: sdkTransport(region), clock });
}

async function openCache(contract: RedisStoreContract, clock: Clock, redis?: RedisClient): Promise<SessionStore> {
  const { RedisStore, redisTransport } = await import('./stores/redis.js');
  if (redis !== undefined) {
    return new RedisStore({ transport: redisTransport(redis), clock });
  }
  const { openRedis } = await import('./redis/open-redis.js');
  return new RedisStore({ transport: await openRedis(contract, clock), clock });
}
