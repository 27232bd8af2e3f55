/**
 * `npm run bench`: what sessions cost, next to express-session with connect-dynamodb on the same stub of DynamoDB and
 * next to the SDK's bare call; what their encryption costs, next to `node:crypto` by hand and to iron-session; and what
 * they cost on a real `redis-server`, next to bare commands and to connect-redis; and how many requests Express serves
 * with them. It tells the targets that are not met; trust the ratios, times depend on the machine.
 *
 * Bundled first, as applications are: a loader's helper code in every function would count as the client's.
 */
import { printConsumption } from './consumption.js';
import { printEngineCpu } from './engine-cpu.js';
import { printExpress } from './express.js';
import { printLoadCpu } from './load-cpu.js';
import { printParallel } from './parallel.js';
import { printRedis } from './redis.js';
import { printSealing } from './sealing.js';
import { startStub } from './stub-process.js';

async function main(): Promise<void> {
  const stub = await startStub();
  try {
    // The SDK finds these by itself, in our client as in the peer's.
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_DYNAMODB: stub.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    await printConsumption(stub);
    await printParallel(stub);
    await printLoadCpu();
    await printEngineCpu();
    await printSealing();
    await printRedis();
    await printExpress();
  } finally {
    stub.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
