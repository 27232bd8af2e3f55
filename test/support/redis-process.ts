/**
 * A process of its own that asks a server something for each line that it is given, and prints what came of it: for what
 * a test cannot do to its own process. Arguments: the server's host and port.
 */
import { createInterface } from 'node:readline';
import type { RedisFailure } from 'cdk-sessions-client/redis';
import { connectionsTo } from './redis-connections';

const [, , host = '', port] = process.argv;
const transport = connectionsTo({ host, port: Number(port) });

createInterface({ input: process.stdin }).on('line', (key) => {
  transport.send(key, ['GET', key]).then(
    (value) => console.log(`answer: ${value}`),
    ({ outcome, message }: RedisFailure) => console.log(`${outcome}: ${message}`),
  );
});
