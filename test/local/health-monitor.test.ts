import { HealthCount, HealthMonitor } from '../../lib/local/health-monitor.js';
import { QUICK, serverGroup, startServer, stopAll, until } from './load-balancers.js';

afterEach(stopAll);

describe('checks count', () => {
  const states = (checks: string) => {
    const count = new HealthCount({ healthyThreshold: 3, unhealthyThreshold: 2 }, 4);
    return [...checks].map((check) => {
      count.record(check === '+');
      return count.health[0];
    });
  };

  test.each([
    ['one success makes a new target healthy', '+', 'h'],
    ['also after failures', '--+', 'iih'],
    ['a new target is unhealthy when it has had its time', '----', 'iiiu'],
    ['a healthy one when it has failed as often as the threshold says', '+--', 'hhu'],
    ['in a row', '+-+--', 'hhhhu'],
    ['an unhealthy one is healthy again with as many successes as the threshold says', '+--+++', 'hhuuuh'],
    ['in a row, too', '+--++-+++', 'hhuuuuuuh'],
  ])('%s: %s is %s', (_, checks, expected) => {
    expect(states(checks).join('')).toBe(expected);
  });
});

test('a target has as much time to become healthy as on AWS', async () => {
  const server = await startServer('a');
  server.health = 503;
  const changes: unknown[] = [];
  const check = { ...serverGroup().healthCheck, interval: 100, unhealthyThreshold: 3 };
  const started = performance.now();
  const monitor = new HealthMonitor(check, server, QUICK, (...change) => changes.push(change));
  await until(() => changes.length > 1);
  monitor.stop();
  // What it answers is told at once: until it counts, nobody knows why there is no target.
  expect(changes).toEqual([
    ['initial', '/health answers 503'],
    ['unhealthy', '/health answers 503'],
  ]);
  expect(performance.now() - started).toBeGreaterThanOrEqual(280);
});

test('a server that comes later is found soon, and whatever happens to it then', async () => {
  const server = await startServer('a');
  server.health = 503;
  const changes: string[] = [];
  const monitor = new HealthMonitor(serverGroup().healthCheck, server, QUICK, (health) => changes.push(health));
  expect(monitor.health).toBe('initial');
  server.health = 200;
  await until(() => monitor.health === 'healthy');
  server.health = 404;
  await until(() => monitor.health === 'unhealthy');
  server.health = 200;
  await until(() => monitor.health === 'healthy');
  monitor.stop();
  expect(changes).toEqual(['healthy', 'unhealthy', 'healthy']);
});

test('who is not checked any more does not change', async () => {
  const server = await startServer('a');
  const changed = jest.fn();
  const monitor = new HealthMonitor(serverGroup().healthCheck, server, QUICK, changed);
  monitor.stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect([monitor.health, changed.mock.calls]).toEqual(['initial', []]);
});
