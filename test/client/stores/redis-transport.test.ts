import { RedisFailure, redisTransport } from 'cdk-sessions-client/redis';
import { refusal } from '../../../lib/client/stores/redis-transport';
import { afterHandshake, FakeRedis } from '../../support/fake-redis';
import { connectionsTo } from '../../support/redis-connections';

/** An error as the libraries make it of what a server answers. */
function replyError(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

const UNTIL_6_2 = 'ERR Error running script (call to f_1028a5db): @user_script:4: @user_script: 4: -';

test.each([
  [`${UNTIL_6_2}READONLY You can't write against a read only replica.`, 'READONLY'],
  [`${UNTIL_6_2}OOM command not allowed when used memory > 'maxmemory'.`, 'OOM'],
  ["READONLY You can't write against a read only replica. script: 1028a5db, on @user_script:4.", 'READONLY'],
])('what refuses a command in a script is known in any release of Redis: %s', (message, word) => {
  expect(refusal(message)).toMatchObject({ outcome: 'refused', word });
});

test('a fault in a script itself stays what it is', () => {
  const message = 'ERR Error running script (call to f_1028a5db): @user_script:4: attempt to index a nil value';
  expect(refusal(message)).toMatchObject({ outcome: 'refused', word: 'ERR', message });
});

test('a script that a replica of Redis 6.2 refused is run over a connection to the primary', async () => {
  const server = await FakeRedis.start(
    afterHandshake(() => (server.connections === 1 ? `-${UNTIL_6_2}READONLY replica\r\n` : ':1\r\n')),
  );
  expect(await connectionsTo(server).send('key', ['EVALSHA', '1028a5db', 1, 'key'])).toBe(1);
  expect(server.connections).toBe(2);
  await server.stop();
});

/** What becomes of a client's error. */
function failureOf(error: Error): Promise<unknown> {
  const transport = redisTransport({ callBuffer: () => Promise.reject(error) });
  return transport.send('key', ['GET', 'key']).catch((failure: unknown) => failure);
}

test('an error that stands for several, one for each address of a name, is known by its code', async () => {
  const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
  expect(await failureOf(refused)).toEqual(new RedisFailure('lost', 'ECONNREFUSED'));
});

test.each([
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
])('without a connection to write to, nothing was sent: %s', async (message) => {
  expect(await failureOf(new Error(message))).toEqual(new RedisFailure('unsent', message));
});

test('what a server repeats of a command is not in its failure', async () => {
  const message = "ERR unknown command 'GETT', with args beginning with: 'session:secret'";
  expect(await failureOf(replyError(message))).toEqual(new RedisFailure('refused', "ERR unknown command 'GETT'"));
});
