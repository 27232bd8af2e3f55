import { systemClock } from '../../lib/client/clock';
import { openStore } from '../../lib/client/open-store';
import { afterHandshake, FakeRedis } from '../support/fake-redis';

afterEach(() => {
  jest.dontMock('../../lib/client/stores/dynamodb-sdk');
});

test.each<[string, unknown, string]>([
  [
    'an error of several lines',
    new Error("Cannot find module '@aws-sdk/client-dynamodb'\nRequire stack:"),
    "Cannot find module '@aws-sdk/client-dynamodb'",
  ],
  ['something that is no error', 'missing', 'missing'],
])('without the AWS SDK it says what to install: %s', async (_, cause, reason) => {
  jest.resetModules();
  jest.doMock('../../lib/client/stores/dynamodb-sdk', () => {
    throw cause;
  });
  await expect(openStore({ kind: 'dynamodb', table: 'sessions' }, systemClock)).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: `the AWS SDK cannot be loaded (${reason}): npm install @aws-sdk/client-dynamodb, or run on a Lambda runtime that has it`,
  });
});

test('a table of another region is reached there', async () => {
  jest.resetModules();
  const regions: unknown[] = [];
  jest.doMock('../../lib/client/stores/dynamodb-sdk', () => ({
    sdkTransport: (region: unknown) => {
      regions.push(region);
    },
  }));
  await openStore({ kind: 'dynamodb', table: 'sessions', region: 'eu-west-1' }, systemClock);
  await openStore({ kind: 'dynamodb', table: 'sessions' }, systemClock);
  expect(regions).toEqual(['eu-west-1', undefined]);
});

describe('a store in Redis', () => {
  const contract = (port: number) =>
    ({ kind: 'redis', endpoint: '127.0.0.1', port, cluster: false, tls: false }) as const;
  const key = Uint8Array.of(1);
  const name = 'session:AQ';

  test('is reached over connections of the library', async () => {
    const server = await FakeRedis.start(afterHandshake(() => '$-1\r\n'));
    try {
      const store = await openStore(contract(server.port), systemClock);
      expect(server.connections).toBe(0);
      expect(await store.read(key)).toBeUndefined();
      expect(server.commands).toContainEqual(['GET', name]);
    } finally {
      await server.stop();
    }
  });

  test('is reached through the client that the application has, and no other', async () => {
    const callBuffer = jest.fn(async () => null);
    const store = await openStore(contract(1), systemClock, { callBuffer });
    expect(await store.read(key)).toBeUndefined();
    expect(callBuffer.mock.calls).toEqual([['GET', name]]);
  });
});
