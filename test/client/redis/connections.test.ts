import { setTimeout as pause } from 'node:timers/promises';
import { RedisFailure } from 'cdk-sessions-client/redis';
import { type Answer, afterHandshake, FakeRedis } from '../../support/fake-redis';
import { connectionsTo } from '../../support/redis-connections';

const GET = ['GET', 'key'] as const;
const VALUE = '$5\r\nvalue\r\n';

/** What is to be done once a test is over. */
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) {
    await cleanup();
  }
});

async function fake(answer: Answer): Promise<FakeRedis> {
  const server = await FakeRedis.start(afterHandshake(answer));
  cleanups.push(() => server.stop());
  return server;
}

/** A server that answers the first commands with these, and each after them with a value. */
async function answering(...answers: readonly string[]): Promise<FakeRedis> {
  const left = [...answers];
  return fake(() => left.shift() ?? VALUE);
}

/** A place where nobody listens. */
async function nowhere(): Promise<{ host: string; port: number }> {
  const server = await FakeRedis.start(() => undefined);
  const { host, port } = server;
  await server.stop();
  return { host, port };
}

/** How often a command came in that was not about the connection. */
function arrivals(server: FakeRedis): number {
  return server.commands.filter(([name]) => name === 'GET').length;
}

test('commands that come together share one connection', async () => {
  const server = await answering();
  const transport = connectionsTo(server);
  const replies = await Promise.all(Array.from({ length: 100 }, () => transport.send('key', GET)));
  expect(replies.map(String)).toEqual(Array(100).fill('value'));
  expect(server.connections).toBe(1);
});

describe('a command that the server will carry out in a moment', () => {
  test.each([['LOADING'], ['BUSY'], ['NOREPLICAS'], ['TRYAGAIN'], ['CLUSTERDOWN']])(
    'as %s says, is sent again on the same connection',
    async (word) => {
      const server = await answering(`-${word} not now\r\n`, `-${word} not now\r\n`);
      expect(String(await connectionsTo(server).send('key', GET))).toBe('value');
      expect([arrivals(server), server.connections]).toEqual([3, 1]);
    },
  );

  test.each([['READONLY'], ['MASTERDOWN'], ['NOAUTH']])(
    'or another one, as %s says, is sent again on another connection',
    async (word) => {
      const server = await answering(`-${word} not here\r\n`);
      expect(String(await connectionsTo(server).send('key', GET))).toBe('value');
      expect([arrivals(server), server.connections]).toEqual([2, 2]);
    },
  );

  test('is given up after a second and a half of sending it less and less often', async () => {
    const server = await fake(() => '-LOADING not now\r\n');
    const begun = performance.now();
    await expect(connectionsTo(server).send('key', GET)).rejects.toMatchObject({ word: 'LOADING' });
    const after = performance.now() - begun;
    expect(after).toBeGreaterThan(1490);
    expect(after).toBeLessThan(2000);
    expect(arrivals(server)).toBeLessThan(80);
  });

  test('is not sent again once its caller has given it up', async () => {
    const server = await fake(() => '-LOADING not now\r\n');
    await expect(connectionsTo(server).send('key', GET, { signal: AbortSignal.timeout(200) })).rejects.toBeInstanceOf(
      RedisFailure,
    );
    const sent = arrivals(server);
    await pause(300);
    expect(arrivals(server)).toBe(sent);
  });
});

describe('a command is sent once, and never again, if', () => {
  test.each([['ERR'], ['OOM'], ['NOPERM'], ['WRONGTYPE']])('the server refuses it with %s', async (word) => {
    const server = await answering(`-${word} no\r\n`);
    await expect(connectionsTo(server).send('key', GET)).rejects.toMatchObject({ outcome: 'refused', word });
    expect(arrivals(server)).toBe(1);
  });

  test('nobody knows what became of it', async () => {
    const server = await fake((_, socket) => void socket.destroy());
    await expect(connectionsTo(server).send('key', GET)).rejects.toMatchObject({ outcome: 'lost' });
    expect(arrivals(server)).toBe(1);
  });
});

