import type { Session } from 'cdk-sessions-client';
import { SessionEngine } from '../../../lib/client/engine';
import type { CommitResult } from '../../../lib/client/hosts/host';
import type { SessionDraft } from '../../../lib/client/session-draft';
import type { Data } from './act';

/** What happened between two beats. */
interface Tally {
  /** Of how many discarded commits there was word. */
  told: number;
  acknowledged: number;
  failed: number;
}

/**
 * Which commits of one process were discarded: there is word of each, but not which one it is. In one beat one answer of
 * the store arrives, and ends one save at most with all the requests that it was made for, so that all which are
 * acknowledged in a beat with such a word are meant. Of those that fail only the ones that must not go on without
 * their changes are.
 */
export class Discards {
  readonly #tallies = new Map<number, Tally>();
  readonly #discarded = new WeakSet<Session<Data>>();

  constructor(private readonly world: { readonly beat: number }) {}

  tell(): void {
    this.#tally.told++;
  }

  acknowledge(draft: Session<Data>): void {
    this.#tally.acknowledged++;
    if (this.#tally.told > 0) {
      this.#discarded.add(draft);
    }
  }

  fail(): void {
    this.#tally.failed++;
  }

  has(draft: Session<Data>): boolean {
    return this.#discarded.has(draft);
  }

  /** What is wrong with how many there was word of. */
  *wrong(): Iterable<string> {
    for (const { told, acknowledged, failed } of this.#tallies.values()) {
      if (told > 0 && (told < acknowledged || told > acknowledged + failed)) {
        yield `there was word of ${told} discarded commits when ${acknowledged} were acknowledged and ${failed} failed`;
      }
    }
  }

  get #tally(): Tally {
    const { beat } = this.world;
    const tally = this.#tallies.get(beat) ?? { told: 0, acknowledged: 0, failed: 0 };
    this.#tallies.set(beat, tally);
    return tally;
  }
}

/** An engine of which it is known when each of its commits ends. */
export class WatchedEngine extends SessionEngine<Data> {
  constructor(
    options: ConstructorParameters<typeof SessionEngine<Data>>[0],
    private readonly discards: Discards,
  ) {
    super(options);
  }

  override async commit(draft: SessionDraft<Data>): Promise<CommitResult> {
    try {
      const result = await super.commit(draft);
      this.discards.acknowledge(draft);
      return result;
    } catch (error) {
      this.discards.fail();
      throw error;
    }
  }
}
