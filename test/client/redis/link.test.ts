import type { LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RedisLink } from '../../../lib/client/redis/link';
import type { RedisAddress } from '../../../lib/client/redis/wire';
import { type Answer, afterHandshake, FakeRedis } from '../../support/fake-redis';
import { type RedisServer, startRedisServer } from '../../support/redis-server';

const GET = ['GET', 'key'] as const;
const LOOPBACK = { address: '127.0.0.1', family: 4 };

/** A handshake alone, and silence after it. */
const silent = afterHandshake(() => undefined);

/** What is to be done once a test is over, the last first. */
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function fake(answer: Answer): Promise<FakeRedis> {
  const server = await FakeRedis.start(answer);
  cleanups.push(() => server.stop());
  return server;
}

async function linkTo({ host, port }: RedisAddress): Promise<RedisLink> {
  const link = await RedisLink.open({ host, port, cluster: false }, undefined);
  cleanups.push(() => link.destroy());
  return link;
}

/** How something fails, and after how many milliseconds. */
async function failureOf(promise: Promise<unknown>): Promise<{ failure: unknown; after: number }> {
  const begun = performance.now();
  const failure = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  return { failure, after: performance.now() - begun };
}

describe('a connection', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await startRedisServer();
    await server.command('ACL', 'SETUSER', 'web', 'on', '~*', '+@all', '>password-of-web');
    await server.command('CONFIG', 'SET', 'requirepass', 'token-that-all-share');
  });
  afterAll(() => server.stop());

  async function secureLink(host: string, username: string | undefined, password: string): Promise<RedisLink> {
    const credentials = { password, ...(username !== undefined && { username }) };
    const link = await RedisLink.open({ host, port: server.port, tls: { ca: server.ca }, cluster: false }, credentials);
    cleanups.push(() => link.destroy());
    return link;
  }

  test.each([
    ['by its name, as a user', 'localhost', 'web', 'password-of-web'],
    ['by its address, with the token that all share', '127.0.0.1', undefined, 'token-that-all-share'],
  ])('reaches a server over TLS %s', async (_, host, user, password) => {
    const link = await secureLink(host, user, password);
    expect(String(await link.send(['ACL', 'WHOAMI']))).toBe(user ?? 'default');
    expect(link.open).toBe(true);
  });

  test('shows on the server whose it is', async () => {
    await secureLink('localhost', 'web', 'password-of-web');
    expect(await server.command('CLIENT', 'LIST')).toMatch(/ name=cdk-sessions .* user=web /);
  });

  test('is refused with a wrong password, in the words of the server', async () => {
    await expect(secureLink('localhost', 'web', 'another-password')).rejects.toMatchObject({
      outcome: 'refused',
      word: 'WRONGPASS',
    });
  });

  test.each([
    ['the same user', 'web', 'password-of-web', 'web'],
    ['another user', undefined, 'token-that-all-share', 'default'],
  ])('is authenticated again, as %s', async (_, username, password, name) => {
    const link = await secureLink('localhost', 'web', 'password-of-web');
    expect(await link.authenticate({ password, ...(username !== undefined && { username }) })).toBe(true);
    expect(String(await link.send(['ACL', 'WHOAMI']))).toBe(name);
  });

  test('that is refused to be authenticated again is ended', async () => {
    const link = await secureLink('localhost', 'web', 'password-of-web');
    expect(await link.authenticate({ username: 'web', password: 'another-password' })).toBe(false);
    expect(await failureOf(link.send(['GET', 'key']))).toMatchObject({ failure: { outcome: 'unsent' } });
  });

  test('is not given up for the silence of a server to which this process was too busy to listen', async () => {
    const link = await secureLink('localhost', 'web', 'password-of-web');
    const answer = link.send(['PING']);
    for (const begun = performance.now(); performance.now() - begun < 1200; );
    expect(String(await answer)).toBe('PONG');
  });

  test('is not made to a server whose certificate nobody vouches for', async () => {
    const untrusting = { host: 'localhost', port: server.port, tls: {}, cluster: false };
    await expect(RedisLink.open(untrusting, undefined)).rejects.toMatchObject({
      outcome: 'unsent',
      message: `cannot connect to localhost:${server.port}: self-signed certificate`,
    });
  });

  test('is not made to a server whose certificate is for another name', async () => {
    const lookup: LookupFunction = (_name, _options, found) => found(null, [LOOPBACK]);
    const tls = { ca: server.ca, lookup };
    const other = { host: 'sessions.example.com', port: server.port, tls, cluster: false };
    await expect(RedisLink.open(other, undefined)).rejects.toMatchObject({
      outcome: 'unsent',
      message: expect.stringContaining("Host: sessions.example.com. is not in the cert's altnames"),
    });
  });
});

