import { type Commit, changes, isDropped, isSaved, type Look } from './commit';
import { Content, type ContentSight } from './content';
import { type LifeSight, Lifespan } from './lifespan';
import { MOST_SKEW, type Plan } from './plan';

/** What a session shows to a request that found it. */
export interface Sight extends ContentSight, LifeSight {}

const GRACE = 30_000;

/** All that was done to one session, from which follows what it may and must show. */
export class SessionHistory {
  readonly cookies = new Set<string>();
  readonly #replaced: { readonly id: string; readonly by: Commit }[] = [];
  readonly commits: Commit[] = [];
  readonly #content: Content;
  readonly #lifespan = new Lifespan(this.commits);

  constructor(
    readonly name: string,
    readonly owner: string,
    private readonly plan: Plan,
  ) {
    this.#content = new Content(this.commits, plan.concurrency);
  }

  /** Notes that somebody may be using it until `done`, which is told the time by that one's clock. */
  use(): { done(at: number): void } {
    return this.#lifespan.use();
  }

  /** Notes that a reply told somebody who came with one cookie to take another one; it may not have been the first to. */
  replace(cookie: string, by: Commit): void {
    this.#replaced.push({ id: idOf(cookie), by });
  }

  /** What is wrong with this session's being found by a cookie, by one of its users, and with what it shows then. */
  *wrongWith(cookie: string, sight: Sight, look: Look): Iterable<string> {
    for (const { by } of this.#replaced.filter(({ id }) => id === idOf(cookie))) {
      if (by.ended < look.from && (by.fate !== 'keep' || look.at >= by.endedAt + 2 * MOST_SKEW + GRACE)) {
        yield 'it answers to an id that was replaced';
      }
    }
    if (this.#destroyedBefore(look.from)) {
      yield 'it lives after its destruction was acknowledged';
    }
    yield* this.#lifespan.wrongToLive(look);
    yield* this.#lifespan.wrongIn(sight, look);
    yield* this.#content.wrongIn(sight, look);
  }

  /** What is wrong with the outcome that a commit had. */
  *wrongWithOutcome(commit: Commit): Iterable<string> {
    if (commit.outcome === 'discarded' && ((commit.exclusive && changes(commit)) || !this.#mayDiscard(commit))) {
      yield `it discarded ${commit.tokens}, for no reason or without an error`;
    }
    // A sign-out that must be built on what it read may be refused; any other wins.
    const wins = commit.fate === 'destroy' && !commit.exclusive;
    if (commit.outcome === 'refused' && (wins || !this.mayConflict(commit))) {
      yield `it refused ${commit.fate} with ${commit.tokens} for no reason`;
    }
    if (
      commit.outcome === 'acknowledged' &&
      commit.fate !== 'destroy' &&
      changes(commit) &&
      this.#destroyedBefore(commit.began)
    ) {
      yield `it acknowledged ${commit.tokens} after its destruction was`;
    }
  }

  /** What is wrong with a commit's having left its visitor with the cookie that she came with. */
  *wrongToKeep(cookie: string, commit: Commit): Iterable<string> {
    const replaced = this.#replaced.some(({ id, by }) => id === idOf(cookie) && by.ended < commit.loaded);
    if (replaced && commit.outcome === 'acknowledged' && commit.fate !== 'destroy') {
      yield 'it leaves a visitor with an id that was replaced';
    }
  }

  /** Whether somebody who has all its cookies must find it at this time. */
  mustLive(at: number): boolean {
    return (
      this.cookies.size > 0 &&
      at < this.#lifespan.endsNotBefore(Number.POSITIVE_INFINITY) &&
      this.commits.every(
        (commit) =>
          commit.fate !== 'destroy' &&
          // A new id that nobody was told of: after a sign-in it is lost for good, after a renewal when the grace is over.
          (commit.fate === 'keep' || isSettled(commit)) &&
          (!this.plan.renewal || (isSettled(commit) && !commit.troubled) || at < commit.beganAt + GRACE),
      )
    );
  }

  /** Whether a commit may have found something else than its request had read. */
  mayConflict(commit: Commit): boolean {
    return (
      this.#mayDiscard(commit) ||
      this.commits.some(
        (other) => other !== commit && !isDropped(other) && (other.ended > commit.loaded || !isSettled(other)),
      )
    );
  }

  #destroyedBefore(moment: number): boolean {
    return this.commits.some((commit) => commit.fate === 'destroy' && isSaved(commit, moment));
  }

  /** Whether a commit had every reason to be discarded. */
  #mayDiscard(commit: Commit): boolean {
    const earlier = this.commits.filter((other) => other !== commit && other.began < commit.ended && !isDropped(other));
    return (
      earlier.some(({ fate }) => fate !== 'keep') ||
      commit.endedAt - commit.skew >= this.#lifespan.endsNotBefore(commit.ended) ||
      (this.plan.renewal && earlier.some(({ beganAt }) => commit.endedAt - beganAt >= GRACE))
    );
  }
}

/** The id in a cookie, which may be signed anew and stay the same. */
export function idOf(cookie: string): string {
  return cookie.split('.')[1] ?? '';
}

function isSettled({ outcome }: Commit): boolean {
  return outcome !== 'unknown';
}
