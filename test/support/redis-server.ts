import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Certificate, selfSignedCertificate } from '../../lib/local/certificate.js';

/** A real server on loopback that speaks TLS only, as a cache of ElastiCache does. */
export interface RedisServer {
  /** The name that its certificate is for. */
  readonly host: string;
  readonly port: number;
  /** What vouches for its certificate, in PEM. */
  readonly ca: string;
  /** Runs a command as somebody who may do everything, and answers with what `redis-cli` prints. */
  command(...words: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

const ADMIN = ['admin', 'admin-of-this-test'] as const;

/** @throws if `redis-server` is not installed, or does not start. */
export async function startRedisServer(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'redis-'));
  const certificate = await selfSignedCertificate();
  const port = await freePort();
  const socket = join(folder, 'socket');
  const server = spawn('redis-server', settings(folder, certificate, port, socket), { stdio: 'ignore' });
  const failed = once(server, 'error').then(([error]) => {
    throw new Error(
      `redis-server must be installed, with TLS and redis-cli: apt-get install redis-server, brew install redis (${error.message})`,
    );
  });
  const command = async (...words: readonly string[]) => {
    const [user, password] = ADMIN;
    const credentials = ['--user', user, '--pass', password, '--no-auth-warning'];
    const { stdout } = await promisify(execFile)('redis-cli', ['-s', socket, ...credentials, '-e', ...words]);
    return stdout.trim();
  };
  await Promise.race([failed, untilUp(command)]);
  return {
    host: 'localhost',
    port,
    ca: certificate.cert,
    command,
    stop: async () => {
      const stopped = once(server, 'exit');
      server.kill();
      await stopped;
      rmSync(folder, { recursive: true });
    },
  };
}

function settings(folder: string, { key, cert }: Certificate, port: number, socket: string): string[] {
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  writeFileSync(files.key, key);
  writeFileSync(files.cert, cert);
  const [user, password] = ADMIN;
  return Object.entries({
    '--port': ['0'],
    '--tls-port': [String(port)],
    '--tls-key-file': [files.key],
    '--tls-cert-file': [files.cert],
    '--tls-auth-clients': ['no'],
    '--bind': ['127.0.0.1', '-::1'],
    '--unixsocket': [socket],
    '--dir': [folder],
    '--save': [''],
    '--user': [user, 'on', `>${password}`, '~*', '+@all'],
  }).flatMap(([name, values]) => [name, ...values]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) {
    throw new Error('there is no free port');
  }
  return address.port;
}

async function untilUp(command: RedisServer['command']): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await command('PING');
      return;
    } catch (error) {
      if (attempt === 100) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
