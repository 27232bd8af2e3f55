import type { Clock } from '../clock.js';
import { CollectingMap } from './collecting-map.js';
import { nameOf } from './key-name.js';
import type { OwnedSession, Owner, OwnerIndex, OwnerKey } from './owner-index.js';
import type { EpochMilliseconds, SessionKey, StoredSession, Version } from './store.js';

/** What is kept of one owner. */
interface Kept {
  readonly sessions: ReadonlyMap<string, OwnedSession>;
  readonly notBefore: EpochMilliseconds;
  readonly keepUntil: EpochMilliseconds;
}

const NOTHING: Kept = { sessions: new Map(), notBefore: 0, keepUntil: 0 };

/** Keeps the owners of sessions in this process. */
export class MemoryOwners implements OwnerIndex {
  readonly #owners: CollectingMap<Kept>;

  constructor(
    private readonly sessions: CollectingMap<StoredSession>,
    private readonly clock: Clock,
  ) {
    this.#owners = new CollectingMap(clock, ({ keepUntil }) => keepUntil);
  }

  async readOwner(owner: OwnerKey): Promise<Owner> {
    const { sessions, notBefore } = this.#owners.get(owner) ?? NOTHING;
    return { sessions: this.#alive(sessions), notBefore };
  }

  async enter(owner: OwnerKey, session: OwnedSession, keepUntil: EpochMilliseconds): Promise<Owner> {
    const { sessions, notBefore, ...kept } = this.#owners.get(owner) ?? NOTHING;
    // A copy, since the caller may use the buffer for something else.
    const entered = { ...session, key: Uint8Array.from(session.key) };
    const alive = this.#alive(byName([...sessions.values(), entered]));
    this.#owners.set(owner, { sessions: byName(alive), notBefore, keepUntil: Math.max(kept.keepUntil, keepUntil) });
    return { sessions: alive, notBefore };
  }

  async leave(owner: OwnerKey, sessions: readonly OwnedSession[]): Promise<void> {
    const kept = this.#owners.get(owner);
    if (kept !== undefined) {
      const left = new Map(kept.sessions);
      for (const session of sessions) {
        left.delete(entryNameOf(session));
      }
      this.#owners.set(owner, { ...kept, sessions: left });
    }
  }

  async revoke(owner: OwnerKey, notBefore: EpochMilliseconds, keepUntil: EpochMilliseconds): Promise<void> {
    const kept = this.#owners.get(owner) ?? NOTHING;
    if (notBefore > kept.notBefore) {
      this.#owners.set(owner, { ...kept, notBefore, keepUntil: Math.max(kept.keepUntil, keepUntil) });
    }
  }

  async block(key: SessionKey, version: Version, until: EpochMilliseconds): Promise<void> {
    const current = this.sessions.get(key) ?? { value: new Uint8Array(), expiresAt: until, deadline: until };
    this.sessions.set(key, { ...current, version });
  }

  #alive(sessions: Kept['sessions']): readonly OwnedSession[] {
    const now = this.clock();
    return [...sessions.values()].filter(({ deadline }) => deadline > now);
  }
}

function byName(sessions: readonly OwnedSession[]): Kept['sessions'] {
  return new Map(sessions.map((session) => [entryNameOf(session), session]));
}

function entryNameOf({ key, handle, enteredAt, deadline }: OwnedSession): string {
  return [nameOf(key), handle, enteredAt, deadline].join('.');
}
