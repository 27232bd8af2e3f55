import type { Session } from 'cdk-sessions-client';
import type { Wish } from './commit';
import type { SessionHistory, Sight } from './history';
import type { RequestPlan } from './plan';

/** What a session of the model holds: whose it is, its name, what its visitor's tabs appended, and a key for each tab. */
export interface Data {
  owner?: string;
  name?: string;
  log?: string[];
  [mark: `mark ${string}`]: string;
}

/** What happens while a request acts. */
export interface ActEvents {
  /** @returns a name for something that is done, different from every other */
  name(): string;
  /** A change is made again, on what another request saved. */
  again(): void;
}

/**
 * Begins a request's work: with whom it signs in or out.
 *
 * @returns whether it leaves the session that was found, and goes on with a new one
 */
export function signInOrOut(draft: Session<Data>, visitor: string, { fate }: RequestPlan): boolean {
  const before = draft.userId;
  switch (fate) {
    case 'login':
    case 'switch user': {
      const user = fate === 'login' ? visitor : `${visitor}, by another name`;
      draft.login(user);
      return before !== undefined && before !== user;
    }
    case 'logout':
      draft.logout();
      return true;
    default:
      return false;
  }
}

/** Does what the plan says to the session, and tells what of it that one is to show. */
export function act(
  draft: Session<Data>,
  session: SessionHistory,
  tab: string,
  { changes, fate, transaction }: RequestPlan,
  events: ActEvents,
): Wish {
  let tokens: string[] = [];
  let mark: Wish['mark'];
  const key = `mark ${tab}` as const;
  const sign = () => {
    draft.update('owner', (owner = session.owner) => owner);
    draft.update('name', (name = session.name) => name);
  };
  for (const change of changes) {
    const token = `${tab} #${events.name()}`;
    switch (change) {
      case 'append':
        sign();
        if (transaction) {
          // All of it stands on what was read, so that this is as good as an update.
          draft.set('log', [...(draft.get('log') ?? []), token]);
        } else {
          draft.update('log', (log = []) => {
            if (tokens.includes(token)) {
              events.again();
            }
            return [...log, token];
          });
        }
        tokens.push(token);
        break;
      case 'set':
        sign();
        draft.set(key, token);
        mark = { key, value: token };
        break;
      case 'unset':
        draft.unset(key);
        mark = { key, value: undefined };
        break;
      case 'clear':
        draft.clear();
        sign();
        tokens = [];
        mark = undefined;
        break;
    }
  }
  const clears = changes.includes('clear');
  switch (fate) {
    case 'destroy':
      draft.destroy();
      return DESTRUCTION;
    case 'regenerate':
      draft.regenerate();
      return { tokens, clears, mark, fate, user: undefined };
    case 'login':
    case 'switch user':
      sign();
      return { tokens, clears, mark, fate: 'login', user: draft.userId };
    default:
      return { tokens, clears, mark, fate: 'keep', user: undefined };
  }
}

/** What is wanted of a session that is left by a sign-out. */
export const DESTRUCTION: Wish = { tokens: [], clears: false, mark: undefined, fate: 'destroy', user: undefined };

/** What a request sees of a living session, before it acts. */
export function sightOf(draft: Session<Data>, { commits }: SessionHistory): Sight {
  const keys = new Set(commits.flatMap(({ mark }) => (mark === undefined ? [] : [mark.key as `mark ${string}`])));
  return {
    log: draft.get('log') ?? [],
    marks: new Map([...keys].map((key) => [key, draft.get(key)])),
    user: draft.userId,
    createdAt: timeOf(draft.createdAt),
    expiresAt: timeOf(draft.expiresAt),
    deadline: timeOf(draft.deadline),
  };
}

function timeOf(date: Date | undefined): number {
  return date?.getTime() ?? Number.NaN;
}
