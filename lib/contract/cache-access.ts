/**
 * What the user of a cache may do: the store calls these commands, and the constructs let the user that clients connect as
 * call no others. Whatever a script calls counts as called by who runs the script.
 */

/** What all keys of sessions in a cache begin with; the user reaches no others. */
export const CACHE_KEY_PREFIX = 'session:';

/** How much later than its logical end a session may be collected by a cache, in milliseconds: clocks differ. */
export const CACHE_COLLECTION_DELAY = 300_000;

/** The commands of sessions, in lower case, on engines of every version. */
export const CACHE_COMMANDS = [
  // A session is one string, read as it is, and written, touched, destroyed and blocked by scripts.
  'get',
  'evalsha',
  'eval',
  'getrange',
  'set',
  'setrange',
  'pexpire',
  'del',
  // A user's sessions are a sorted set, by the time when each ends.
  'zrange',
  'zadd',
  'zscore',
  'zrem',
  'zremrangebyscore',
  'pttl',
  // What a client says to make a connection and see that it is alive, and to find the node of a cluster that has a key.
  'ping',
  'client|setname',
  'cluster|slots',
  'asking',
] as const;
