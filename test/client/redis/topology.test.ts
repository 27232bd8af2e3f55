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
  node = new RedisNode({ host, port, cluster: false }, context);
  topology = new SingleNode(node);
});
afterEach(() => server.stop());

test('one server has every key, and need not be asked for it', async () => {
  expect(topology.nodeOf()).toBe(node);
  expect(await topology.findNode()).toBe(node);
  expect(server.connections).toBe(0);
});

describe.each(['READONLY', 'MASTERDOWN', 'NOAUTH'])('who answers %s', (word) => {
  const failure = new RedisFailure('refused', `${word} as it says`);

  test('is not the server any more, or takes us for nobody', async () => {
    const link = await node.connect();
    expect(topology.learn(failure, { node, link })).toBeUndefined();
    expect(node.link).toBeUndefined();
  });

  test('over a connection that was replaced since says nothing of the new one', async () => {
    const old = await node.connect();
    node.release();
    const link = await node.connect();
    topology.learn(failure, { node, link: old });
    topology.learn(failure, { node });
    expect(node.link).toBe(link);
  });
});

test.each([
  new RedisFailure('refused', 'LOADING data'),
  new RedisFailure('unsent', 'too many wait'),
  new RedisFailure('lost', 'READONLY'),
])('after another failure (%j) the connection stays', async (failure) => {
  const link = await node.connect();
  topology.learn(failure, { node, link });
  expect(node.link).toBe(link);
});
