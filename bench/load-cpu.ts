import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { keyOf } from '../lib/client/session-id.js';
import { CLIENT } from '../lib/client/stores/dynamodb-sdk.js';
import { parseCookieValue } from '../lib/contract/cookie.js';
import { STANDARD_POLICY } from '../lib/contract/policy.js';
import { SESSION_ITEM } from '../lib/contract/record.js';
import { cpuPerRun } from './cpu.js';
import { begin, engineOn } from './ours.js';
import { startPeer } from './peer.js';
import { printTable } from './table.js';
import { visitorData } from './visitor-data.js';

/** How much more than the SDK's own call a load may take. */
const TARGET = 0.1;

const REPETITION = { rounds: 25, runsPerRound: 400 };

/** Prints the CPU time of loading a session next to that of the one SDK call which nobody gets around. */
export async function printLoadCpu(): Promise<void> {
  const rows: string[][] = [];
  for (const [size, bytes] of [
    ['1 KB', 1024],
    ['20 KB', 20 * 1024],
  ] as const) {
    for (const inFlight of [1, 16]) {
      rows.push(...(await measure(size, bytes, inFlight)));
    }
  }
  printTable(
    `CPU of a load, medians of ${REPETITION.rounds} interleaved rounds`,
    ['session', 'in flight', 'way', 'µs', 'over the bare call', 'target', ''],
    rows,
  );
}

async function measure(size: string, bytes: number, inFlight: number): Promise<string[][]> {
  const client = new DynamoDBClient({});
  const ourClient = new DynamoDBClient(CLIENT);
  const engine = engineOn(new DynamoDBStore({ table: 'ours' }), Date.now);
  const cookie = await begin(engine, visitorData(bytes));
  const key = { [SESSION_ITEM.key]: { B: keyOf(idIn(cookie)) } };
  const peer = await startPeer(visitorData(bytes));
  const peerCookie = (await peer.request('/begin')) ?? '';
  const getItem = () => new GetItemCommand({ TableName: 'ours', Key: key, ConsistentRead: true });
  const bare = () => client.send(getItem());
  const ways = [
    { label: 'bare GetItem', run: bare },
    // Twice, for what the difference between two measurements of the same thing is.
    { label: 'bare GetItem, again', run: bare },
    // How much of ours is won by setting the client up, which any application could do.
    { label: 'bare GetItem, client set up as ours', run: () => ourClient.send(getItem()) },
    { label: 'cdk-sessions load', run: () => engine.load([cookie]) },
    { label: 'connect-dynamodb get', run: () => peer.load(peerCookie) },
  ];
  const times = await cpuPerRun(ways, { ...REPETITION, inFlight });
  peer.stop();
  client.destroy();
  ourClient.destroy();
  const [bareTime = Number.NaN] = times;
  return ways.map(({ label }, index) => {
    const time = times[index] ?? Number.NaN;
    const over = time / bareTime - 1;
    const judged = label === 'cdk-sessions load';
    return [
      index === 0 ? size : '',
      index === 0 ? String(inFlight) : '',
      label,
      time.toFixed(0),
      index === 0 ? '' : `${over >= 0 ? '+' : ''}${(over * 100).toFixed(1)} %`,
      judged ? `+${TARGET * 100} %` : '',
      judged ? (over <= TARGET ? 'met' : 'not met') : '',
    ];
  });
}

function idIn(cookie: string): string {
  const value = parseCookieValue(cookie.slice(STANDARD_POLICY.cookie.name.length + 1));
  if (value === undefined) {
    throw new Error(`no session id in the cookie ${cookie}`);
  }
  return value.id;
}
