import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Certificate, selfSignedCertificate } from '../../lib/local/certificate.js';
import { RedisServer, type RedisServerOptions } from '../../lib/local/redis-server.js';
import { removeFolders, temporaryFolder } from './fixture.js';
import { isRunning } from './processes.js';

const ROOT = path.join(__dirname, '..', '..');

let certificate: Certificate;
const started: RedisServer[] = [];

beforeAll(async () => {
  certificate = await selfSignedCertificate();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
});
afterAll(removeFolders);

async function start(options: Omit<RedisServerOptions, 'folder'> = {}, folder?: string): Promise<RedisServer> {
  const server = await RedisServer.start({ folder: folder ?? (await temporaryFolder()), ...options });
  started.push(server);
  return server;
}

/** What a client gets to hear that connects as it is told, trusts the certificate, and says one thing. */
async function ask({ port }: RedisServer, words: readonly string[], options: object = {}): Promise<unknown> {
  const settings = { lazyConnect: true, enableReadyCheck: false, disconnectTimeout: 0, retryStrategy: () => null };
  const client = new Redis({ port, host: 'localhost', ...settings, ...options });
  const failed = once(client, 'error').then(([error]) => Promise.reject(error));
  try {
    return await Promise.race([failed, client.connect().then(() => client.call(words[0] ?? '', ...words.slice(1)))]);
  } finally {
    failed.catch(() => {});
    client.disconnect();
  }
}