describe('without a connection', () => {
  test('it is said why to those, too, whose time is over before another attempt is', async () => {
    let silent = false;
    const server = await FakeRedis.start((_, socket) => (silent ? undefined : void socket.destroy()));
    cleanups.push(() => server.stop());
    const reason = `cannot connect to 127.0.0.1:${server.port}: `;
    const transport = connectionsTo(server);
    await expect(transport.send('key', GET)).rejects.toThrow(reason);
    silent = true;
    await expect(transport.send('key', GET)).rejects.toThrow(reason);
  });

  test('it is said why, whoever asks', async () => {
    const { host, port } = await nowhere();
    const transport = connectionsTo({ host, port });
    const begun = performance.now();
    for (let call = 0; call < 3; call += 1) {
      await expect(transport.send('key', GET)).rejects.toMatchObject({
        outcome: 'unsent',
        message: `cannot connect to ${host}:${port}: connect ECONNREFUSED ${host}:${port}`,
      });
    }
    expect(performance.now() - begun).toBeLessThan(5500);
  });

  test('since there are no credentials, that is said, and at once', async () => {
    const server = await answering(VALUE);
    const none = new Error('no credentials');
    const credentials = { current: () => Promise.reject(none), refused: async () => false };
    await expect(connectionsTo(server, { credentials }).send('key', GET)).rejects.toBe(none);
    expect(server.connections).toBe(0);
  });

  test('since the credentials take too long, that is said', async () => {
    const credentials = { current: () => new Promise<never>(() => {}), refused: async () => false };
    await expect(connectionsTo(await answering(VALUE), { credentials }).send('key', GET)).rejects.toMatchObject({
      outcome: 'unsent',
      message: 'the credentials for the cache are still being read',
    });
  });

  test('a command waits for one', async () => {
    const { host, port } = await nowhere();
    const reply = connectionsTo({ host, port }).send('key', GET);
    await pause(100);
    const server = await FakeRedis.start(
      afterHandshake(() => VALUE),
      port,
    );
    cleanups.push(() => server.stop());
    expect(String(await reply)).toBe('value');
  });

  test('a command that was given up while it waited is not sent when there is one', async () => {
    const [handshake, shakeHands] = latch();
    const server = await FakeRedis.start(([name], socket) => {
      void handshake.then(() => socket.write(name === 'GET' ? VALUE : '+OK\r\n'));
      return undefined;
    });
    cleanups.push(() => server.stop());
    const caller = new AbortController();
    const reply = connectionsTo(server).send('key', GET, caller);
    await pause(50);
    caller.abort();
    shakeHands();
    await expect(reply).rejects.toMatchObject({ outcome: 'unsent', message: 'given up by its caller' });
    expect(arrivals(server)).toBe(0);
  });
});

describe('when five thousand commands wait', () => {
  test('for a connection, another one fails at once', async () => {
    const transport = connectionsTo(await nowhere());
    const waiting = Promise.allSettled(Array.from({ length: 5000 }, () => transport.send('key', GET)));
    await expect(transport.send('key', GET)).rejects.toMatchObject({
      outcome: 'unsent',
      message: '5000 commands wait for a connection already',
    });
    await waiting;
  });

  test('for a server to be ready, another one fails as it does at first', async () => {
    const server = await fake(() => '-LOADING not now\r\n');
    const transport = connectionsTo(server);
    const waiting = Promise.allSettled(Array.from({ length: 5000 }, () => transport.send('key', GET)));
    // Not for a certain time: a machine that is busy takes as long for them all as they wait at most.
    while (arrivals(server) === 0) {
      await pause(1);
    }
    const begun = performance.now();
    await expect(transport.send('key', GET)).rejects.toThrow(
      /^(LOADING not now|5000 commands wait for an answer already)$/,
    );
    expect(performance.now() - begun).toBeLessThan(500);
    await waiting;
  });
});

/** A promise, and what settles it. */
function latch(): [Promise<void>, () => void] {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return [opened, open];
}
