/**
 * `npm run bench:units`: what sessions consume of a DynamoDB table, per 1,000 requests of one visitor who clicks every
 * 30 seconds. The table is the synthesized one on an emulator that reports consumed capacity as DynamoDB does.
 */
import { DynamoDBClient, GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBStore, type DynamoDBTransport } from 'cdk-sessions-client/dynamodb';
import { startSessionTable } from '../test/support/session-table.js';
import { begin, engineOn } from './ours.js';
import { noisyData, type VisitorData, visitorData } from './visitor-data.js';

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
      return output;
    },
    deleteItem: () => Promise.reject(new Error('nobody signs out here')),
  };
}

async function measure(
  client: DynamoDBClient,
  table: string,
  data: VisitorData,
  modify: boolean,
): Promise<Consumption> {
  let now = Date.UTC(2030, 0, 1);
  const clock = () => now;
  const consumption = new Consumption();
  const engine = engineOn(new DynamoDBStore({ table, clock, transport: meter(client, consumption) }), clock);
  const cookie = await begin(engine, data);
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
    console.log(`per ${REQUESTS} requests                   reads  writes  touches  read units  write units`);
    for (const [label, data] of [
      ['1 KB', visitorData(1024)],
      ['4 KB', visitorData(4096)],
      ['20 KB', visitorData(20 * 1024)],
      ['20 KB of noise', noisyData(20 * 1024)],
    ] as const) {
      for (const modify of [false, true]) {
        const { calls, units } = await measure(client, live.table, data, modify);
        const columns = [calls.GetItem, calls.PutItem, calls.UpdateItem, units.read, units.write];
        const widths = [7, 8, 9, 12, 13];
        const row = columns.map((value, index) => String(value).padStart(widths[index] ?? 0)).join('');
        console.log(`${label.padStart(16)}, ${(modify ? 'modifying' : 'read-only').padEnd(14)}${row}`);
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
