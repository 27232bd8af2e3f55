/**
 * What a cache does with a write when its memory is full: the parameter `maxmemory-policy`.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html
 *
 * For sessions there are two that can be answered for. `VOLATILE_TTL` lets go of what would end soonest: one visitor after
 * the other has to sign in again, those first who have been away longest, and what is known of revocations, which is kept
 * longest, goes last. `NO_EVICTION` loses nobody and takes no write: nobody can sign in, and nobody can sign out either, for
 * a sign-out is a write. The others pick sessions that are in use, or revocations, or both.
 */
export enum EvictionPolicy {
  /** Of the keys that expire, those that would soonest. */
  VOLATILE_TTL = 'volatile-ttl',
  /** None: writes fail. */
  NO_EVICTION = 'noeviction',
  /** Of the keys that expire, those used least recently. */
  VOLATILE_LRU = 'volatile-lru',
  /** Of the keys that expire, those used least often. */
  VOLATILE_LFU = 'volatile-lfu',
  /** Of the keys that expire, any. */
  VOLATILE_RANDOM = 'volatile-random',
  /** Of all keys, those used least recently: for a cache of what can be had elsewhere. */
  ALLKEYS_LRU = 'allkeys-lru',
  /** Of all keys, those used least often. */
  ALLKEYS_LFU = 'allkeys-lfu',
  /** Of all keys, any. */
  ALLKEYS_RANDOM = 'allkeys-random',
}
