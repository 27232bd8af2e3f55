import { setTimeout as pause } from 'node:timers/promises';
import { FakeClock } from 'cdk-sessions-client/testing';
import { type Credentials, type CredentialsSource, NO_CREDENTIALS } from '../../../lib/client/redis/credentials';
import { RedisNode } from '../../../lib/client/redis/node';
import { StandstillWatch } from '../../../lib/client/redis/standstill';
import { type Answer, afterHandshake, FakeRedis } from '../../support/fake-redis';
import { HOUR, MINUTE } from '../support';

/** What is to be done once a test is over, the last first. */
const cleanups: (() => unknown)[] = [];

let clock: FakeClock;
let standstills: number;
let watch: StandstillWatch;

beforeEach(() => {
  clock = new FakeClock();
  standstills = 0;
  watch = new StandstillWatch();
  jest.spyOn(watch, 'count', 'get').mockImplementation(() => standstills);
});

afterEach(async () => {
  jest.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** A server, and the way to it. */
async function scene(answer: Answer, credentials: CredentialsSource = NO_CREDENTIALS) {
  const server = await FakeRedis.start(answer);
  const { host, port } = server;
  const node = new RedisNode({ host, port, cluster: false }, { credentials, watch, clock: clock.read });
  cleanups.push(
    () => node.release(),
    () => server.stop(),
  );
  return { server, node };
}

/** Credentials as they come, one after the other, the last for good. */
function credentialsInTurn(...all: readonly (Credentials | undefined)[]): CredentialsSource {
  const left = [...all];
  return {
    current: async () => (left.length > 1 ? left.shift() : left[0]),
    refused: async (credentials) => credentials !== left[0],
  };
}

const friendly = afterHandshake(() => '+PONG\r\n');

/** Lets in who has a good password. */
const guarded: Answer = ([name, , password]) =>
  name?.toLowerCase() === 'auth' && password !== 'good' ? '-WRONGPASS invalid\r\n' : '+OK\r\n';

/** The commands that came after the first, preparations for a connection left out. */
function commandsSince(server: FakeRedis, count: number): (string | undefined)[] {
  return server.commands.slice(count).map(([name]) => name);
}

describe('a way to a server', () => {
  test('is no connection until it is needed', async () => {
    const { server, node } = await scene(friendly);
    expect(node.link).toBeUndefined();
    expect(server.connections).toBe(0);
    node.release();
  });

  test('is one connection, for all who ask at once and for all who come after them', async () => {
    const { server, node } = await scene(friendly);
    const links = await Promise.all(Array.from({ length: 100 }, () => node.connect()));
    expect(new Set(links).size).toBe(1);
    expect(node.link).toBe(links[0]);
    expect(server.connections).toBe(1);
  });

  test('is another connection once one has ended', async () => {
    const { server, node } = await scene(friendly);
    const first = await node.connect();
    server.disconnect();
    await pause(20);
    expect(node.link).toBeUndefined();
    expect(await node.connect()).not.toBe(first);
    expect(server.connections).toBe(2);
  });

  test('is another connection once one was discarded, which ends', async () => {
    const { server, node } = await scene(friendly);
    const first = await node.connect();
    node.release();
    expect(node.link).toBeUndefined();
    expect(await node.connect()).not.toBe(first);
    expect(first.open).toBe(false);
    expect(server.connections).toBe(2);
  });
});

describe('attempts that fail', () => {
  /** How many milliseconds so many attempts take, one after the other. */
  async function attempts(node: RedisNode, count: number): Promise<number> {
    const begun = performance.now();
    for (let attempt = 0; attempt < count; attempt += 1) {
      await expect(node.connect()).rejects.toMatchObject({ outcome: 'unsent' });
    }
    return performance.now() - begun;
  }

  test.each([
    // Of 50, 100, 200, 400, 800 and 1000 milliseconds, half or all.
    ['half as long', 0, 1275],
    ['as long', 0.999, 2550],
  ])('come at longer and longer intervals, at the least %s', async (_, random, total) => {
    jest.spyOn(Math, 'random').mockReturnValue(random);
    const { server, node } = await scene((_command, socket) => void socket.destroy());
    const taken = await attempts(node, 7);
    expect(taken).toBeGreaterThan(total - 20);
    expect(taken).toBeLessThan(total + 500);
    expect(server.connections).toBe(7);
  });

  test('do not keep those waiting who come much later', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0.999);
    const { node } = await scene((_command, socket) => void socket.destroy());
    await attempts(node, 4);
    await pause(400);
    expect(await attempts(node, 1)).toBeLessThan(200);
  });

  test.each([
    ['forgotten with the one that does not, once its connection has lasted a second', 1050, 0, 400],
    ['not forgotten with one whose connection does not last', 100, 750, 1900],
  ])('are %s', async (_, lasting, atLeast, atMost) => {
    jest.spyOn(Math, 'random').mockReturnValue(0.999);
    let lets = false;
    const { server, node } = await scene((_command, socket) => (lets ? '+OK\r\n' : void socket.destroy()));
    await attempts(node, 4);
    expect(node.failure).toMatchObject({ outcome: 'unsent' });
    lets = true;
    await node.connect();
    expect(node.failure).toBeUndefined();
    await pause(lasting);
    lets = false;
    server.disconnect();
    await pause(20);
    const taken = await attempts(node, 2);
    expect(taken).toBeGreaterThanOrEqual(atLeast);
    expect(taken).toBeLessThan(atMost);
  });
});

