import { RedisFailure, redisTransport } from 'cdk-sessions-client/redis';
import { failureOf } from '../../../lib/client/stores/redis-transport';
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
  expect(failureOf(replyError(message))).toMatchObject({ outcome: 'refused', word });
});

test('a fault in a script itself stays what it is', () => {
  const message = 'ERR Error running script (call to f_1028a5db): @user_script:4: attempt to index a nil value';
  expect(failureOf(replyError(message))).toMatchObject({ outcome: 'refused', word: 'ERR', message });
});

test('a script that a replica of Redis 6.2 refused is run over a connection to the primary', async () => {
  const server = await FakeRedis.start(
    afterHandshake(() => (server.connections === 1 ? `-${UNTIL_6_2}READONLY replica\r\n` : ':1\r\n')),
  );
  expect(await connectionsTo(server).send('key', ['EVALSHA', '1028a5db', 1, 'key'])).toBe(1);
  expect(server.connections).toBe(2);
  await server.stop();
});

test('an error that stands for several, one for each address of a name, is known by its code', () => {
  const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
  expect(failureOf(refused)).toEqual(new RedisFailure('lost', 'ECONNREFUSED'));
});

test.each([
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
])('without a connection to write to, nothing was sent: %s', (message) => {
  expect(failureOf(new Error(message))).toEqual(new RedisFailure('unsent', message));
});

test('what a server repeats of a command is not in its failure', async () => {
  const message = "ERR unknown command 'GETT', with args beginning with: 'session:secret'";
  const transport = redisTransport({ callBuffer: () => Promise.reject(replyError(message)) });
  const failure = await transport.send('key', ['GETT', 'session:secret']).catch((error: unknown) => error);
  expect(failure).toEqual(new RedisFailure('refused', "ERR unknown command 'GETT'"));
});
