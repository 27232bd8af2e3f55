/** One of the ways that are compared. */
export interface Way {
  readonly label: string;
  readonly run: () => Promise<unknown>;
}

/** How often a way is repeated, and how. */
export interface Repetition {
  readonly rounds: number;
  readonly runsPerRound: number;
  /** How many runs are under way at the same time. */
  readonly inFlight: number;
}

/**
 * CPU time of this process per run, in microseconds, for each way in turn. The ways take turns in every round, so that
 * what else the machine does hits all of them, and the median of the rounds leaves out those that it hit hardest.
 */
export async function cpuPerRun(ways: readonly Way[], repetition: Repetition): Promise<number[]> {
  const measured = ways.map((): number[] => []);
  const warmUp = Math.ceil(repetition.rounds / 5);
  for (let round = 0; round < warmUp + repetition.rounds; round++) {
    // Each round begins with another way: garbage that one leaves behind is collected while the next one runs.
    const first = round % ways.length;
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      const time = await cpuOf(way, repetition);
      if (round >= warmUp) {
        measured[ways.indexOf(way)]?.push(time);
      }
    }
  }
  return measured.map(median);
}

async function cpuOf({ run }: Way, { runsPerRound, inFlight }: Repetition): Promise<number> {
  const before = process.cpuUsage();
  let begun = 0;
  const worker = async () => {
    while (begun < runsPerRound) {
      begun++;
      await run();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / runsPerRound;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
