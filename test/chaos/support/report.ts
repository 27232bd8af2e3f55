import { longestRequest, type Outcome } from './trial';

const HEADINGS = ['fault', 'requests', 'failed', 'longest', 'lost', 'recovery'] as const;

/** Prints what became of the visitors of each fault. */
export function report(outcomes: readonly Outcome[]): void {
  const rows = outcomes.map((outcome) => [
    outcome.fault,
    String(outcome.requests.length),
    String(outcome.failed.length),
    `${Math.round(longestRequest(outcome))} ms`,
    String(outcome.lost.length),
    `${Math.round(outcome.recovery)} ms`,
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = [HEADINGS, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  );
  process.stdout.write(`\n${lines.join('\n')}\n`);
}
