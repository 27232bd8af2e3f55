import type { Session } from 'cdk-sessions-client';
import type { RegenerationCause } from '../../../lib/client/hooks';
import { type Data, sightOf } from './act';
import type { Look, Moment, Outcome } from './commit';
import { idOf, SessionHistory } from './history';
import type { Plan } from './plan';

/** What a run has come across: a property that never meets a case says nothing about it. */
export type Sighting =
  | Outcome
  | RegenerationCause
  | 'crash'
  | 'merged'
  | 'grouped'
  | 'done again'
  | 'logout'
  | 'listed'
  | 'refused after its end'
  | 'certain to live'
  | 'over';

/** Knows all that was done in a run and in which order, and compares what requests see with it. */
export class Witness {
  readonly sightings = new Set<Sighting>();
  /** What went against the model. */
  readonly faults: string[] = [];
  readonly #sessions = new Map<string, SessionHistory>();
  #moment = 0;
  #names = 0;

  constructor(private readonly plan: Plan) {}

  get sessions(): Iterable<SessionHistory> {
    return this.#sessions.values();
  }

  /** The next place in the order of events. */
  moment(): Moment {
    return ++this.#moment;
  }

  /** A name for something that is done, different from every other. */
  name(): string {
    return `#${++this.#names}`;
  }

  newSession(owner: string): SessionHistory {
    const session = new SessionHistory(`session ${this.name()}`, owner, this.plan);
    this.#sessions.set(session.name, session);
    return session;
  }

  /** The session that a cookie was given out for. */
  byCookie(cookie: string): SessionHistory | undefined {
    return [...this.#sessions.values()].find(({ cookies }) =>
      [...cookies].some((given) => idOf(given) === idOf(cookie)),
    );
  }

  /** The session that was found. */
  of(draft: Session<Data>): SessionHistory | undefined {
    return draft.isNew ? undefined : this.#sessions.get(draft.get('name') ?? '');
  }

  /** A found session is the one that the cookie was given out for, of the same visitor, and shows what it must. */
  compare(cookie: string, draft: Session<Data>, look: Look): void {
    const session = this.byCookie(cookie);
    if (draft.isNew) {
      if (session !== undefined) {
        this.note('refused after its end');
      }
    } else if (session === undefined || session !== this.of(draft) || session.owner !== draft.get('owner')) {
      this.blame(session, `its cookie leads to ${draft.get('name')} of ${draft.get('owner')}`);
    } else {
      this.blame(session, ...session.wrongWith(cookie, sightOf(draft, session), look));
    }
  }

  note(sighting: Sighting): void {
    this.sightings.add(sighting);
  }

  blame(session: SessionHistory | undefined, ...faults: readonly string[]): void {
    this.faults.push(...faults.map((fault) => `${session?.name ?? 'no session'}: ${fault}`));
  }
}
