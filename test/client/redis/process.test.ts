import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisAddress } from '../../../lib/client/redis/wire';
import { STANDARD_POLICY } from '../../../lib/contract/policy';
import { RedisServer } from '../../../lib/local/redis-server';
import { afterHandshake, FakeRedis } from '../../support/fake-redis';

const ROOT = path.join(__dirname, '../../..');

/** Asks a server something for each line that it is given, and prints what came of it. */
const ASKING = `
  const { createInterface } = require('node:readline');
  const { connectionsTo } = require('./test/support/redis-connections.ts');
  const [, host, port] = process.argv;
  const transport = connectionsTo({ host, port: Number(port) });
  createInterface({ input: process.stdin }).on('line', (key) => {
    transport.send(key, ['GET', key]).then(
      (value) => console.log('answer: ' + value),
      ({ outcome, message }) => console.log(outcome + ': ' + message),
    );
  });`;

/** A process of its own that asks a server: for what a test cannot do to its own process. */
class Asking {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #errors: Promise<string>;

  constructor({ host, port }: RedisAddress) {
    const argv = ['--import', 'tsx', '-e', ASKING, host, String(port)];
    this.#process = spawn(process.execPath, argv, { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#errors = text(this.#process.stderr);
    cleanups.push(() => this.#process.kill('SIGKILL'));
  }

  async ask(key: string): Promise<string> {
    this.#process.stdin.write(`${key}\n`);
    const ended = this.#errors.then((errors) => Promise.reject(new Error(`it ended: ${errors}`)));
    return String(await Promise.race([once(this.#process.stdout, 'data'), ended])).trim();
  }

  /** As Lambda does between two requests, for longer than a busy process stands still. */
  async freeze(meanwhile: () => unknown): Promise<void> {
    this.#process.kill('SIGSTOP');
    await meanwhile();
    await pause(2500);
    this.#process.kill('SIGCONT');
  }

  /** Gives it nothing more to do. What it left behind, and how many milliseconds it took to end. */
  async end(): Promise<{ code: number; errors: string; after: number }> {
    const begun = performance.now();
    const exit = once(this.#process, 'exit');
    this.#process.stdin.end();
    const [code] = await exit;
    return { code, errors: await this.#errors, after: performance.now() - begun };
  }
}

/** What is to be done once a test is over, the last first. */
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function realServer(): Promise<RedisServer> {
  const server = await RedisServer.start({ folder: tmpdir() });
  cleanups.push(() => server.stop());
  await server.command('SET', 'key', 'value');
  return server;
}

async function fake(answer: Parameters<typeof FakeRedis.start>[0]): Promise<FakeRedis> {
  const server = await FakeRedis.start(answer);
  cleanups.push(() => server.stop());
  return server;
}

/** Expects that it ends by itself, without a word, and waits for nothing. */
async function expectEnd(asking: Asking): Promise<void> {
  const { code, errors, after } = await asking.end();
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(after).toBeLessThan(1500);
}

describe('nothing keeps a process alive, and nothing fails unheard', () => {
  test('with an idle connection', async () => {
    const asking = new Asking(await realServer());
    expect(await asking.ask('key')).toBe('answer: value');
    await expectEnd(asking);
  });

  test('with one that was not made', async () => {
    const server = await fake(() => undefined);
    const { host, port } = server;
    await server.stop();
    const asking = new Asking({ host, port });
    expect(await asking.ask('key')).toBe(
      `unsent: cannot connect to ${host}:${port}: connect ECONNREFUSED ${host}:${port}`,
    );
    await expectEnd(asking);
  });

  test('with one that was ended before its answer', async () => {
    const asking = new Asking(await fake(afterHandshake((_, socket) => void socket.destroy())));
    expect(await asking.ask('key')).toBe('lost: the server ended the connection');
    await expectEnd(asking);
  });

  test('with one that was refused', async () => {
    const server = await realServer();
    await server.command('ACL', 'SETUSER', 'default', '-get');
    const asking = new Asking(server);
    expect(await asking.ask('key')).toMatch(/^refused: NOPERM /);
    await expectEnd(asking);
  });
});

test('a program that waits for a session ends with the answer, not before it', async () => {
  const { host, port } = await realServer();
  const source = `
    import { createSessions } from 'cdk-sessions-client';
    const sessions = createSessions();
    const first = sessions.transact(undefined, (session) => session.set('count', 1));
    first.then(({ setCookie }) => sessions.transact(setCookie.split(';')[0], (session) => session.get('count')))
      .then(({ result }) => console.log('counted', result));`;
  const stores = { primary: { kind: 'redis', endpoint: host, port, cluster: false, tls: false } };
  const env = { ...process.env, CDK_SESSIONS: JSON.stringify({ version: 1, stores, policy: STANDARD_POLICY }) };
  const program = spawn(process.execPath, ['--import', 'tsx', '-e', source], { cwd: ROOT, env });
  cleanups.push(() => program.kill('SIGKILL'));
  expect(await text(program.stdout)).toBe('counted 1\n');
});

describe('a process that was frozen', () => {
  test('and whose connection was killed meanwhile is answered at once', async () => {
    const server = await realServer();
    const asking = new Asking(server);
    await asking.ask('key');
    await asking.freeze(() => server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    expect(await asking.ask('key')).toBe('answer: value');
  });

  test('and whose connection died meanwhile without a sign is answered on another one', async () => {
    const dead = new Set<unknown>();
    const server = await fake(afterHandshake((_, socket) => (dead.has(socket) ? undefined : '+value\r\n')));
    const asking = new Asking(server);
    await asking.ask('key');
    await asking.freeze(() => {
      for (const socket of server.sockets) {
        dead.add(socket);
      }
    });
    expect(await asking.ask('key')).toBe('answer: value');
    const [name] = server.commands.filter(([, key]) => key !== 'SETNAME')[2] ?? [];
    expect({ name, connections: server.connections }).toEqual({ name: 'PEXPIRE', connections: 2 });
  });

  test('and whose connection is alive keeps it', async () => {
    const server = await fake(afterHandshake(() => '+value\r\n'));
    const asking = new Asking(server);
    await asking.ask('key');
    await asking.freeze(() => undefined);
    expect(await asking.ask('key')).toBe('answer: value');
    expect(server.commands.map(([name]) => name)).toEqual(['CLIENT', 'PEXPIRE', 'GET', 'PEXPIRE', 'GET']);
    expect(server.connections).toBe(1);
  });
});
