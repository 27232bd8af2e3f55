import type { Identified } from './record-access.js';
import { type SaveContext, type Saved, saveChanges, type Whereabouts } from './saves.js';
import type { SessionDraft } from './session-draft.js';

/** What a request that waited does when its wait is over. */
type Next = () => Promise<Whereabouts | undefined>;

/** A request that waits for the save that is under way. */
interface Waiting {
  readonly draft: SessionDraft<object>;
  /** Makes the request save for all of them, beginning with the session as the save before left it. */
  readonly lead: (group: readonly Waiting[], from: Identified | undefined) => void;
  /** Lets the request go on with what another one's save for all of them came to. */
  readonly follow: (saved: Promise<Saved>) => void;
}

/**
 * Parallel saves of one session within one process. The first goes its way at once; those that come while it is under
 * way wait, and are then saved together, in one write, by the first of them:
 *
 *     a ──save──►
 *       b c d wait  ──save of b, c and d by b──►
 *                     e f wait                  ──save of e and f by e──►
 *
 * Nobody waits longer than for as long as its own save might take: each save is bounded by the time that is left to the
 * request that leads it, which set out before those that follow. There are never more waiting than requests under way.
 */
export class SaveGroups {
  /** By the name of the session's key: those that wait, while a save is under way. */
  readonly #queues = new Map<string, Waiting[]>();

  /** Saves a request's changes. Resolves to where the session lives, or `undefined` if it ended. */
  async save(context: SaveContext, draft: SessionDraft<object>, start: Identified): Promise<Whereabouts | undefined> {
    const name = Buffer.from(start.key).toString('base64url');
    const queue = this.#queues.get(name);
    if (queue === undefined) {
      const own: Waiting[] = [];
      this.#queues.set(name, own);
      return lead(context, draft, [], start, (at) => this.#handOver(name, own, at));
    }
    const next = await new Promise<Next>((resolve) => {
      queue.push({
        draft,
        lead: (followers, from) =>
          resolve(() => lead(context, draft, followers, from ?? start, (at) => this.#handOver(name, queue, at))),
        follow: (saved) => resolve(async () => whereabouts(await saved, draft)),
      });
    });
    return next();
  }

  #handOver(name: string, queue: Waiting[], at: Identified | undefined): void {
    const [first, ...others] = queue.splice(0);
    if (first === undefined) {
      this.#queues.delete(name);
    } else {
      first.lead(others, at);
    }
  }
}

/** Saves for a request and those that follow it, and lets them, and then the next group, go on. */
async function lead(
  context: SaveContext,
  draft: SessionDraft<object>,
  followers: readonly Waiting[],
  start: Identified,
  handOver: (at: Identified | undefined) => void,
): Promise<Whereabouts | undefined> {
  const saved = saveChanges(context, [draft, ...followers.map((follower) => follower.draft)], start);
  let at: Identified | undefined;
  try {
    ({ at } = await saved);
    return whereabouts(await saved, draft);
  } finally {
    for (const { follow } of followers) {
      follow(saved);
    }
    handOver(at);
  }
}

function whereabouts({ at, refused }: Saved, draft: SessionDraft<object>): Whereabouts | undefined {
  if (refused.has(draft)) {
    throw refused.get(draft);
  }
  return at && { id: at.id, deadline: at.stored.deadline };
}
