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

/** What one run takes, in microseconds. */
export interface Cost {
  /** CPU time of this process. */
  readonly cpu: number;
  /** From its beginning to its end, the median. */
  readonly p50: number;
}

/** CPU time of this process per run, in microseconds, for each way in turn. */
export async function cpuPerRun(ways: readonly Way[], repetition: Repetition): Promise<number[]> {
  return (await costPerRun(ways, repetition)).map(({ cpu }) => cpu);
}

/**
 * What a run costs, for each way in turn. The ways take turns in every round, so that what else the machine does hits all
 * of them, and the median of the rounds leaves out those that it hit hardest.
 */
export async function costPerRun(ways: readonly Way[], repetition: Repetition): Promise<Cost[]> {
  const measured = ways.map((): Cost[] => []);
  const warmUp = Math.ceil(repetition.rounds / 5);
  for (let round = 0; round < warmUp + repetition.rounds; round++) {
    // Each round begins with another way: garbage that one leaves behind is collected while the next one runs.
    const first = round % ways.length;
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      const cost = await costOf(way, repetition);
      if (round >= warmUp) {
        measured[ways.indexOf(way)]?.push(cost);
      }
    }
  }
  return measured.map((costs) => ({
    cpu: median(costs.map(({ cpu }) => cpu)),
    p50: median(costs.map(({ p50 }) => p50)),
  }));
}

async function costOf({ run }: Way, { runsPerRound, inFlight }: Repetition): Promise<Cost> {
  const durations: number[] = [];
  const before = process.cpuUsage();
  let begun = 0;
  const worker = async () => {
    while (begun < runsPerRound) {
      begun++;
      const start = performance.now();
      await run();
      durations.push((performance.now() - start) * 1000);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / runsPerRound, p50: median(durations) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
