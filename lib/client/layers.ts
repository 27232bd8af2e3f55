import type { Outcome, Proposal } from './proposal.js';
import type { SessionData } from './session-data.js';

/** What the proposals of several requests make of a session's data, one on top of the other. */
export interface Layers extends Outcome {
  /** Those that could not be applied, and why. They hold up none of the others. */
  readonly refused: ReadonlyMap<Proposal, unknown>;
}

export function layersOn(base: SessionData, proposals: readonly Proposal[]): Layers {
  return (proposals.length > 1 ? inOneGo(base, proposals) : undefined) ?? oneByOne(base, proposals);
}

/** Reads the data once and writes it once, however many the requests. `undefined` if that does not go well. */
function inOneGo(base: SessionData, proposals: readonly Proposal[]): Layers | undefined {
  const [first] = proposals;
  if (first === undefined || proposals.some(({ exclusive }) => exclusive)) {
    return undefined;
  }
  try {
    const values = first.read(base);
    const contested = proposals.flatMap((proposal) => proposal.applyTo(values));
    return { data: first.write(values), contested, refused: new Map() };
  } catch {
    // Whose fault it was, and what it was, is found out one by one.
    return undefined;
  }
}

function oneByOne(base: SessionData, proposals: readonly Proposal[]): Layers {
  let data = base;
  const contested: string[] = [];
  const refused = new Map<Proposal, unknown>();
  for (const proposal of proposals) {
    try {
      const outcome = proposal.on(data);
      contested.push(...outcome.contested);
      data = outcome.data;
    } catch (error) {
      refused.set(proposal, error);
    }
  }
  return { data, contested, refused };
}
