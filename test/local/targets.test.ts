import { Targets } from '../../lib/local/targets.js';
import { join, QUICK, serverGroup, startServer, stopAll, until } from './load-balancers.js';

const running: Targets[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((targets) => targets.stop()));
  await stopAll();
});

function start(overrides: Parameters<typeof serverGroup>[0] = {}) {
  const log = jest.fn();
  const targets = new Targets([serverGroup(overrides)], log, QUICK);
  running.push(targets);
  return { targets, log };
}

/** Who is chosen, so often. */
function chosen(targets: Targets, count: number, stuckTo?: string) {
  return Array.from({ length: count }, () => targets.choose('group', stuckTo)?.target.id);
}

test('a server gets requests once it is healthy', async () => {
  const { targets, log } = start();
  const server = await startServer('a');
  server.health = 503;
  expect(targets.state('group', 'a')).toBeUndefined();
  targets.register('group', server);
  expect([targets.state('group', 'a'), ...chosen(targets, 1)]).toEqual(['initial', undefined]);
  server.health = 200;
  await until(() => targets.state('group', 'a') === 'healthy');
  expect(chosen(targets, 1)).toEqual(['a']);
  expect(log).toHaveBeenLastCalledWith('Net/Group: the target a is healthy');
});

test('one that is unhealthy gets none, even those that stick to it, until nobody is healthy', async () => {
  const { targets, log } = start();
  const [a, b] = [await startServer('a'), await startServer('b')];
  await join(targets, 'group', a);
  await join(targets, 'group', b);
  expect(chosen(targets, 2, 'a')).toEqual(['a', 'a']);
  a.health = 500;
  await until(() => targets.state('group', 'a') === 'unhealthy');
  expect(log).toHaveBeenLastCalledWith('Net/Group: the target a is unhealthy: /health answers 500');
  expect(chosen(targets, 3, 'a')).toEqual(['b', 'b', 'b']);
  b.health = 500;
  await until(() => targets.state('group', 'b') === 'unhealthy');
  expect(chosen(targets, 2).toSorted()).toEqual(['a', 'b']);
  expect(chosen(targets, 2, 'a')).toEqual(['a', 'a']);
});

test('one that nobody uses is deregistered at once', async () => {
  const { targets } = start();
  await join(targets, 'group', await startServer('a'));
  await targets.deregister('group', 'a');
  expect([targets.state('group', 'a'), ...chosen(targets, 1)]).toEqual([undefined, undefined]);
  await targets.deregister('group', 'a');
});

test('one that is draining may be registered anew', async () => {
  const { targets } = start();
  const server = await startServer('a');
  await join(targets, 'group', server);
  const over = targets.choose('group', undefined)?.begin(() => {});
  const drained = targets.deregister('group', 'a');
  expect([targets.state('group', 'a'), ...chosen(targets, 1, 'a')]).toEqual(['draining', undefined]);
  await join(targets, 'group', server);
  expect(chosen(targets, 1, 'a')).toEqual(['a']);
  over?.();
  await drained;
  expect(targets.state('group', 'a')).toBe('healthy');
});

test('an id is there once, and so is a target group', async () => {
  const { targets } = start();
  const server = await startServer('a');
  targets.register('group', server);
  expect(() => targets.register('group', server)).toThrow('a is already registered in group');
  expect([targets.has('group'), targets.has('other')]).toEqual([true, false]);
  const message = 'there is no target group for servers of the ARN other';
  expect(() => targets.register('other', server)).toThrow(message);
  await expect(targets.deregister('other', 'a')).rejects.toThrow(message);
});

describe('slow start', () => {
  const MINUTE = 60_000;

  test('gives a new server few requests at first, and the only one all of them', async () => {
    const { targets } = start({ slowStart: MINUTE });
    await join(targets, 'group', await startServer('old'));
    await join(targets, 'group', await startServer('new'));
    const choices = chosen(targets, 100);
    expect(choices.filter((id) => id === 'new').length).toBeLessThan(5);
    await targets.deregister('group', 'old');
    expect(chosen(targets, 2)).toEqual(['new', 'new']);
  });

  test('is for nobody while everybody starts slowly, or is unhealthy', async () => {
    const { targets } = start({ slowStart: MINUTE });
    const old = await startServer('old');
    await join(targets, 'group', old);
    old.health = 500;
    await until(() => targets.state('group', 'old') === 'unhealthy');
    await join(targets, 'group', await startServer('new'));
    expect(targets.choose('group', 'new')?.share).toBe(1);
    old.health = 200;
    await until(() => targets.state('group', 'old') === 'healthy');
    expect(targets.choose('group', 'old')?.share).toBeLessThan(0.5);
  });
});

test('after the end there is nobody, and what was under way is cut', async () => {
  const { targets } = start();
  await join(targets, 'group', await startServer('a'));
  const cut = jest.fn();
  targets.choose('group', undefined)?.begin(cut);
  await targets.stop();
  expect(cut).toHaveBeenCalledTimes(1);
  expect([targets.state('group', 'a'), ...chosen(targets, 1)]).toEqual([undefined, undefined]);
});
