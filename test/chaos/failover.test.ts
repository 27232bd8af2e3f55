import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RedisStore } from 'cdk-sessions-client/redis';
import type { RedisServer } from '../../lib/local/redis-server';
import { connectionsTo } from '../support/redis-connections';
import { Relay } from '../support/relay';
import { VISITORS } from './support/crowd';
import { report } from './support/report';
import { CREDENTIALS, Servers } from './support/servers';
import { endure, type Outcome } from './support/trial';

/** What was acknowledged so long before its primary ended has reached the replica, in milliseconds: in fact it took less than one. */
const REPLICATED = 1000;

const servers = new Servers();
const outcomes: Outcome[] = [];

afterEach(() => servers.stop());
afterAll(() => report(outcomes));

/** A primary and its replica, and the name of their endpoint, which leads to the primary. */
async function startPair(): Promise<{ primary: RedisServer; replica: RedisServer; endpoint: Relay }> {
  const primary = await servers.start();
  const replica = await servers.start({ replicaOf: primary });
  return { primary, replica, endpoint: await Relay.start(primary.port) };
}

async function untilPrimary(server: RedisServer): Promise<void> {
  while (!String(await server.command('ROLE')).startsWith('master')) {
    await pause(20);
  }
}

test('a primary that is killed, and its replica takes its place', async () => {
  const { primary, replica, endpoint } = await startPair();
  const transport = connectionsTo(endpoint, { ca: primary.ca, credentials: CREDENTIALS });
  let killedAt = 0;
  const outcome = await endure('primary killed, replica promoted', transport, async () => {
    killedAt = performance.now();
    await primary.kill();
    await pause(2000);
    await replica.command('REPLICAOF', 'NO', 'ONE');
    endpoint.leadTo(replica.port);
    return killedAt;
  });
  await endpoint.stop();
  outcomes.push(outcome);
  // Replication is asynchronous: what was acknowledged a moment before may be gone.
  expect(outcome.lost.filter(({ endedAt }) => endedAt < killedAt - REPLICATED)).toEqual([]);
});

test('FAILOVER', async () => {
  const { primary, replica, endpoint } = await startPair();
  const transport = connectionsTo(endpoint, { ca: primary.ca, credentials: CREDENTIALS });
  const outcome = await endure('FAILOVER', transport, async () => {
    const begun = performance.now();
    await primary.command('FAILOVER', 'TO', '127.0.0.1', String(replica.port));
    await untilPrimary(replica);
    endpoint.leadTo(replica.port);
    return begun;
  });
  await endpoint.stop();
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  // The change takes a second or more, in which no save is answered, and for about that long a command is patient.
  expect(outcome.failed.length).toBeLessThanOrEqual(VISITORS);
});

test('a primary that became a replica and is cut off from the new one is found out by who only reads', async () => {
  const { primary, replica, endpoint } = await startPair();
  const options = { ca: primary.ca, credentials: CREDENTIALS };
  const reader = new RedisStore({ transport: connectionsTo(endpoint, options) });
  const key = randomBytes(32);
  const end = Date.now() + 3_600_000;
  await reader.write(key, { value: Buffer.of(1), version: 'first', expiresAt: end, deadline: end }, 'absent');
  while (String(await replica.command('DBSIZE')) !== '1') {
    await pause(20);
  }
  await replica.command('REPLICAOF', 'NO', 'ONE');
  await primary.command('REPLICAOF', '127.0.0.1', '1');
  endpoint.leadTo(replica.port);
  await new RedisStore({ transport: connectionsTo(replica, options) }).destroy(key);

  const begun = performance.now();
  while ((await reader.read(key)) !== undefined) {
    // The old primary still has it, and goes on saying so for as long as it is asked.
    await pause(50);
  }
  expect(performance.now() - begun).toBeLessThan(3000);
  await endpoint.stop();
});

test('a server that is killed and started again, with what it wrote to its log', async () => {
  const server = await servers.start({ settings: { appendonly: 'yes', appendfsync: 'always' } });
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('killed and restarted from AOF', transport, async () => {
    const killedAt = performance.now();
    await server.kill();
    await pause(1000);
    await server.restart();
    return killedAt;
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
});
