/**
 * `npm run bench:units`: what sessions consume of a DynamoDB table, per 1,000 requests of one visitor who clicks every
 * 30 seconds. The table is the synthesized one on an emulator that reports consumed capacity as DynamoDB does.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStore, type DynamoDBTransport } from 'cdk-sessions-client/dynamodb';
import { SessionEngine } from '../lib/client/engine.js';
import { HookCaller } from '../lib/client/hooks.js';
import { STANDARD_POLICY } from '../lib/contract/policy.js';
import { startSessionTable } from '../test/support/session-table.js';

const REQUESTS = 1000;
const CLICK_EVERY = 30_000;

/** Calls and units that were consumed. */
class Consumption {
  calls = { GetItem: 0, PutItem: 0, UpdateItem: 0 };
  units = { read: 0, write: 0 };
}

function meter(client: DynamoDBClient, consumption: Consumption): DynamoDBTransport {
  const metered = { ReturnConsumedCapacity: 'TOTAL' } as const;
  return {
    getItem: async (input) => {
      const output = await client.send(new GetItemCommand({ ...input, ...metered }));
      consumption.calls.GetItem++;
      consumption.units.read += output.ConsumedCapacity?.CapacityUnits ?? Number.NaN;
      return output;
    },
    putItem: async (input) => {
      const output = await client.send(new PutItemCommand({ ...input, ...metered }));
      consumption.calls.PutItem++;
      consumption.units.write += output.ConsumedCapacity?.CapacityUnits ?? Number.NaN;
    },
    updateItem: async (input) => {
      const output = await client.send(new UpdateItemCommand({ ...input, ...metered }));
      consumption.calls.UpdateItem++;
      consumption.units.write += output.ConsumedCapacity?.CapacityUnits ?? Number.NaN;
    },
    deleteItem: () => Promise.reject(new Error('nobody signs out here')),
  };
}

async function measure(client: DynamoDBClient, table: string, bytes: number, modify: boolean): Promise<Consumption> {
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const consumption = new Consumption();
  const store = new DynamoDBStore({ table, clock, transport: meter(client, consumption) });
  const engine = new SessionEngine<{ filler: string; clicks: number }>({
    store,
    policy: STANDARD_POLICY,
    clock,
    callTimeout: 10_000,
    hooks: new HookCaller(),
  });
  const first = await engine.load([]);
  first.set('filler', 'x'.repeat(bytes));
  first.set('clicks', 0);
  const cookie = (await engine.commit(first)).setCookie?.split(';')[0] ?? '';
  Object.assign(consumption, new Consumption());
  for (let request = 0; request < REQUESTS; request++) {
    now += CLICK_EVERY;
    const session = await engine.load([cookie]);
    if (modify) {
      session.update('clicks', (clicks = 0) => clicks + 1);
    }
    await engine.commit(session);
  }
  return consumption;
}

async function main(): Promise<void> {
  const live = await startSessionTable('dynalite');
  try {
    const client = new DynamoDBClient({
      endpoint: live.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    console.log(`per ${REQUESTS} requests          reads  writes  touches  read units  write units`);
    for (const [label, bytes] of [
      ['0.7 KB', 700],
      ['3 KB', 3000],
      ['20 KB', 20_000],
    ] as const) {
      for (const modify of [false, true]) {
        const { calls, units } = await measure(client, live.table, bytes, modify);
        const columns = [calls.GetItem, calls.PutItem, calls.UpdateItem, units.read, units.write];
        const widths = [7, 8, 9, 12, 13];
        const row = columns.map((value, index) => String(value).padStart(widths[index] ?? 0)).join('');
        console.log(`${label.padStart(7)}, ${(modify ? 'modifying' : 'read-only').padEnd(14)}${row}`);
      }
    }
  } finally {
    await live.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
