import { Redis } from 'ioredis';
import { NO_CREDENTIALS } from '../../../lib/client/redis/credentials';
import { RedisNode } from '../../../lib/client/redis/node';
import { StandstillWatch } from '../../../lib/client/redis/standstill';
import { SingleNode } from '../../../lib/client/redis/topology';
import { RedisFailure } from '../../../lib/client/stores/redis-transport';
import { afterHandshake, FakeRedis } from '../../support/fake-redis';

let server: FakeRedis;
let node: RedisNode;
let topology: SingleNode;

beforeEach(async () => {
  server = await FakeRedis.start(afterHandshake(() => '+OK\r\n'));
  const { host, port } = server;
  const context = { credentials: NO_CREDENTIALS, watch: new StandstillWatch(), clock: Date.now };
  node = new RedisNode({ host, port, tls: false, library: { Redis } }, context);
  topology = new SingleNode(node);
});
afterEach(() => server.stop());

test('one server has every key, and need not be asked for it', async () => {
  expect(topology.nodeOf()).toBe(node);
  expect(await topology.findNode()).toBe(node);
  expect(server.connections).toBe(0);
});

test.each(['READONLY', 'NOAUTH'])('who answers %s is not the server any more, or takes us for nobody', async (word) => {
  await node.connect();
  expect(topology.learn(new RedisFailure('refused', `${word} as it says`))).toBeUndefined();
  expect(node.link).toBeUndefined();
});

test.each([
  new RedisFailure('refused', 'LOADING data'),
  new RedisFailure('unsent', 'too many wait'),
  new RedisFailure('lost', 'READONLY'),
])('after another failure (%j) the connection stays', async (failure) => {
  const link = await node.connect();
  topology.learn(failure);
  expect(node.link).toBe(link);
});