describe('after this process stood still', () => {
  test('a connection is asked whether it is alive before it is used again, and kept if it is', async () => {
    const { server, node } = await scene(friendly);
    const link = await node.connect();
    const before = server.commands.length;
    standstills += 1;
    expect(node.link).toBeUndefined();
    expect(await Promise.all([node.connect(), node.connect()])).toEqual([link, link]);
    expect(node.link).toBe(link);
    expect(commandsSince(server, before)).toEqual(['PEXPIRE']);
  });

  test('one that does not answer is replaced', async () => {
    const { server, node } = await scene(afterHandshake(() => undefined));
    const link = await node.connect();
    standstills += 1;
    expect(await node.connect()).not.toBe(link);
    expect(link.open).toBe(false);
    expect(server.connections).toBe(2);
  });

  test('one that has ended is replaced without a question', async () => {
    const { server, node } = await scene(friendly);
    await node.connect();
    const before = server.commands.length;
    server.disconnect();
    await pause(20);
    standstills += 1;
    await node.connect();
    expect(commandsSince(server, before)).toEqual(['CLIENT', 'PEXPIRE']);
  });

  test('and again while the answer came, it is asked again', async () => {
    const { server, node } = await scene(
      afterHandshake(() => {
        standstills = Math.min(2, standstills + 1);
        return '+PONG\r\n';
      }),
    );
    const link = await node.connect();
    const before = server.commands.length;
    standstills = 1;
    await node.connect();
    expect(node.link).toBeUndefined();
    expect(await node.connect()).toBe(link);
    expect(node.link).toBe(link);
    expect(commandsSince(server, before)).toEqual(['PEXPIRE', 'PEXPIRE']);
  });
});

describe('a server in use', () => {
  const demoted = afterHandshake(([name]) => (name === 'PEXPIRE' ? "-READONLY You can't write\r\n" : '+OK\r\n'));

  test('is asked at most once a second, ahead of a command, whether it is still the primary', async () => {
    const { server, node } = await scene(friendly);
    await node.connect();
    const before = server.commands.length;
    for (const end = performance.now() + 2100; performance.now() < end; await pause(20)) {
      await node.link?.send(['GET', 'key']);
    }
    const asked = commandsSince(server, before).filter((name) => name === 'PEXPIRE').length;
    expect([1, 2]).toContain(asked);
    expect(commandsSince(server, before)[commandsSince(server, before).indexOf('PEXPIRE') + 1]).toBe('GET');
  });

  test('that is none any more is let go', async () => {
    const { node } = await scene(demoted);
    const link = await node.connect();
    await pause(1050);
    expect(node.link).toBe(link);
    await pause(50);
    expect(node.link).toBeUndefined();
    expect(link.open).toBe(false);
  });

  test('that is lost while it is asked fails nobody else', async () => {
    const { node } = await scene(afterHandshake((_, socket) => void socket.destroy()));
    await node.connect();
    await pause(1050);
    expect(node.link).toBeDefined();
    await pause(50);
    expect(node.link).toBeUndefined();
  });

  test('of a cluster is not asked: it says so by itself', async () => {
    const server = await FakeRedis.start(demoted);
    cleanups.push(() => server.stop());
    const { host, port } = server;
    const context = { credentials: NO_CREDENTIALS, watch, clock: clock.read };
    const node = new RedisNode({ host, port, cluster: true }, context);
    const link = await node.connect();
    await pause(1050);
    expect(node.link).toBe(link);
    await pause(50);
    expect(node.link).toBe(link);
    expect(server.commands.map(([name]) => name)).toEqual(['CLIENT', 'PING']);
    node.release();
  });
});

