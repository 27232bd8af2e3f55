import { CACHE_KEY_PREFIX } from '../../contract/cache-access.js';
import { SessionError } from '../errors.js';
import { hasPrefix, keyNamed, nameOf } from './key-name.js';
import { END_RANGE, endIn } from './redis-record.js';
import { type RedisCommander, RedisFailure, type RedisTransport } from './redis-transport.js';
import type { CallOptions, EpochMilliseconds, SessionKey } from './terms.js';

/** How many keys a server is asked to look at in one step. */
const STEP = 500;

/**
 * The keys in a cache that begin with these bytes, by a SCAN of each server, which may show a key twice.
 *
 * @throws SessionError ERR_SESSION_CONFIG if the cache may not be scanned
 */
export async function* keysIn(
  transport: RedisTransport,
  prefix: Uint8Array,
  now: EpochMilliseconds,
  options?: CallOptions,
): AsyncGenerator<readonly SessionKey[]> {
  const seen = new Set<string>();
  for (const server of await serversOf(transport)) {
    for await (const names of pagesOf(server, patternOf(prefix))) {
      const fresh = [...new Set(names)].filter((name) => isSession(name, prefix) && !seen.has(name));
      for (const name of fresh) {
        seen.add(name);
      }
      const ends = await Promise.all(
        fresh.map((name) => transport.send(name, ['GETRANGE', name, ...END_RANGE], options)),
      );
      yield fresh.filter((_, index) => (endIn(ends[index] as Buffer) ?? 0) > now).map(keyOfName);
    }
  }
}

async function serversOf(transport: RedisTransport): Promise<readonly RedisCommander[]> {
  if (transport.servers === undefined) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'sessions of a cache are listed by a transport with the method servers, received one without: give it one',
    );
  }
  return transport.servers();
}

/** What a server finds, step by step. A cursor of 0 is both the beginning and the end. */
async function* pagesOf(server: RedisCommander, pattern: string): AsyncGenerator<readonly string[]> {
  let cursor = '0';
  do {
    const reply = await server.send(['SCAN', cursor, 'MATCH', pattern, 'COUNT', STEP]).catch(explain);
    const [next, names] = reply as [Buffer, Buffer[]];
    cursor = String(next);
    yield names.map(String);
  } while (cursor !== '0');
}

/** What names begin with whose keys begin with these bytes: three of them are four characters, and the rest is looked at here. */
function patternOf(prefix: Uint8Array): string {
  return `${CACHE_KEY_PREFIX}${nameOf(prefix.subarray(0, prefix.length - (prefix.length % 3)))}*`;
}

/** Owners have keys with the same beginning, and a colon. */
function isSession(name: string, prefix: Uint8Array): boolean {
  return /^[\w-]{43}$/.test(name.slice(CACHE_KEY_PREFIX.length)) && hasPrefix(keyOfName(name), prefix);
}

function keyOfName(name: string): SessionKey {
  return keyNamed(name.slice(CACHE_KEY_PREFIX.length));
}

function explain(error: unknown): never {
  if (error instanceof RedisFailure && error.word === 'NOPERM') {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the sessions of the cache may not be listed: add +scan to the access string of a user who does, which no construct does',
      { cause: error },
    );
  }
  throw error;
}
