/**
 * What the user of a cache may do: the store calls these commands, and the constructs let the user that clients connect as
 * call no others. Whatever a script calls counts as called by who runs the script.
 */

/** What all keys of sessions in a cache begin with; the user reaches no others. */
export const CACHE_KEY_PREFIX = 'session:';

/** The commands of sessions, in lower case, on engines of every version. */
export const CACHE_COMMANDS = [
  // A session is one string, read as it is, and written, touched and destroyed by scripts.
  'get',
  'set',
  'del',
  'exists',
  'pttl',
  'pexpire',
  'pexpireat',
  'eval',
  'evalsha',
  'script|load',
  // A user's sessions are a sorted set of their keys by the time when each ends.
  'zadd',
  'zcard',
  'zscore',
  'zrange',
  'zrangebyscore',
  'zrem',
  'zremrangebyscore',
  // Scripts reckon by the server's clock.
  'time',
  // What a client says to make a connection, and to find out which node of a cluster has a key.
  'ping',
  'client|setname',
  'cluster|slots',
  'cluster|info',
  'cluster|nodes',
] as const;

/** The commands that only Valkey knows, and Redis OSS as of 7.2, which ElastiCache does not have. */
export const VALKEY_COMMANDS = ['client|setinfo', 'cluster|shards'] as const;
