import { CACHE_COLLECTION_DELAY, CACHE_KEY_PREFIX } from '../../contract/cache-access.js';
import type { Clock } from '../clock.js';
import { nameOf } from './key-name.js';
import { entryOf, ownedSessionOf } from './owner-entry.js';
import type { OwnedSession, Owner, OwnerIndex, OwnerKey } from './owner-index.js';
import { redisRecordOf, versionField } from './redis-record.js';
import { BLOCK, ENTER, REVOKE } from './redis-scripts.js';
import type { RedisTransport } from './redis-transport.js';
import type { CallOptions, EpochMilliseconds, SessionKey, Version } from './terms.js';

/**
 * The member that says before when all sessions are revoked. Its score is that time, negative, where no deadline is: taking
 * out what is over does not reach it.
 */
const REVOKED = 'revoked';

/**
 * Keeps each owner as one sorted set: the entries of their sessions by deadline, so that those which are over are taken
 * out whenever one is entered, and the time of the last revocation.
 */
export class RedisOwners implements OwnerIndex {
  constructor(
    private readonly transport: RedisTransport,
    private readonly clock: Clock,
  ) {}

  async readOwner(owner: OwnerKey, options?: CallOptions): Promise<Owner> {
    const key = ownerName(owner);
    return this.#ownerIn(await this.transport.send(key, ['ZRANGE', key, 0, -1, 'WITHSCORES'], options));
  }

  async enter(
    owner: OwnerKey,
    session: OwnedSession,
    keepUntil: EpochMilliseconds,
    options?: CallOptions,
  ): Promise<Owner> {
    // A clock that is ahead takes out nothing that lives for others.
    const over = this.clock() - CACHE_COLLECTION_DELAY;
    const args = [entryOf(session), session.deadline, over, this.#left(keepUntil)];
    return this.#ownerIn(await ENTER.run(this.transport, ownerName(owner), args, options));
  }

  async leave(owner: OwnerKey, sessions: readonly OwnedSession[], options?: CallOptions): Promise<void> {
    if (sessions.length > 0) {
      const key = ownerName(owner);
      await this.transport.send(key, ['ZREM', key, ...sessions.map(entryOf)], options);
    }
  }

  async revoke(
    owner: OwnerKey,
    notBefore: EpochMilliseconds,
    keepUntil: EpochMilliseconds,
    options?: CallOptions,
  ): Promise<void> {
    await REVOKE.run(this.transport, ownerName(owner), [REVOKED, notBefore, this.#left(keepUntil)], options);
  }

  async block(key: SessionKey, version: Version, until: EpochMilliseconds, options?: CallOptions): Promise<void> {
    const place = redisRecordOf({ value: new Uint8Array(), version, expiresAt: until, deadline: until });
    const args = [this.clock(), versionField(version), place, this.#left(until)];
    await BLOCK.run(this.transport, sessionName(key), args, options);
  }

  #left(until: EpochMilliseconds): number {
    return keptFor(until, this.clock());
  }

  #ownerIn(reply: unknown): Owner {
    const now = this.clock();
    const sessions: OwnedSession[] = [];
    let notBefore = 0;
    for (const [member, score] of membersIn(reply)) {
      const session = ownedSessionOf(member);
      if (session !== undefined && session.deadline > now) {
        sessions.push(session);
      } else if (member.equals(Buffer.from(REVOKED))) {
        notBefore = -score;
      }
    }
    return { sessions, notBefore };
  }
}

/** The key of a session. */
export function sessionName(key: SessionKey): string {
  return CACHE_KEY_PREFIX + nameOf(key);
}

/** The key of an owner. No session has a colon in its own. */
function ownerName(owner: OwnerKey): string {
  return `${CACHE_KEY_PREFIX}owner:${nameOf(owner)}`;
}

/** For how many milliseconds the server keeps what ends at a time: longer, since clocks differ. */
export function keptFor(end: EpochMilliseconds, now: EpochMilliseconds): number {
  return Math.max(1, Math.ceil(end - now)) + CACHE_COLLECTION_DELAY;
}

/** Members and scores in turn; in pairs, from a client that speaks RESP3. */
function* membersIn(reply: unknown): Generator<readonly [Buffer, number]> {
  const flat = Array.isArray(reply) ? reply.flat() : [];
  for (let index = 0; index < flat.length; index += 2) {
    yield [flat[index], Number(flat[index + 1])];
  }
}
