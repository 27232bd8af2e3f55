import type { PolicyContract } from '../contract/environment.js';
import type { CallBudget } from './call-budget.js';
import type { Clock } from './clock.js';
import { BLOCKED, VACANT } from './record-access.js';
import type { OwnedSession, Owner, OwnerIndex } from './stores/owner-index.js';
import type { EpochMilliseconds, Version } from './stores/store.js';
import { ownerOf } from './user-id.js';

/** What is known of a user where nothing is kept of users. */
const UNKNOWN: Owner = { sessions: [], notBefore: 0 };

/** How far ahead of ours another machine's clock may be, in milliseconds. */
export const CLOCK_TOLERANCE = 5 * 60_000;

/** How many calls for one user's sessions are under way at the same time. */
const AT_ONCE = 25;

/**
 * One request's way to the index of owners: users' ids instead of hashes, a deadline on every call. With a store that has
 * no index nothing is known of anybody, and nothing done.
 *
 * The index never decides alone. A session is entered before it is written, so that none is ever missing; what is
 * entered may have ended, or have never come to be: that its record says.
 */
export class OwnerAccess {
  constructor(
    private readonly index: OwnerIndex | undefined,
    private readonly budget: CallBudget,
    private readonly clock: Clock,
    private readonly policy: PolicyContract,
  ) {}

  async read(userId: string): Promise<Owner> {
    const { index } = this;
    return index === undefined
      ? UNKNOWN
      : this.#believed(
          await this.budget.call('read of a user', (options) => index.readOwner(ownerOf(userId), options)),
        );
  }

  /** Enters a session that is about to be written. */
  async enter(userId: string, session: OwnedSession): Promise<Owner> {
    const { index } = this;
    return index === undefined
      ? UNKNOWN
      : this.#believed(
          await this.budget.call('listing of a session', (options) =>
            index.enter(ownerOf(userId), session, this.#keepUntil, options),
          ),
        );
  }

  /** Takes out sessions that will not live again. */
  async leave(userId: string, sessions: readonly OwnedSession[]): Promise<void> {
    const { index } = this;
    if (index !== undefined && sessions.length > 0) {
      await this.budget.call('removal of a listing', (options) => index.leave(ownerOf(userId), sessions, options));
    }
  }

  async revoke(userId: string, notBefore: EpochMilliseconds): Promise<void> {
    const { index } = this;
    await this.budget.call('revocation', async (options) =>
      index?.revoke(ownerOf(userId), notBefore, this.#keepUntil, options),
    );
  }

  /** Ends sessions whatever they are by now, even if they are only about to be written. */
  async block(sessions: readonly OwnedSession[]): Promise<void> {
    await this.#block(sessions, BLOCKED);
  }

  /** Sees to it that nothing comes to life any more where nothing is alive, and that it looks as before. */
  async vacate(sessions: readonly OwnedSession[]): Promise<void> {
    await this.#block(sessions, VACANT);
  }

  /**
   * What is kept of a user, but for a time of revocation that is yet to come: sessions begin no earlier than their user's were
   * revoked, so that whoever may write to the index alone could else make one that outlives every policy.
   */
  #believed({ sessions, notBefore }: Owner): Owner {
    return { sessions, notBefore: Math.min(notBefore, this.clock() + CLOCK_TOLERANCE) };
  }

  async #block(sessions: readonly OwnedSession[], version: Version): Promise<void> {
    const { index } = this;
    await inBatches(sessions, ({ key, deadline }) =>
      this.budget.call('block of a session', async (options) => index?.block(key, version, deadline, options)),
    );
  }

  /** By then every session is over that began by now. */
  get #keepUntil(): EpochMilliseconds {
    return this.clock() + this.policy.absoluteTimeout * 1000;
  }
}

/** Does something for each item, for some of them at a time. */
export async function inBatches<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const batch of batchesOf(items)) {
    results.push(...(await Promise.all(batch.map(run))));
  }
  return results;
}

/** Items in their order, as many at a time as calls are under way together. */
export function batchesOf<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );
}
