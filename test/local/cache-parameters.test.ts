import { setParameter } from '../../lib/local/cache-parameters.js';
import { RedisServer } from '../../lib/local/redis-server.js';
import { removeFolders, temporaryFolder } from './fixture.js';

let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start({ folder: await temporaryFolder() });
});
afterAll(async () => {
  await server.stop();
  await removeFolders();
});

test.each([
  ['activedefrag', 'no'],
  ['active-defrag-cycle-max', '30'],
  ['hash-max-listpack-entries', '64'],
  ['lazyfree-lazy-expire', 'yes'],
  ['lfu-decay-time', '2'],
  ['maxmemory-policy', 'volatile-lru'],
  ['notify-keyspace-events', 'xE'],
  ['slowlog-max-len', '64'],
  ['stream-node-max-entries', '50'],
  ['timeout', '300'],
])('a server takes the parameter %s', async (name, value) => {
  expect(await setParameter(server, name, value)).toEqual([]);
  expect(await server.command('CONFIG', 'GET', name)).toEqual([name, value]);
});

test('whether a server is in a cluster was decided when it started', async () => {
  expect(await setParameter(server, 'cluster-enabled', 'yes')).toEqual([]);
  expect(await server.command('CONFIG', 'GET', 'cluster-enabled')).toEqual(['cluster-enabled', 'no']);
});

test.each(['appendonly', 'maxmemory', 'min-replicas-to-write', 'repl-backlog-size', 'reserved-memory-percent'])(
  'the parameter %s is about what there is not',
  async (name) => {
    expect(await setParameter(server, name, '1')).toEqual([
      `its parameter ${name} is not applied: it is about what a cache does not have here`,
    ]);
  },
);

test.each([
  ['bind', '0.0.0.0'],
  ['port', '1'],
  ['protected-mode', 'no'],
  ['tls-auth-clients', 'yes'],
  ['tls-port', '1'],
  ['unixsocket', '/tmp/redis.sock'],
  ['requirepass', 'open-sesame'],
  ['masterauth', 'open-sesame'],
  ['masteruser', 'mallory'],
  ['aclfile', '/tmp/users.acl'],
  ['acl-pubsub-default', 'allchannels'],
  ['acllog-max-len', '1'],
  ['dir', '/tmp'],
  ['dbfilename', 'authorized_keys'],
  ['logfile', '/tmp/redis.log'],
  ['save', '1 1'],
  ['replicaof', 'example.com 6379'],
  ['replica-announce-ip', '192.0.2.1'],
  ['slaveof', 'example.com 6379'],
  ['cluster-announce-ip', '192.0.2.1'],
  ['include', '/tmp/redis.conf'],
  ['loadmodule', '/tmp/module.so'],
  ['enable-debug-command', 'yes'],
  ['enable-protected-configs', 'yes'],
  ['set-proc-title', 'no'],
])('a group cannot change who reaches a server, or where that writes: not %s', async (name, value) => {
  const before = await server.command('CONFIG', 'GET', '*');
  expect(await setParameter(server, name, value)).toEqual([
    `its parameter ${name} is not applied: here only those are that are about data, memory, time limits and events`,
  ]);
  expect(await server.command('CONFIG', 'GET', '*')).toEqual(before);
});

test('what a server has to say against a value is passed on', async () => {
  expect(await setParameter(server, 'databases', '4')).toEqual([
    expect.stringMatching(/^its parameter databases is not applied: .*immutable/),
  ]);
});
