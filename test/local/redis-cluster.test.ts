import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { Cluster } from 'ioredis';
import { type Certificate, selfSignedCertificate } from '../../lib/local/certificate.js';
import { RedisCluster } from '../../lib/local/redis-cluster.js';
import { removeFolders, temporaryFolder } from './fixture.js';
import { isRunning } from './processes.js';

let certificate: Certificate;
let folder: string;
let cluster: RedisCluster | undefined;

beforeAll(async () => {
  certificate = await selfSignedCertificate();
});
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});
afterAll(removeFolders);

/** Writes and reads keys of many slots, as a client that knows of one node and checks certificates. */
async function useAll({ nodes }: RedisCluster): Promise<void> {
  const client = new Cluster([{ host: 'localhost', port: nodes[0].port }], {
    redisOptions: { tls: { ca: certificate.cert } },
  });
  try {
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => client.set(key, key)));
    expect(await Promise.all(keys.map((key) => client.get(key)))).toEqual(keys);
  } finally {
    client.disconnect();
  }
}

test('one primary alone has all slots, and tells clients a name that its certificate is for', async () => {
  cluster = await RedisCluster.start({ folder, certificate, primaries: 1 });
  const [node] = cluster.nodes;
  expect(await node.command('CLUSTER', 'SLOTS')).toEqual([
    [0, 16383, expect.arrayContaining(['localhost', node.port])],
  ]);
  await useAll(cluster);
});

test('three primaries share all slots; when one is killed its replica takes over, and it comes back as a replica', async () => {
  const settings = { 'cluster-node-timeout': '2000' };
  cluster = await RedisCluster.start({ folder, certificate, primaries: 3, replicasPerPrimary: 1, settings });
  await useAll(cluster);
  const [primary, replica] = [cluster.primaries[0], cluster.replicas[0]];
  const role = async () => String(await replica?.command('ROLE'));
  expect(await role()).toMatch(`slave,127.0.0.1,${primary?.port},connected`);
  await primary?.kill();
  while (!(await role()).startsWith('master')) {
    await pause(100);
  }
  await primary?.restart();
  while (!String(await primary?.command('ROLE')).startsWith('slave')) {
    await pause(100);
  }
});

test('of a cluster that cannot start nothing is left', async () => {
  const starting = RedisCluster.start({ folder, primaries: 3, settings: { 'cluster-node-timeout': 'soon' } });
  await expect(starting).rejects.toMatchObject({ code: 'ERR_LOCAL_REDIS' });
  expect(await readdir(folder)).toEqual([]);
});

test('it stops as a whole', async () => {
  const { nodes, stop } = await RedisCluster.start({ folder, primaries: 2 }).then((started) => ({
    nodes: started.nodes.map(({ pid }) => pid),
    stop: () => started.stop(),
  }));
  expect(await Promise.all(nodes.map(isRunning))).toEqual([true, true]);
  await stop();
  await stop();
  expect(await Promise.all(nodes.map(isRunning))).toEqual([false, false]);
  expect(await readdir(folder)).toEqual([]);
});

test('it has at least one primary', async () => {
  await expect(RedisCluster.start({ folder, primaries: 0 })).rejects.toMatchObject({
    code: 'ERR_LOCAL_REDIS',
    message: 'a cluster has at least one primary, received 0',
  });
});
