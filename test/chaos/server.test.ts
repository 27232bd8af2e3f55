import { setTimeout as pause } from 'node:timers/promises';
import type { RedisServer } from '../../lib/local/redis-server';
import { connectionsTo } from '../support/redis-connections';
import { CALL_TIMEOUT, VISITORS } from './support/crowd';
import { repeat } from './support/repeat';
import { report } from './support/report';
import { CREDENTIALS, Servers } from './support/servers';
import { endure, longestRequest, type Outcome } from './support/trial';

const servers = new Servers();
const outcomes: Outcome[] = [];
let server: RedisServer;

beforeEach(async () => {
  server = await servers.start();
});
afterEach(() => servers.stop());
afterAll(() => report(outcomes));

test('a server whose memory is full, and that evicts nothing', async () => {
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('memory full', transport, async () => {
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    await pause(3000);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    return performance.now();
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  // It still answers who only reads, and those who want to save are told at once.
  expect(outcome.failed.length).toBeGreaterThan(VISITORS);
  expect(longestRequest(outcome)).toBeLessThan(CALL_TIMEOUT);
});

test('SCRIPT FLUSH again and again', async () => {
  const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
  const outcome = await endure('SCRIPT FLUSH', transport, async () => {
    await repeat(20, 3000, () => server.command('SCRIPT', 'FLUSH'));
    return performance.now();
  });
  outcomes.push(outcome);
  expect(outcome.lost).toEqual([]);
  expect(outcome.failed).toEqual([]);
});
