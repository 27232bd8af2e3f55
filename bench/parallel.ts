import { join } from 'node:path';
import { CONTRACT_VERSION, SESSIONS_VARIABLE, type SessionContract } from '../lib/contract/environment.js';
import { STANDARD_POLICY } from '../lib/contract/policy.js';
import { type ParallelLoad, ParallelVisit } from './parallel-visit.js';
import type { Stub } from './stub-process.js';
import { printTable } from './table.js';

const LOADS: readonly ParallelLoad[] = [
  { processes: 4, requestsEach: 50, path: '/set' },
  { processes: 4, requestsEach: 50, path: '/count' },
  { processes: 20, requestsEach: 1, path: '/count' },
];

const CONTRACT: SessionContract = {
  version: CONTRACT_VERSION,
  stores: { primary: { kind: 'dynamodb', table: 'ours' } },
  policy: STANDARD_POLICY,
};

/** Prints what it takes of a table to save one session in many requests to many processes at once, and lose nothing. */
export async function printParallel(stub: Stub): Promise<void> {
  process.env[SESSIONS_VARIABLE] = JSON.stringify(CONTRACT);
  const rows: string[][] = [];
  for (const load of LOADS) {
    rows.push(await measure(stub, load));
  }
  printTable(
    'parallel requests that all loaded one session before the first saved it; one by one, each takes a read and a write',
    [
      'processes',
      'requests each',
      'each',
      'kept',
      'calls',
      'reads',
      'writes',
      'of which refused',
      '503s',
      'ms until saved',
    ],
    rows,
  );
}

async function measure(stub: Stub, load: ParallelLoad): Promise<string[]> {
  const visit = await ParallelVisit.begin(join(__dirname, 'parallel-worker.js'), load);
  try {
    await stub.consumption();
    const served = await visit.serve();
    const { reads, writes, refusedWrites } = await stub.consumption();
    const { begun, count, ...own } = await visit.held();
    const kept = count ?? Object.keys(own).length;
    const refused = served.reduce((sum, request) => sum + request.savesRefused, 0);
    const time = served.reduce((sum, request) => sum + request.milliseconds, 0) / served.length;
    return [
      String(load.processes),
      String(load.requestsEach),
      load.path === '/set' ? 'sets a key of its own' : 'counts in one key',
      ...[kept, reads + writes, reads, writes, refusedWrites, refused, Math.round(time)].map((number) =>
        number.toLocaleString('en'),
      ),
    ];
  } finally {
    await visit.stop();
  }
}
