import type { Concurrency } from 'cdk-sessions-client';
import { type Commit, isDropped, isSaved, type Look } from './commit';

/** What a session holds, as a request found it. */
export interface ContentSight {
  readonly log: readonly string[];
  readonly marks: ReadonlyMap<string, string | undefined>;
}

/** What a session must hold, and what it may hold, after what was done to it. */
export class Content {
  constructor(
    private readonly commits: readonly Commit[],
    private readonly concurrency: Concurrency,
  ) {}

  /** What is wrong with what a living session holds. */
  *wrongIn({ log, marks }: ContentSight, look: Look): Iterable<string> {
    if (new Set(log).size < log.length) {
      yield `something was done twice: ${log}`;
    }
    const shown = new Set(log);
    for (const token of log) {
      if (!this.commits.some((commit) => commit.tokens.includes(token) && !isDropped(commit))) {
        yield `it shows ${token}, which nobody saved to it`;
      }
    }
    for (const commit of this.commits) {
      for (const token of commit.tokens) {
        if (!shown.has(token) && this.#stands(commit, look) && !this.#clearsSince(commit, look)) {
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

  /** Whether what a commit did must be there, unless a later one changed it. */
  #stands(commit: Commit, look: Look): boolean {
    return isSaved(commit, look.from) && !this.#overwritten(commit);
  }

  /** Whether another commit, which knew nothing of this one, may have put all that it knew in place of it. */
  #overwritten(commit: Commit): boolean {
    return (
      this.concurrency === 'last-write-wins' &&
      this.commits.some(
        (other) => other !== commit && !isDropped(other) && other.loaded < commit.ended && other.ended > commit.began,
      )
    );
  }

  /** Whether another commit may have cleared away what this one saved. */
  #clearsSince(commit: Commit, look: Look): boolean {
    return this.commits.some(
      (other) =>
        other !== commit && other.clears && !isDropped(other) && other.ended > commit.began && other.began < look.to,
    );
  }

  /** Whether another commit must have cleared away what this one saved. */
  #clearedFor(commit: Commit, look: Look): boolean {
    return this.commits.some((other) => other.clears && this.#stands(other, look) && other.began > commit.ended);
  }

  /** The values that a tab's own key may have. One tab alone writes it, one request at a time. */
  #mayHold(key: string, look: Look): ReadonlySet<string | undefined> {
    const writes = this.commits.filter((commit) => commit.mark?.key === key && !isDropped(commit));
    const last = writes.findLast((write) => isSaved(write, look.from));
    const overwritten = last !== undefined && this.#overwritten(last);
    // What has an unknown outcome may still come; what is put in place of the last value is any that was known once.
    const open = overwritten ? writes : writes.filter((write) => !isSaved(write, look.from));
    const values = new Set(open.map(({ mark }) => mark?.value));
    if (last === undefined || overwritten || this.#clearsSince(last, look)) {
      values.add(undefined);
    }
    if (last !== undefined && !this.#clearedFor(last, look)) {
      values.add(last.mark?.value);
    }
    return values;
  }
}
