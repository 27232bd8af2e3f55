import type { Proposal } from './proposal.js';
import type { Identified } from './record-access.js';
import type { SaveContext, Whereabouts } from './save-context.js';
import { type Saved, saveChanges, whereaboutsOf } from './saves.js';
import { isLater } from './version.js';

/** What a request that waited does when its wait is over. */
type Next = () => Promise<Whereabouts | undefined>;

/** A request that takes part in a save. */
interface Member {
  readonly proposal: Proposal;
  /** Lets it go on with what another one's save for all of them came to. */
  readonly goOnWith: (saved: Promise<Saved>) => void;
}

/** A request that waits for the save that is under way. */
interface Waiting extends Member {
  /** The session as it found it. */
  readonly start: Identified;
  /** How many milliseconds it has left: none, once it gave up. */
  readonly remaining: () => number;
  /** Makes it save for the whole group, itself among them, on what is known of the session by now. */
  readonly saveFor: (group: readonly Member[], from: Identified | undefined) => void;
}

/**
 * Parallel saves of one session within one process. The first goes its way at once; those that come while it is under
 * way wait, and are then saved together, in one write, by the one of them that has the most time left:
 *
 *     a ──save──►
 *       b c d wait  ──save of b, c and d──►
 *                     e f wait             ──save of e and f──►
 *
 * Each waits for as long as its own time allows. There are never more waiting than requests under way.
 */
export class SaveGroups {
  /** By the name of the session's key: those that wait, while a save is under way. */
  readonly #queues = new Map<string, Waiting[]>();

  /** Saves what a request changed. Resolves to where the session lives, or `undefined` if it ended. */
  async save(context: SaveContext, proposal: Proposal, start: Identified): Promise<Whereabouts | undefined> {
    const name = Buffer.from(start.key).toString('base64url');
    const present = this.#queues.get(name);
    const queue = present ?? [];
    const saveFor = (group: readonly Member[], from: Identified) =>
      saveTogether(context, proposal, group, from, (at) => this.#handOver(name, queue, at));
    if (present === undefined) {
      this.#queues.set(name, queue);
      return saveFor([{ proposal, goOnWith: () => undefined }], start);
    }
    const { budget } = context.records;
    let gaveUp = false;
    const turn = new Promise<Next>((resolve) => {
      queue.push({
        proposal,
        start,
        goOnWith: (saved) => resolve(async () => outcomeOf(await saved, proposal)),
        remaining: () => (gaveUp ? 0 : budget.remaining),
        saveFor: (group, from) => resolve(() => saveFor(group, from ?? start)),
      });
    });
    const next = await budget.wait('other saves of the session', turn).catch((error: unknown) => {
      gaveUp = true;
      throw error;
    });
    return next();
  }

  #handOver(name: string, queue: Waiting[], at: Identified | undefined): void {
    // Who gave up must not be saved any more: nobody would hear of it.
    const group = queue.splice(0).filter(({ remaining }) => remaining() > 0);
    const [chosen] = [...group].sort((one, other) => other.remaining() - one.remaining());
    if (chosen === undefined) {
      this.#queues.delete(name);
    } else {
      chosen.saveFor(group, at && newest(at, group));
    }
  }
}

/**
 * The session as the save before left it, or as one of those who waited found it: that save may have been answered long
 * after it was made, and others have saved meanwhile.
 */
function newest(at: Identified, group: readonly Waiting[]): Identified {
  const found = group.map(({ start }) => start).filter(({ id }) => id === at.id);
  return found.reduce((known, start) => (isLater(start.stored.version, known.stored.version) ? start : known), at);
}

/** Saves for the members of a group, lets those that wait go on, and hands over to who came meanwhile. */
async function saveTogether(
  context: SaveContext,
  own: Proposal,
  group: readonly Member[],
  start: Identified,
  handOver: (at: Identified | undefined) => void,
): Promise<Whereabouts | undefined> {
  const saved = saveChanges(
    context,
    group.map(({ proposal }) => proposal),
    start,
  );
  let at: Identified | undefined;
  try {
    ({ at } = await saved);
    return outcomeOf(await saved, own);
  } finally {
    for (const { goOnWith } of group) {
      goOnWith(saved);
    }
    handOver(at);
  }
}

function outcomeOf({ at, refused }: Saved, proposal: Proposal): Whereabouts | undefined {
  if (refused.has(proposal)) {
    throw refused.get(proposal);
  }
  return at && whereaboutsOf(at);
}
