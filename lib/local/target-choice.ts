import type { Algorithm } from './target-group.js';

/** What the choice among targets goes by. */
export interface Candidate {
  /** How many requests it has under way. */
  readonly outstanding: number;
  /** Its share of the requests in proportion to others: 1, or less while it starts slowly. */
  readonly share: number;
}

/** Chooses targets by the algorithm of their group (ELB user guide, "Routing algorithms"). */
export class TargetChoice<T extends Candidate> {
  /** What each target is owed, so that everybody's turn comes as often as their share says. */
  private readonly owed = new WeakMap<T, number>();

  constructor(
    private readonly algorithm: Algorithm,
    private readonly random: () => number = Math.random,
  ) {}

  /** The next one; `undefined` if there is none. */
  next(candidates: readonly T[]): T | undefined {
    switch (this.algorithm) {
      case 'round_robin':
        return this.inTurn(candidates);
      case 'least_outstanding_requests': {
        const least = Math.min(...candidates.map(({ outstanding }) => outstanding));
        return this.inTurn(candidates.filter(({ outstanding }) => outstanding === least));
      }
      case 'weighted_random':
        return candidates[Math.floor(this.random() * candidates.length)];
    }
  }

  /**
   * Everybody is paid their share, and who is owed most has their turn, which costs what was paid. With equal shares
   * that is one after the other.
   */
  private inTurn(candidates: readonly T[]): T | undefined {
    let paid = 0;
    let chosen: T | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const candidate of candidates) {
      const owed = (this.owed.get(candidate) ?? 0) + candidate.share;
      this.owed.set(candidate, owed);
      paid += candidate.share;
      if (owed > most) {
        [chosen, most] = [candidate, owed];
      }
    }
    if (chosen !== undefined) {
      this.owed.set(chosen, most - paid);
    }
    return chosen;
  }
}

/**
 * The share of a target in slow start mode, which rises linearly (ELB user guide, "Slow start mode"). Times are in
 * milliseconds.
 *
 * @param since when it began; `undefined` if it did not.
 */
export function slowStartShare(since: number | undefined, duration: number, now: number): number {
  return since === undefined || now - since >= duration ? 1 : (now - since) / duration;
}