test('who leaves while a connection is made ends it when those who waited have sent what they had', async () => {
  const { server, node } = await scene(friendly);
  const connecting = node.connect();
  node.leave();
  const link = await connecting;
  expect(String(await link.send(['GET', 'key']))).toBe('PONG');
  await pause(50);
  expect(link.open).toBe(false);
  expect(server.sockets.size).toBe(0);
});

describe('credentials', () => {
  const good: Credentials = { username: 'web', password: 'good', validFor: 12 * HOUR };
  const bad: Credentials = { username: 'web', password: 'bad' };

  test('that last for a time are renewed on the same connection, when eleven twelfths of it have passed', async () => {
    const { server, node } = await scene(guarded, credentialsInTurn(good));
    const link = await node.connect();
    const before = server.commands.length;
    clock.advance(11 * HOUR - 1);
    expect(node.link).toBe(link);
    clock.advance(1);
    expect(node.link).toBeUndefined();
    expect(await node.connect()).toBe(link);
    expect(node.link).toBe(link);
    clock.advance(11 * HOUR - 1);
    expect(node.link).toBe(link);
    expect(server.commands.slice(before)).toEqual([['AUTH', 'web', 'good']]);
  });

  test('that last are not', async () => {
    const { node } = await scene(guarded, credentialsInTurn({ username: 'web', password: 'good' }));
    const link = await node.connect();
    clock.advance(1000 * 24 * HOUR);
    expect(node.link).toBe(link);
  });

  test.each([
    ['are refused', bad],
    ['are not needed any more', undefined],
  ])('that %s when they are renewed cost a connection, and no more', async (_, next) => {
    const { server, node } = await scene(guarded, credentialsInTurn(good, next, good));
    const link = await node.connect();
    clock.advance(11 * HOUR);
    expect(await node.connect()).not.toBe(link);
    expect(link.open).toBe(false);
    expect(server.connections).toBe(2);
  });

  test('that are refused are replaced by others, if there are others', async () => {
    const { server, node } = await scene(guarded, credentialsInTurn(bad, good));
    expect((await node.connect()).open).toBe(true);
    expect(server.connections).toBe(2);
  });

  test('that are refused are not tried again, if there are none', async () => {
    const { server, node } = await scene(guarded, credentialsInTurn(bad));
    await expect(node.connect()).rejects.toMatchObject({ outcome: 'refused', word: 'WRONGPASS' });
    expect(server.connections).toBe(1);
  });

  test('are not blamed for a server that cannot be reached', async () => {
    const refused = jest.fn(async () => true);
    const { node } = await scene((_, socket) => void socket.destroy(), { ...credentialsInTurn(good), refused });
    await expect(node.connect()).rejects.toMatchObject({ outcome: 'unsent' });
    expect(refused).not.toHaveBeenCalled();
  });

  test('that cannot be had are an error, and are asked for again', async () => {
    const current = jest.fn(async () => good).mockRejectedValueOnce(new Error('no credentials'));
    const { node } = await scene(guarded, { current, refused: async () => false });
    await expect(node.connect()).rejects.toThrow('no credentials');
    expect((await node.connect()).open).toBe(true);
  });

  test('that cannot be had to renew a connection leave it as it is, and are asked for again in a minute', async () => {
    const current = jest.fn(async () => good);
    const { server, node } = await scene(guarded, { current, refused: async () => false });
    const link = await node.connect();
    clock.advance(11 * HOUR);
    const before = server.commands.length;
    current.mockRejectedValueOnce(new Error('no credentials'));
    expect(await node.connect()).toBe(link);
    clock.advance(MINUTE - 1);
    expect(node.link).toBe(link);
    clock.advance(1);
    expect(node.link).toBeUndefined();
    expect(await node.connect()).toBe(link);
    expect(commandsSince(server, before)).toEqual(['PEXPIRE', 'AUTH']);
  });

  test('that cannot be had to renew one that has ended leave none', async () => {
    const current = jest.fn(async () => good);
    const { server, node } = await scene(
      afterHandshake((_, socket) => void socket.destroy()),
      {
        current,
        refused: async () => false,
      },
    );
    await node.connect();
    clock.advance(11 * HOUR);
    current.mockRejectedValueOnce(new Error('no credentials'));
    expect((await node.connect()).open).toBe(true);
    expect(server.connections).toBe(2);
  });

  test('that cannot be had before the server ends the connection are an error', async () => {
    const current = jest.fn(async () => good);
    const { node } = await scene(guarded, { current, refused: async () => false });
    await node.connect();
    clock.advance(12 * HOUR - 1);
    current.mockRejectedValueOnce(new Error('no credentials'));
    await expect(node.connect()).rejects.toThrow('no credentials');
  });
});
