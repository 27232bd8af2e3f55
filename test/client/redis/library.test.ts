import { loadLibrary } from '../../../lib/client/redis/library';

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
    message: 'a session store in Redis or Valkey needs a client library: npm install ioredis, or iovalkey',
    cause: expect.objectContaining({ message: "Cannot find module 'iovalkey'" }),
  });
});
