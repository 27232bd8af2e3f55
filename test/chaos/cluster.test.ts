import { setTimeout as pause } from 'node:timers/promises';
import { slotOf } from '../../lib/client/redis/slot';
import type { RedisCluster } from '../../lib/local/redis-cluster';
import type { RedisServer } from '../../lib/local/redis-server';
import { connectionsTo } from '../support/redis-connections';
import { report } from './support/report';
import { CREDENTIALS, Servers } from './support/servers';
import { endure, type Outcome } from './support/trial';

/** What was acknowledged so long before its primary ended has reached the replica, in milliseconds. */
const REPLICATED = 1000;

const servers = new Servers();
const outcomes: Outcome[] = [];

afterEach(() => servers.stop());
afterAll(() => report(outcomes));

function connect({ nodes: [node] }: RedisCluster) {
  const { host = '', port = 0, ca } = node ?? {};
  return connectionsTo({ host, port }, { cluster: true, ca, credentials: CREDENTIALS });
}

test('a primary of a cluster that is killed, and its replica takes its place', async () => {
  const settings = { 'cluster-node-timeout': '2000' };
  const cluster = await servers.startCluster({ primaries: 3, replicasPerPrimary: 1, settings });
  let killedAt = 0;
  const outcome = await endure('cluster primary killed', connect(cluster), async () => {
    killedAt = performance.now();
    await cluster.primaries[0]?.kill();
    return killedAt;
  });
  outcomes.push(outcome);
  expect(outcome.lost.filter(({ endedAt }) => endedAt < killedAt - REPLICATED)).toEqual([]);
});

test('slots that move to another node, with all that is in them', async () => {
  const cluster = await servers.startCluster({ primaries: 2 });
  const [from, to] = cluster.primaries;
  if (from === undefined || to === undefined) {
    throw new Error('the cluster has no two primaries');
  }
  let moved = 0;
  let seconds = 0;
  const outcome = await endure('slots migrated', connect(cluster), async () => {
    const keys = (await from.command('KEYS', '*')) as string[];
    const slots = [...new Set(keys.map(slotOf))].slice(0, 40);
    const begun = performance.now();
    for (const slot of slots) {
      moved += await migrate(slot, from, to);
    }
    seconds = (performance.now() - begun) / 1000;
    return performance.now();
  });
  outcomes.push(outcome);
  expect(moved).toBeGreaterThan(20);
  // Visitors did come while their sessions were at one node and their slots at the other.
  expect(await callsOf(to, 'asking')).toBeGreaterThan(0);
  // Each slot that moved is learnt of at the first visit. Who has the others is asked ten times a second at most.
  const discoveries = (await callsOf(from, 'cluster\\|slots')) + (await callsOf(to, 'cluster\\|slots'));
  expect(discoveries).toBeLessThan(5 + 10 * seconds);
  expect(outcome.lost).toEqual([]);
  expect(outcome.failed).toEqual([]);
});

/** How often a node was called with a command, whose name is a pattern. */
async function callsOf(node: RedisServer, command: string): Promise<number> {
  const info = String(await node.command('INFO', 'commandstats'));
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0);
}

/** Moves a slot as `redis-cli --cluster reshard` does, and takes its time. Returns how many sessions moved. */
async function migrate(slot: number, from: RedisServer, to: RedisServer): Promise<number> {
  const [source, target] = [String(await from.command('CLUSTER', 'MYID')), String(await to.command('CLUSTER', 'MYID'))];
  await to.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', source);
  await from.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', target);
  const keys = (await from.command('CLUSTER', 'GETKEYSINSLOT', String(slot), '100')) as string[];
  const user = ['AUTH2', 'cdk-sessions-local', to.password];
  await from.command('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', ...user, 'KEYS', ...keys);
  // The key is there, and the slot is still the other node's: ASK.
  await pause(50);
  for (const node of [to, from]) {
    await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', target);
  }
  return keys.length;
}
