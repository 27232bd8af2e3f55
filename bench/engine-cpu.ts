import { MemoryStore } from 'cdk-sessions-client/memory';
import type { SessionEngine } from '../lib/client/engine.js';
import { cpuPerRun, type Way } from './cpu.js';
import { begin, engineOn } from './ours.js';
import { printTable } from './table.js';
import { type VisitorData, visitorData } from './visitor-data.js';

const REPETITION = { rounds: 25, runsPerRound: 2000, inFlight: 1 };

/** A store whose data is never compressed: what the engine takes without that. */
class PlainStore extends MemoryStore {
  readonly compressAbove = Number.POSITIVE_INFINITY;
}

/** Prints the CPU time of the engine alone, on a store in memory. */
export async function printEngineCpu(): Promise<void> {
  const sizes = [1024, 20 * 1024];
  const columns = await Promise.all(sizes.map(prepare));
  const times = await cpuPerRun(columns.flat(), REPETITION);
  const labels = columns[0]?.map(({ label }) => label) ?? [];
  const rows = labels.map((label, row) => [
    label,
    ...sizes.map((_, column) => (times[column * labels.length + row] ?? Number.NaN).toFixed(1)),
  ]);
  printTable('CPU of the engine itself, on a store in memory, µs', ['request', '1 KB', '20 KB'], rows);
}

async function prepare(bytes: number): Promise<Way[]> {
  const engine = engineOn(new MemoryStore(), Date.now);
  const cookie = [await begin(engine, visitorData(bytes))];
  const plainEngine = engineOn(new PlainStore(), Date.now);
  const plainCookie = [await begin(plainEngine, visitorData(bytes))];
  return [
    { label: 'load', run: () => engine.load(cookie) },
    { label: 'load, commit unchanged', run: async () => engine.commit(await engine.load(cookie)) },
    { label: 'load, one update, commit', run: () => update(engine, cookie) },
    { label: 'load, one update, commit, uncompressed', run: () => update(plainEngine, plainCookie) },
  ];
}

async function update(engine: SessionEngine<VisitorData>, cookie: readonly string[]): Promise<unknown> {
  const session = await engine.load(cookie);
  session.update('clicks', (clicks = 0) => clicks + 1);
  return engine.commit(session);
}
