import { type Clock, systemClock } from '../clock.js';
import { SessionError } from '../errors.js';
import type { OwnerIndex } from './owner-index.js';
import { keysIn } from './redis-keys.js';
import { keptFor, RedisOwners, sessionName } from './redis-owners.js';
import { redisRecordOf, sessionIn, timeField } from './redis-record.js';
import { resending } from './redis-resending.js';
import { DESTROY, TOUCH, WRITE } from './redis-scripts.js';
import type { RedisTransport } from './redis-transport.js';
import type {
  CallOptions,
  EpochMilliseconds,
  SessionKey,
  SessionStore,
  StoredSession,
  TouchResult,
  Version,
  WriteResult,
} from './store.js';

export {
  type RedisClient,
  type RedisCommand,
  type RedisCommander,
  RedisFailure,
  type RedisOutcome,
  type RedisTransport,
  redisTransport,
} from './redis-transport.js';

/** How to reach Redis or Valkey. */
export interface RedisStoreOptions {
  /** The way there: `redisTransport(client)` with a client of `ioredis` or `iovalkey`, or one of your own. */
  readonly transport: RedisTransport;
  /**
   * Tells the time.
   * @default - the system's clock
   */
  readonly clock?: Clock;
}

/**
 * Keeps each session as one string of a Redis or Valkey server, or of a cluster: read with GET, and changed by scripts
 * that compare its version first. Every command is about one key, so that all of them run in any cluster. When a session
 * ends, its record says; the server's own expiry follows five minutes later, and only collects.
 *
 * A command that was lost on the way is sent once more where that does no harm, which is everywhere but in `destroy`. Calls
 * reject with what the transport rejects with, a `RedisFailure`, and with a `SessionError` of the code ERR_SESSION_RECORD
 * where a later release wrote the session in another format.
 *
 * It needs Redis 6.0 or later, or any Valkey: `SET` with `KEEPTTL` (https://redis.io/docs/latest/commands/set/).
 */
export class RedisStore implements SessionStore {
  /**
   * In characters. Below it compressing takes longer than sending, and a string of the cache takes the room of a larger one
   * anyway.
   */
  readonly compressAbove = 2048;
  /** What is kept of each user: one sorted set. */
  readonly owners: OwnerIndex;
  readonly #transport: RedisTransport;
  /** For what tells what was there: a second answer would be another one. */
  readonly #once: RedisTransport;
  readonly #clock: Clock;

  /**
   * Sends nothing.
   *
   * @throws SessionError ERR_SESSION_CONFIG if the transport is none
   */
  constructor({ transport, clock = systemClock }: RedisStoreOptions) {
    if (typeof transport?.send !== 'function') {
      throw new SessionError(
        'ERR_SESSION_CONFIG',
        'transport must have the method send, received one without: redisTransport(client) makes one of a client',
      );
    }
    this.#transport = resending(transport);
    this.#once = transport;
    this.#clock = clock;
    this.owners = new RedisOwners(this.#transport, clock);
  }

  async read(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined> {
    const name = sessionName(key);
    return this.#alive(await this.#transport.send(name, ['GET', name], options));
  }

  async write(
    key: SessionKey,
    next: StoredSession,
    expected: Version | 'absent',
    options?: CallOptions,
  ): Promise<WriteResult> {
    const now = this.#clock();
    const args = [now, expected === 'absent' ? '' : expected, redisRecordOf(next), keptFor(next.expiresAt, now)];
    const reply = await WRITE.run(this.#transport, sessionName(key), args, options);
    return reply === 1 ? { written: true } : { written: false, current: this.#alive(reply) };
  }

  async touch(
    key: SessionKey,
    expiresAt: EpochMilliseconds,
    expected: Version,
    options?: CallOptions,
  ): Promise<TouchResult> {
    const now = this.#clock();
    const args = [now, expected, expiresAt, timeField(expiresAt), keptFor(expiresAt, now)];
    const reply = String(await TOUCH.run(this.#transport, sessionName(key), args, options));
    return reply === 'ok' || reply === 'changed' ? reply : 'gone';
  }

  async destroy(key: SessionKey, options?: CallOptions): Promise<StoredSession | undefined> {
    return this.#alive(await DESTROY.run(this.#once, sessionName(key), [], options));
  }

  keys(prefix: Uint8Array, options?: CallOptions): AsyncIterable<readonly SessionKey[]> {
    return keysIn(this.#once, prefix, this.#clock(), options);
  }

  #alive(reply: unknown): StoredSession | undefined {
    const session = Buffer.isBuffer(reply) ? sessionIn(reply) : undefined;
    return session !== undefined && session.expiresAt > this.#clock() ? session : undefined;
  }
}
