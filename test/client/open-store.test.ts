import { systemClock } from '../../lib/client/clock';
import { openStore } from '../../lib/client/open-store';

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

test('a store that this release lacks needs a newer one', async () => {
  const redis = { kind: 'redis', endpoint: 'sessions.example.com', port: 6379, cluster: true, tls: true } as const;
  await expect(openStore(redis, systemClock)).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message:
      'a store of the kind redis needs a newer client than this: update cdk-sessions-client, or keep sessions in a SessionTable',
  });
});
