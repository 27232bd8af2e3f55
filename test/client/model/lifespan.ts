import { type Commit, changes, isDropped, isSaved, type Look, type Moment } from './commit';
import { POLICY } from './plan';

const IDLE = POLICY.idleTimeout * 1000;
const ABSOLUTE = POLICY.absoluteTimeout * 1000;

const LONGEST_HANDLER = 60_000;

/** What a living session says of its life, as a request found it. */
export interface LifeSight {
  readonly user: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly deadline: number;
}

/** When a session ends by itself, and whose it is: what follows from its sign-ins, and from who used it when. */
export class Lifespan {
  /** The latest time, by its own clock, at which a request that is over may have used the session. */
  #usedAt = Number.NEGATIVE_INFINITY;
  /** Requests that may be using it. */
  #users = 0;
  /** Idle ends that requests were shown while nobody else used the session. */
  readonly #shown: { readonly expiresAt: number; readonly moment: Moment }[] = [];

  constructor(private readonly commits: readonly Commit[]) {}

  /** Notes that somebody may be using it until `done`, which is told the time by that one's clock. */
  use(): { done(at: number): void } {
    this.#users++;
    return {
      done: (at) => {
        this.#users--;
        this.#usedAt = Math.max(this.#usedAt, at);
      },
    };
  }

  /** What is wrong with its being found, by one of its users. */
  *wrongToLive(look: Look): Iterable<string> {
    if (!this.#births(look.from, look.to).some(({ endedAt }) => look.at < endedAt + ABSOLUTE)) {
      yield 'it lives beyond its deadline';
    }
    if (this.#users === 1 && look.at >= this.#usedAt + IDLE) {
      yield 'it lives although nobody used it for so long';
    }
  }

  /** What is wrong with what it says of its life to one of its users. */
  *wrongIn({ user, createdAt, expiresAt, deadline }: LifeSight, look: Look): Iterable<string> {
    const births = this.#births(look.from, look.to);
    if (!births.some((birth) => birth.user === user)) {
      yield `${user} is signed in`;
    }
    if (!births.some(({ beganAt, endedAt }) => beganAt <= createdAt && createdAt <= endedAt)) {
      yield `it says that it began at ${createdAt}`;
    }
    if (deadline !== createdAt + ABSOLUTE) {
      yield `it began at ${createdAt} and says that it ends at ${deadline}`;
    }
    if (expiresAt < Math.min(deadline, this.#idleEnd(look.from))) {
      yield `it says that it ends at ${expiresAt}, sooner than was granted`;
    }
    if (expiresAt < Math.min(deadline, look.at + LONGEST_HANDLER) && !look.troubled) {
      yield `it says that it ends at ${expiresAt}, while the handler may be at work`;
    }
    if (this.#users === 1) {
      if (expiresAt > Math.max(this.#usedAt, look.until) + IDLE) {
        yield `it says that it ends at ${expiresAt}, later than anybody's use can have moved that`;
      }
      if (this.commits.every((commit) => isSaved(commit, look.from) || isDropped(commit))) {
        this.#shown.push({ expiresAt, moment: look.to });
      }
    }
  }

  /** The earliest time at which it can have ended by itself, as far as a moment knows. */
  endsNotBefore(moment: Moment): number {
    const deadlines = this.#births(moment, moment).map(({ beganAt }) => beganAt + ABSOLUTE);
    return Math.min(...deadlines, this.#idleEnd(moment));
  }

  /** The commits of which one began its present life: its first, and sign-ins that no later one must have come after. */
  #births(from: Moment, to: Moment): readonly Commit[] {
    const begun = this.commits.filter(
      (commit, index) => (index === 0 || commit.fate === 'login') && commit.began < to && !isDropped(commit),
    );
    return begun.filter(({ ended }) => !begun.some((later) => isSaved(later, from) && later.began > ended));
  }

  /** The idle end that it has at least: each save that was acknowledged gave it the idle timeout, each showing stands. */
  #idleEnd(moment: Moment): number {
    const saves = this.commits.filter((commit, index) => isSaved(commit, moment) && (index === 0 || changes(commit)));
    const granted = [
      ...saves.filter((save) => !this.#newLifeSince(save.began, save)).map(({ beganAt }) => beganAt + IDLE),
      ...this.#shown
        .filter(
          (shown) => shown.moment < moment && !this.#newLifeSince(shown.moment) && !this.#begunBefore(shown.moment),
        )
        .map(({ expiresAt }) => expiresAt),
    ];
    return Math.max(...granted);
  }

  /** Whether a sign-in, other than the one given, may have begun a new life since. */
  #newLifeSince(moment: Moment, itself?: Commit): boolean {
    return this.commits.some(
      (commit) => commit !== itself && commit.fate === 'login' && !isDropped(commit) && commit.ended > moment,
    );
  }

  /** Whether a commit is about to end, or did, that knows nothing of what happened at a moment. */
  #begunBefore(moment: Moment): boolean {
    return this.commits.some((commit) => commit.loaded < moment && commit.ended > moment && !isDropped(commit));
  }
}