test('a server answers, on loopback only, and keeps nothing on disk', async () => {
  const folder = await temporaryFolder();
  const server = await start({}, folder);
  expect(await server.command('SET', 'key', 'value')).toBe('OK');
  expect(await ask(server, ['GET', 'key'])).toBe('value');
  expect(await server.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1 -::1']);
  expect(await server.command('CONFIG', 'GET', 'save')).toEqual(['save', '']);
  await server.stop();
  await server.stop();
  expect(await readdir(folder)).toEqual([]);
  await expect(once(connect(server.port, '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
});

test('a server with a certificate speaks TLS and nothing else', async () => {
  const server = await start({ certificate });
  const tls = { ca: certificate.cert };
  expect(await ask(server, ['PING'], { tls })).toBe('PONG');
  await expect(ask(server, ['PING'], { tls: {} })).rejects.toThrow('self-signed certificate');
  await expect(ask(server, ['PING'])).rejects.toThrow();
});

test('a server with users lets nobody do what they may not, and who has not authenticated nothing', async () => {
  const server = await start({ users: [{ name: 'mia', rules: ['on', '>secret', '~session:*', '+get'] }] });
  const mia = { username: 'mia', password: 'secret' };
  expect(await ask(server, ['GET', 'session:1'], mia)).toBeNull();
  await expect(ask(server, ['GET', 'other'], mia)).rejects.toThrow('NOPERM');
  await expect(ask(server, ['GET', 'session:1'], { ...mia, password: 'guess' })).rejects.toThrow('WRONGPASS');
  await expect(ask(server, ['GET', 'session:1'])).rejects.toThrow('NOAUTH');
});

test('a replica has what its primary has, when it has started and from then on', async () => {
  const primary = await start({ certificate });
  await primary.command('SET', 'before', '1');
  const replica = await start({ certificate, replicaOf: primary });
  expect(await replica.command('GET', 'before')).toBe('1');
  await primary.command('SET', 'after', '2');
  expect(await primary.command('WAIT', '1', '1000')).toBe(1);
  expect(await replica.command('GET', 'after')).toBe('2');
});

test('a server that was killed comes back on its port, with the data that it wrote down and the users it saved', async () => {
  const server = await start({ certificate, settings: { appendonly: 'yes', appendfsync: 'always' } });
  const { pid, port } = server;
  await server.command('SET', 'key', 'value');
  await server.command('ACL', 'SETUSER', 'mia', 'on', '>secret', '~*', '+get');
  await server.command('ACL', 'SAVE');
  await server.kill();
  await expect(server.command('PING')).rejects.toThrow();
  await server.restart();
  expect(server.port).toBe(port);
  expect(server.pid).not.toBe(pid);
  expect(await ask(server, ['GET', 'key'], { username: 'mia', password: 'secret', tls: { ca: server.ca } })).toBe(
    'value',
  );
});

test('a server that stands still stops and restarts like any other', async () => {
  const server = await start();
  await server.kill('SIGSTOP');
  await server.restart();
  expect(await server.command('PING')).toBe('PONG');
  await server.kill('SIGSTOP');
  await server.stop();
});

describe('a server that ends by itself', () => {
  test.each([
    ['SIGKILL', 'by SIGKILL'],
    ['SIGTERM', 'with exit code 0'],
  ] as const)('of %s is told of, again after a restart', async (signal, how) => {
    const told: string[] = [];
    const server = await start({ onCrash: (said) => told.push(said) });
    for (const expected of [[how], [how, how]]) {
      process.kill(server.pid, signal);
      while (told.length < expected.length) {
        await pause(10);
      }
      expect(told).toEqual(expected);
      await server.restart();
    }
  });

  test('is not one that was killed, restarted or stopped on purpose', async () => {
    const told: string[] = [];
    const server = await start({ onCrash: (said) => told.push(said) });
    await server.kill();
    await server.restart();
    await server.restart();
    await server.stop();
    expect(told).toEqual([]);
  });
});

test('a server goes when who started it is killed', async () => {
  const source = `
    import { RedisServer } from './lib/local/redis-server.ts';
    RedisServer.start({ folder: process.argv[1] }).then(({ pid }) => console.log(pid));
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '-e', source, await temporaryFolder()], { cwd: ROOT });
  const pid = Number(await once(parent.stdout, 'data'));
  expect(await isRunning(pid)).toBe(true);
  parent.kill('SIGKILL');
  for (let tries = 0; tries < 100 && (await isRunning(pid)); tries += 1) {
    await pause(20);
  }
  expect(await isRunning(pid)).toBe(false);
});

test('a setting that the server does not know is said, and nothing is left behind', async () => {
  const folder = await temporaryFolder();
  const starting = RedisServer.start({ folder, settings: { 'no-such-setting': 'yes' } });
  await expect(starting).rejects.toMatchObject({
    code: 'ERR_LOCAL_REDIS',
    message: expect.stringMatching(/^redis-server \(redis [\d.]+\) did not start: .*'no-such-setting "yes"'/),
  });
  expect(await readdir(folder)).toEqual([]);
});

test('a setting does not open the server to others, nor take its place', async () => {
  const server = await start({ settings: { bind: '0.0.0.0', port: '1', dir: '/' } });
  expect(await server.command('CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1 -::1']);
  expect(await server.command('CONFIG', 'GET', 'port')).toEqual(['port', String(server.port)]);
});

describe('with another server than is installed', () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env['PATH'] = PATH;
  });

  /** A folder to look for programs in, with one that says what it is told to. */
  async function only(command: string, script: string): Promise<void> {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, command), `#!/bin/sh\n${script}\n`);
    await chmod(path.join(folder, command), 0o755);
    process.env['PATH'] = folder;
  }

  test('with none, it is said how to get one', async () => {
    process.env['PATH'] = await temporaryFolder();
    await expect(start()).rejects.toMatchObject({
      code: 'ERR_LOCAL_REDIS',
      message:
        'a cache runs in redis-server or valkey-server, and neither is installed: apt-get install redis-server, dnf install valkey, brew install redis',
    });
  });

  test('with one that is too old, the same', async () => {
    await only('redis-server', 'echo Redis server v=6.2.14 sha=00000000:0');
    await expect(start()).rejects.toMatchObject({
      code: 'ERR_LOCAL_REDIS',
      message: expect.stringContaining('redis-server 7 or newer, or in valkey-server, found redis 6.2.14'),
    });
  });

  test('one whose port is taken by somebody who was faster tries another', async () => {
    await only(
      'redis-server',
      `PATH='${PATH}'
       [ "$1" = --version ] && exec redis-server --version
       mkdir "$(dirname "$0")/met" 2>/dev/null && echo bind: Address already in use && exit 1
       exec redis-server "$1"`,
    );
    expect(await (await start()).command('PING')).toBe('PONG');
  });

  test('with one that has no TLS, a cache that has it is refused', async () => {
    await only(
      'valkey-server',
      `[ "$1" = --version ] && echo Valkey server v=8.1.0 sha=00000000:0 && exit
       echo "*** FATAL CONFIG FILE ERROR (Valkey 8.1.0) ***"; echo ">>> 'tls-port 1'"; echo Bad directive; exit 1`,
    );
    await expect(start({ certificate })).rejects.toMatchObject({
      code: 'ERR_LOCAL_REDIS',
      message: expect.stringMatching(/^valkey-server \(valkey 8\.1\.0\) was built without TLS/),
    });
  });
});
