import * as ioredis from 'ioredis';
import * as iovalkey from 'iovalkey';
import { loadLibrary, type RedisLibrary } from '../../../lib/client/redis/library';
import { RedisLink } from '../../../lib/client/redis/link';
import { startRedisServer } from '../../support/redis-server';
import { trusting } from '../../support/tls-library';

beforeEach(() => {
  jest.resetModules();
});

afterEach(() => {
  jest.dontMock('ioredis');
  jest.dontMock('iovalkey');
});

function missing(name: string): void {
  jest.doMock(name, () => {
    throw new Error(`Cannot find module '${name}'`);
  });
}

test('ioredis comes first', async () => {
  const { Redis } = await loadLibrary();
  expect(Redis).toBe((await import('ioredis')).Redis);
});

test('iovalkey will do', async () => {
  missing('ioredis');
  const { Redis } = await loadLibrary();
  expect(Redis).toBe((await import('iovalkey')).Redis);
});

test('without either it says what to install', async () => {
  missing('ioredis');
  missing('iovalkey');
  await expect(loadLibrary()).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message:
      "a session store in Redis or Valkey needs a client library (Cannot find module 'ioredis'; " +
      "Cannot find module 'iovalkey'): npm install ioredis, or iovalkey",
  });
});

test('with one that throws something else it says so as well', async () => {
  jest.doMock('ioredis', () => {
    throw 'a text';
  });
  missing('iovalkey');
  await expect(loadLibrary()).rejects.toMatchObject({ message: expect.stringContaining('(a text; ') });
});

test('with one from before there was such a class it says what to install', async () => {
  jest.doMock('ioredis', () => ({ default: class {} }));
  await expect(loadLibrary()).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringContaining('is too old: npm install ioredis@6'),
  });
});

test.each<[string, RedisLibrary]>([
  ['ioredis', ioredis],
  ['iovalkey', iovalkey],
])('%s connects over TLS as a user, and gives answers and refusals as they are', async (_, library) => {
  const server = await startRedisServer();
  try {
    await server.command('ACL', 'SETUSER', 'web', 'on', '~*', '+@all', '-dbsize', '>password-of-web');
    const { host, port, ca } = server;
    const open = (password: string) =>
      RedisLink.open(
        { host, port, tls: true, cluster: false, library: trusting({ ca }, library) },
        { username: 'web', password },
      );
    await expect(open('another-password')).rejects.toMatchObject({ outcome: 'refused', word: 'WRONGPASS' });
    const link = await open('password-of-web');
    const bytes = Buffer.of(0, 1, 0xfe, 0xff);
    await link.send(['SET', 'key', bytes]);
    expect(await link.send(['GET', 'key'])).toEqual(bytes);
    expect(await link.send(['GET', 'none'])).toBeNull();
    expect(await link.send(['STRLEN', 'key'])).toBe(4);
    await expect(link.send(['DBSIZE'])).rejects.toMatchObject({ outcome: 'refused', word: 'NOPERM' });
    await server.command('CLIENT', 'PAUSE', '1000');
    const lost = link.send(['GET', 'key']);
    link.destroy();
    await expect(lost).rejects.toMatchObject({ outcome: 'lost' });
    await expect(link.send(['GET', 'key'])).rejects.toMatchObject({ outcome: 'unsent' });
  } finally {
    await server.stop();
  }
});
