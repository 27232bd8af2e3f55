/** A place in the order of events. */
export type Moment = number;

/**
 * How a commit ended. `discarded`: acknowledged, with word that its changes were dropped. `refused`: with the error that
 * others were first.
 */
export type Outcome = 'acknowledged' | 'discarded' | 'refused' | 'unknown';

/** What one request wanted of a session. */
export interface Wish {
  /** Tokens that it appended and did not itself clear away. */
  readonly tokens: readonly string[];
  readonly clears: boolean;
  /** What it did to the key of its tab last; `value` is undefined for an unset. */
  readonly mark: { readonly key: string; readonly value: string | undefined } | undefined;
  readonly fate: 'keep' | 'regenerate' | 'login' | 'destroy';
  /** Whom it signed in. */
  readonly user: string | undefined;
}

/** A commit of a request: when it began and ended, in the order of events and by its own instance's clock. */
export interface Commit extends Wish {
  /** Whether it must fail if others are first. */
  readonly exclusive: boolean;
  /** When the request set out to read what it changed. */
  readonly loaded: Moment;
  readonly began: Moment;
  readonly beganAt: number;
  readonly skew: number;
  ended: Moment;
  endedAt: number;
  outcome: Outcome | 'pending';
  /** Whether the store failed in something that the visitor did not have to hear of. */
  troubled: boolean;
}

/** When somebody looked: between two moments, and between two times by its own clock. */
export interface Look {
  readonly from: Moment;
  readonly to: Moment;
  readonly at: number;
  readonly until: number;
  /** Whether the store failed in something that the visitor did not have to hear of. */
  readonly troubled: boolean;
}

/** Whether there is something to save, for certain: an unset may find nothing, and a set may find its value there. */
export function changes({ tokens, clears, fate }: Wish): boolean {
  return tokens.length > 0 || clears || fate !== 'keep';
}

/** Whether nothing of it was saved, for certain. */
export function isDropped({ outcome }: Commit): boolean {
  return outcome === 'discarded' || outcome === 'refused';
}

/** Whether it was saved for certain before a moment. */
export function isSaved({ outcome, ended }: Commit, before: Moment): boolean {
  return outcome === 'acknowledged' && ended < before;
}
