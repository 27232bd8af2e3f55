import { awsCredentials } from '../../../lib/client/redis/aws-credentials';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
const OF_CHAIN = { accessKeyId: 'AKID-OF-CHAIN', secretAccessKey: 'secret of the chain' };

let environment: NodeJS.ProcessEnv;
let chains: number;

beforeEach(() => {
  environment = process.env;
  chains = 0;
  jest.doMock('@aws-sdk/credential-providers', () => ({
    fromNodeProviderChain: () => {
      chains += 1;
      return async () => OF_CHAIN;
    },
  }));
});

afterEach(() => {
  process.env = environment;
  jest.dontMock('@aws-sdk/credential-providers');
  jest.resetModules();
});

describe('credentials in the environment', () => {
  test('are those of a Lambda function, and the SDK is not asked', async () => {
    process.env = { ...KEYS, AWS_SESSION_TOKEN: 'token' };
    expect(await awsCredentials()()).toEqual({
      accessKeyId: 'AKID',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
    expect(chains).toBe(0);
  });

  test('may be those of a user, which have no session token', async () => {
    process.env = { ...KEYS, AWS_SESSION_TOKEN: '' };
    expect(await awsCredentials()()).toEqual({ accessKeyId: 'AKID', secretAccessKey: 'secret' });
  });

  test('are read each time: they change', async () => {
    const credentials = awsCredentials();
    process.env = KEYS;
    await credentials();
    process.env = { ...KEYS, AWS_ACCESS_KEY_ID: 'AKID-2' };
    expect(await credentials()).toMatchObject({ accessKeyId: 'AKID-2' });
  });
});

test.each<[string, NodeJS.ProcessEnv]>([
  ['there are none', {}],
  ['a key is missing', { AWS_ACCESS_KEY_ID: 'AKID' }],
  ['its name is missing', { AWS_SECRET_ACCESS_KEY: 'secret' }],
  ['a profile is chosen', { ...KEYS, AWS_PROFILE: 'development' }],
])('where %s, the SDK is asked, by one chain which keeps what it found', async (_, env) => {
  process.env = env;
  const credentials = awsCredentials();
  expect([await credentials(), await credentials()]).toEqual([OF_CHAIN, OF_CHAIN]);
  expect(chains).toBe(1);
});

test('without the SDK it says what to install', async () => {
  jest.doMock('@aws-sdk/credential-providers', () => {
    throw new Error("Cannot find module '@aws-sdk/credential-providers'");
  });
  process.env = {};
  await expect(awsCredentials()()).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message: expect.stringContaining('npm install @aws-sdk/credential-providers'),
  });
});
