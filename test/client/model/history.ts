import { MOST_SKEW, POLICY } from './plan';

/** A place in the order of events. */
export type Moment = number;

/** How a commit ended. `discarded`: acknowledged, with word that its changes were dropped. */
export type Outcome = 'pending' | 'acknowledged' | 'discarded' | 'unknown';

/** What one request wanted of a session. */
export interface Wish {
  /** Tokens that it appended and did not itself clear away. */
  readonly tokens: readonly string[];
  readonly clears: boolean;
  /** What it did to the key of its tab last; `value` is undefined for an unset. */
  readonly mark: { readonly key: string; readonly value: string | undefined } | undefined;
  readonly fate: 'keep' | 'regenerate' | 'destroy';
}

/** A commit of a request: when it began and ended, in the order of events and by its own instance's clock. */
export interface Commit extends Wish {
  readonly began: Moment;
  readonly beganAt: number;
  readonly skew: number;
  ended: Moment;
  endedAt: number;
  outcome: Outcome;
  /** Whether the store failed in something that the visitor did not have to hear of. */
  troubled: boolean;
}

/** What a session showed: its keys, as a request found them. */
export interface Sight {
  readonly log: readonly string[];
  readonly marks: ReadonlyMap<string, string | undefined>;
}

/** When somebody looked: between two moments, not earlier than a time by its own clock. */
export interface Look {
  readonly from: Moment;
  readonly to: Moment;
  readonly at: number;
}

const GRACE = 30_000;
const IDLE = POLICY.idleTimeout * 1000;
const ABSOLUTE = POLICY.absoluteTimeout * 1000;

/** All that was done to one session, from which follows what it may and must show. */
export class SessionHistory {
  readonly cookies = new Set<string>();
  readonly #replaced: { readonly cookie: string; readonly by: Commit }[] = [];
  readonly commits: Commit[] = [];
  /** The latest time, by its own clock, at which a request that is over may have used the session. */
  #usedAt = Number.NEGATIVE_INFINITY;
  /** Requests that may be using it. */
  #users = 0;

  constructor(
    readonly name: string,
    readonly owner: string,
    private readonly renewal: boolean,
  ) {}

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

  /** Notes that a reply told somebody who came with one cookie to take another one; it may not have been the first to. */
  replace(cookie: string, by: Commit): void {
    this.#replaced.push({ cookie, by });
  }

  /** What is wrong with this session's being found by a cookie, by one of its users. */
  *wrongToLive(cookie: string, look: Look): Iterable<string> {
    for (const { by } of this.#replaced.filter((replaced) => replaced.cookie === cookie)) {
      if (by.ended < look.from && (by.fate === 'regenerate' || look.at >= by.endedAt + 2 * MOST_SKEW + GRACE)) {
        yield 'it answers to an id that was replaced';
      }
    }
    const [birth] = this.commits;
    if (
      this.commits.some(
        ({ fate, outcome, ended }) => fate === 'destroy' && outcome === 'acknowledged' && ended < look.from,
      )
    ) {
      yield 'it lives after its destruction was acknowledged';
    }
    if (birth === undefined || look.at >= birth.endedAt + ABSOLUTE) {
      yield 'it lives beyond its deadline';
    }
    if (this.#users === 1 && look.at >= this.#usedAt + IDLE) {
      yield 'it lives although nobody used it for so long';
    }
  }

  /** What is wrong with what a living session shows. */
  *wrongIn({ log, marks }: Sight, look: Look): Iterable<string> {
    if (new Set(log).size < log.length) {
      yield `something was done twice: ${log}`;
    }
    const shown = new Set(log);
    for (const token of log) {
      if (!this.commits.some(({ tokens, outcome }) => tokens.includes(token) && outcome !== 'discarded')) {
        yield `it shows ${token}, which nobody saved to it`;
      }
    }
    for (const commit of this.commits) {
      for (const token of commit.tokens) {
        if (!shown.has(token) && this.#mustShow(commit, look)) {
          yield `it lost ${token}, which was acknowledged`;
        }
        if (shown.has(token) && this.#clearedFor(commit, look)) {
          yield `it shows ${token}, which was cleared away`;
        }
      }
    }
    for (const [key, value] of marks) {
      if (!this.#mayHold(key, look).has(value)) {
        yield `its ${key} is ${value}, which is not what was saved last`;
      }
    }
  }

  /** Whether a commit had every reason to be discarded. */
  mayDiscard(commit: Commit): boolean {
    const earlier = this.commits.filter((other) => other !== commit && other.began < commit.ended);
    return (
      earlier.some(({ fate }) => fate !== 'keep') ||
      commit.endedAt - commit.skew + MOST_SKEW >= this.#endsNotBefore() ||
      (this.renewal && earlier.some(({ beganAt }) => commit.endedAt - beganAt >= GRACE))
    );
  }

  /** Whether somebody who has all its cookies must find it at this time. */
  mustLive(at: number): boolean {
    return (
      this.cookies.size > 0 &&
      at < this.#endsNotBefore() &&
      this.commits.every(
        ({ fate, outcome, troubled, beganAt }) =>
          fate !== 'destroy' &&
          // A new id that nobody was told of: after a sign-in it is lost for good, after a renewal when the grace is over.
          (fate === 'keep' || outcome !== 'unknown') &&
          (!this.renewal || (outcome !== 'unknown' && !troubled) || at < beganAt + GRACE),
      )
    );
  }

  /** The earliest time at which it can have ended by itself: each save that was acknowledged gave it the idle timeout. */
  #endsNotBefore(): number {
    const saves = this.commits.filter(
      ({ tokens, clears, outcome }, index) =>
        outcome === 'acknowledged' && (index === 0 || clears || tokens.length > 0),
    );
    const [birth] = this.commits;
    return birth === undefined
      ? Number.NEGATIVE_INFINITY
      : Math.min(birth.beganAt + ABSOLUTE, Math.max(...saves.map(({ beganAt }) => beganAt + IDLE)));
  }

  #mustShow(commit: Commit, look: Look): boolean {
    return commit.outcome === 'acknowledged' && commit.ended < look.from && !this.#clearsSince(commit, look);
  }

  /** Whether another commit may have cleared away what this one saved. */
  #clearsSince(commit: Commit, look: Look): boolean {
    return this.commits.some(
      (other) =>
        other !== commit &&
        other.clears &&
        other.outcome !== 'discarded' &&
        other.ended > commit.began &&
        other.began < look.to,
    );
  }

  /** Whether another commit must have cleared away what this one saved. */
  #clearedFor(commit: Commit, look: Look): boolean {
    return this.commits.some(
      ({ clears, outcome, began, ended }) =>
        clears && outcome === 'acknowledged' && began > commit.ended && ended < look.from,
    );
  }

  /** The values that a tab's own key may have. One tab alone writes it, one request at a time. */
  #mayHold(key: string, look: Look): ReadonlySet<string | undefined> {
    const writes = this.commits.filter(({ mark, outcome }) => mark?.key === key && outcome !== 'discarded');
    const last = writes.findLast(({ outcome, ended }) => outcome === 'acknowledged' && ended < look.from);
    // What has an unknown outcome may still come.
    const open = writes.filter((write) => write.outcome !== 'acknowledged' || write.ended >= look.from);
    const values = new Set(open.map(({ mark }) => mark?.value));
    if (last === undefined || this.#clearsSince(last, look)) {
      values.add(undefined);
    }
    if (last !== undefined && !this.#clearedFor(last, look)) {
      values.add(last.mark?.value);
    }
    return values;
  }
}