describe('a server that cannot be reached', () => {
  test.each([['127.0.0.1'], ['localhost']])('since nobody listens at %s is an error that says so', async (host) => {
    const port = await closedPort();
    await expect(linkTo({ host, port })).rejects.toMatchObject({
      outcome: 'unsent',
      message: expect.stringMatching(`^cannot connect to ${host}:${port}: .*ECONNREFUSED`),
    });
  });

  test('since it says nothing is given up after a second', async () => {
    const server = await fake(() => undefined);
    const { failure, after } = await failureOf(linkTo(server));
    expect(failure).toMatchObject({
      outcome: 'unsent',
      message: `cannot connect to 127.0.0.1:${server.port}: no connection within 1000 ms`,
    });
    expect(after).toBeLessThan(1500);
    await gone(server);
  });

  test('since it does not go on with TLS is given up after a second', async () => {
    const { host, port } = await fake(() => undefined);
    const server = { host, port, tls: {}, cluster: false };
    const { failure, after } = await failureOf(RedisLink.open(server, undefined));
    expect(failure).toMatchObject({ outcome: 'unsent' });
    expect(after).toBeLessThan(1500);
  });

  test('since it ends the connection at once is an error', async () => {
    const server = await fake((_, socket) => void socket.destroy());
    await expect(linkTo(server)).rejects.toMatchObject({ outcome: 'unsent' });
  });

  test('since its port is none is an error', async () => {
    await expect(linkTo({ host: '127.0.0.1', port: 99_999 })).rejects.toMatchObject({ outcome: 'unsent' });
  });
});

describe('a command', () => {
  test('that the server refuses is told in its words, up to what was sent', async () => {
    const server = await fake(
      afterHandshake(() => "-ERR unknown command 'GET', with args beginning with: 'what-is-in-the-session' \r\n"),
    );
    await expect((await linkTo(server)).send(GET)).rejects.toMatchObject({
      outcome: 'refused',
      message: "ERR unknown command 'GET'",
    });
  });

  test('whose answer stops half-way is lost', async () => {
    const server = await fake(
      afterHandshake((_, socket) => {
        socket.end('$10\r\nhalf');
        return undefined;
      }),
    );
    await expect((await linkTo(server)).send(GET)).rejects.toMatchObject({ outcome: 'lost' });
  });

  test('after the end of its connection is not sent', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    server.disconnect();
    await gone(server);
    await pause(20);
    expect(link.open).toBe(false);
    await expect(link.send(GET)).rejects.toMatchObject({ outcome: 'unsent', message: 'the connection has ended' });
  });

  test('for a key that is just moving follows its announcement', async () => {
    const server = await fake(afterHandshake(() => '+OK\r\n'));
    await (await linkTo(server)).sendAsking(GET);
    expect(server.commands.slice(-2)).toEqual([['ASKING'], ['GET', 'key']]);
  });

  test('for a key that is just moving fails with its announcement, and nothing else does', async () => {
    const server = await fake(afterHandshake((_, socket) => void socket.destroy()));
    await expect((await linkTo(server)).sendAsking(GET)).rejects.toMatchObject({ outcome: 'lost' });
  });

  test('is not sent while five thousand wait for an answer', async () => {
    const link = await linkTo(await fake(silent));
    const waiting = Array.from({ length: 5000 }, () => link.send(GET));
    const lost = Promise.allSettled(waiting);
    await expect(link.send(GET)).rejects.toMatchObject({
      outcome: 'unsent',
      message: '5000 commands wait for an answer already',
    });
    link.destroy();
    expect((await lost).map(({ status }) => status)).toEqual(Array(5000).fill('rejected'));
  });
});

describe('a server that falls silent', () => {
  test('for a second, with commands that wait, loses its connection', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    const { failure, after } = await failureOf(link.send(GET));
    expect(failure).toMatchObject({ outcome: 'lost' });
    expect(after).toBeGreaterThan(900);
    expect(after).toBeLessThan(1500);
    await gone(server);
  });

  test('and has nothing to answer keeps it', async () => {
    const link = await linkTo(await fake(afterHandshake(() => '+OK\r\n')));
    await link.send(GET);
    await pause(1200);
    expect(link.open).toBe(true);
  });

  test('but answers one command now and then keeps it', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    const [socket] = server.sockets;
    const timer = setInterval(() => socket?.write('+OK\r\n'), 400);
    cleanups.push(() => clearInterval(timer));
    await Promise.all(Array.from({ length: 7 }, () => link.send(GET)));
    expect(link.open).toBe(true);
  });

  test('is found out by a question within a third of a second', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    const begun = performance.now();
    expect(await link.isAlive()).toBe(false);
    expect(performance.now() - begun).toBeLessThan(600);
    await gone(server);
  });
});

test('a server that answers is alive', async () => {
  const link = await linkTo(await fake(afterHandshake(() => '+PONG\r\n')));
  expect(await link.isAlive()).toBe(true);
  expect(link.open).toBe(true);
});

describe('a connection that is retired', () => {
  test('ends when all that was sent is answered, or refused', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    const [socket] = server.sockets;
    const answers = Promise.allSettled([link.send(GET), link.send(GET)]);
    link.retire();
    expect(link.open).toBe(true);
    socket?.write('+OK\r\n-ERR no\r\n');
    expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await gone(server);
  });

  test('ends at once if nothing was', async () => {
    const server = await fake(silent);
    const link = await linkTo(server);
    link.retire();
    await gone(server);
  });
});

/** Resolves when all connections to a server have ended. */
async function gone(server: FakeRedis): Promise<void> {
  for (const begun = performance.now(); server.sockets.size > 0; await pause(5)) {
    if (performance.now() - begun > 1000) {
      throw new Error(`${server.sockets.size} connections have not ended`);
    }
  }
}

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = await FakeRedis.start(silent);
  const { port } = server;
  await server.stop();
  return port;
}
