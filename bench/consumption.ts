import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { begin, engineOn } from './ours.js';
import { startPeer } from './peer.js';
import type { Consumption, Stub } from './stub-process.js';
import { printTable } from './table.js';
import { visitorData } from './visitor-data.js';

const REQUESTS = 1000;
const CLICK_EVERY = 30_000;

/** Prints what the requests of a visitor who clicks every 30 seconds consume of a table, ours and the peer's. */
export async function printConsumption(stub: Stub): Promise<void> {
  const rows: string[][] = [];
  for (const [size, bytes] of [
    ['1 KB', 1024],
    ['20 KB', 20 * 1024],
  ] as const) {
    for (const use of ['read', 'modify'] as const) {
      const target = TARGETS[`${size}, ${use}`];
      const ours = await ofOurs(stub, bytes, use);
      const peers = await ofPeer(stub, bytes, use);
      rows.push([
        `${size}, ${use}`,
        'cdk-sessions',
        ...columns(ours),
        target?.text ?? '',
        target ? verdict(target.met(ours)) : '',
      ]);
      rows.push(['', 'express-session + connect-dynamodb', ...columns(peers), '', '']);
    }
  }
  printTable(
    `per ${REQUESTS.toLocaleString('en')} requests, one click per 30 s, idle timeout 30 min`,
    ['session', 'by', 'reads', 'read units', 'writes', 'write units', 'target', ''],
    rows,
  );
}

interface Target {
  readonly text: string;
  readonly met: (consumption: Consumption) => boolean;
}

const TARGETS: Readonly<Record<string, Target>> = {
  '1 KB, read': {
    text: '1,000 read units, 170 writes',
    met: ({ readUnits, writes }) => readUnits <= 1000 && writes <= 170,
  },
  '20 KB, modify': {
    text: '7,000 write units',
    met: ({ writeUnits }) => writeUnits <= 7000,
  },
};

async function ofOurs(stub: Stub, bytes: number, use: 'read' | 'modify'): Promise<Consumption> {
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const engine = engineOn(new DynamoDBStore({ table: 'ours', clock }), clock);
  const cookie = await begin(engine, visitorData(bytes));
  await stub.consumption();
  for (let request = 0; request < REQUESTS; request++) {
    now += CLICK_EVERY;
    const session = await engine.load([cookie]);
    if (session.get('csrfToken') === undefined) {
      throw new Error(`the session was lost at request ${request}`);
    }
    if (use === 'modify') {
      session.update('clicks', (clicks = 0) => clicks + 1);
    }
    await engine.commit(session);
  }
  return stub.consumption();
}

/** The peer writes at every request, whenever it comes: it needs no clock that moves. */
async function ofPeer(stub: Stub, bytes: number, use: 'read' | 'modify'): Promise<Consumption> {
  const peer = await startPeer(visitorData(bytes));
  try {
    const cookie = await peer.request('/begin');
    await stub.consumption();
    for (let request = 0; request < REQUESTS; request++) {
      await peer.request(`/${use}`, cookie);
    }
    return await stub.consumption();
  } finally {
    peer.stop();
  }
}

function columns({ reads, readUnits, writes, writeUnits }: Consumption): string[] {
  return [reads, readUnits, writes, writeUnits].map((count) => count.toLocaleString('en'));
}

function verdict(met: boolean): string {
  return met ? 'met' : 'not met';
}
