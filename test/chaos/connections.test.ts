import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import type { RedisFailure } from 'cdk-sessions-client/redis';
import { SecretCredentials } from '../../lib/client/redis/secret-credentials';
import type { RedisServer } from '../../lib/local/redis-server';
import { connectionsTo } from '../support/redis-connections';
import { Relay } from '../support/relay';
import { repeat } from './support/repeat';
import { report } from './support/report';
import { CREDENTIALS, Servers, USER } from './support/servers';
import { endure, type Outcome } from './support/trial';

const servers = new Servers();
const outcomes: Outcome[] = [];
let server: RedisServer;

beforeEach(async () => {
  server = await servers.start();
});
afterEach(() => servers.stop());
afterAll(() => report(outcomes));

test('connections that are reset every 100 ms for 10 s', async () => {
  const relay = await Relay.start(server.port);
  let resets = 0;
  const transport = connectionsTo(relay, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('connections reset every 100 ms', transport, async () => {
    resets = await repeat(100, 10_000, () => relay.reset());
    return performance.now();
  });
  await relay.stop();
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  // Only those fail that meet with two resets, one after the other.
  expect(outcome.failed.length).toBeLessThan(outcome.requests.length / 20);
  // However many requests wait for it, a connection that was reset is made again once.
  expect(resets).toBeGreaterThan(50);
  expect(relay.connections).toBeLessThan(2 * resets);
});

test('CLIENT KILL again and again', async () => {
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('CLIENT KILL', transport, async () => {
    await repeat(100, 5000, () => server.command('CLIENT', 'KILL', 'TYPE', 'normal'));
    return performance.now();
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  expect(outcome.failed.length).toBeLessThan(outcome.requests.length / 20);
});

test('a server that stands still for 10 s', async () => {
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('SIGSTOP for 10 s', transport, async () => {
    await server.kill('SIGSTOP');
    await pause(10_000);
    await server.kill('SIGCONT');
    return performance.now();
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
});

test('while a server stands still, some thousand commands wait for it, and more are refused at once', async () => {
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const send = () => transport.send('session:1', ['GET', 'session:1']);
  await send();
  await server.kill('SIGSTOP');
  let waiting = 0;
  const sent = Array.from({ length: 30_000 }, async () => {
    waiting++;
    const failure = await send().then(
      () => undefined,
      (reason: RedisFailure) => reason,
    );
    waiting--;
    return failure?.outcome;
  });
  await setImmediate();
  expect(waiting).toBeLessThanOrEqual(10_000);
  expect(new Set(await Promise.all(sent))).toEqual(new Set(['unsent', 'lost']));
  await server.kill('SIGCONT');
  expect(await send()).toBeNull();
});

test('a password that is rotated', async () => {
  const next = 'the-password-that-sessions-go-on-with';
  let { password } = (await CREDENTIALS.current()) ?? {};
  let ahead = 0;
  const readSecret = async () => JSON.stringify({ password });
  const credentials = new SecretCredentials(readSecret, USER, () => Date.now() + ahead);
  const transport = connectionsTo(server, { ca: server.ca, credentials });
  const outcome = await endure('password rotated', transport, async () => {
    // The secret was read a long time ago.
    ahead = 3_600_000;
    await server.command('ACL', 'SETUSER', USER, `>${next}`);
    await pause(500);
    await server.command('ACL', 'SETUSER', USER, `<${password}`);
    password = next;
    await server.command('CLIENT', 'KILL', 'USER', USER);
    return performance.now();
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  expect(outcome.failed).toEqual([]);
});
