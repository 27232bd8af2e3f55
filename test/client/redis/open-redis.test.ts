import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Clock } from 'cdk-sessions-client';
import { openRedis } from '../../../lib/client/redis/open-redis';
import type { CacheAuthenticationContract, RedisStoreContract } from '../../../lib/contract/environment';
import { afterHandshake, FakeRedis } from '../../support/fake-redis';
import { readToken } from '../../support/presigned-token';
import { startRedisServer } from '../../support/redis-server';

const PASSWORD = 'the-password-of-web-01';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:Web-AbCdEf';
const KEYS = { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
const NOON: Clock = () => Date.UTC(2030, 0, 31, 12);

let server: FakeRedis;
let environment: NodeJS.ProcessEnv;
/** The secrets that were read, and where. */
let reads: { secret: unknown; region: unknown }[];

beforeEach(async () => {
  environment = process.env;
  process.env = { ...KEYS, AWS_REGION: 'us-east-1' };
  server = await FakeRedis.start(afterHandshake(() => '*0\r\n'));
  reads = [];
  jest.spyOn(SecretsManagerClient.prototype, 'send').mockImplementation(async function (
    this: SecretsManagerClient,
    { input }: { input: { SecretId?: string } },
  ) {
    reads.push({ secret: input.SecretId, region: await this.config.region() });
    return { SecretString: JSON.stringify({ password: PASSWORD }) };
  } as never);
});

afterEach(async () => {
  process.env = environment;
  jest.restoreAllMocks();
  await server.stop();
});

function contract(more: Partial<RedisStoreContract> = {}): RedisStoreContract {
  return { kind: 'redis', endpoint: server.host, port: server.port, cluster: false, tls: false, ...more };
}

/** What a connection was authenticated with. */
async function authenticationOf(
  authentication: CacheAuthenticationContract | undefined,
  region?: string,
): Promise<string[] | undefined> {
  const redis = await openRedis(
    contract({ ...(authentication && { authentication }), ...(region !== undefined && { region }) }),
    NOON,
  );
  await redis.send('key', ['GET', 'key']);
  return server.commands.find(([name]) => name === 'AUTH')?.slice(1);
}

test('nothing is connected before the first command', async () => {
  await openRedis(contract(), NOON);
  expect(server.connections).toBe(0);
});

test('a cache that lets everybody in is told nothing', async () => {
  expect(await authenticationOf(undefined)).toBeUndefined();
});

describe('IAM', () => {
  const iam = { kind: 'iam', user: 'web', cache: 'sessions' } as const;

  test.each([
    ['a replication group', iam, undefined],
    ['a serverless cache', { ...iam, serverless: true }, 'ServerlessCache'],
  ])('is a token for %s, signed now', async (_, authentication, kind) => {
    const [user, token = ''] = (await authenticationOf(authentication)) ?? [];
    const { cache, query } = readToken(token);
    expect({ user, cache, kind: query['ResourceType'] }).toEqual({ user: 'web', cache: 'sessions', kind });
    expect(query).toMatchObject({ User: 'web', 'X-Amz-Date': '20300131T120000Z' });
  });

  test.each<[string, NodeJS.ProcessEnv, string | undefined, string]>([
    ['of the cache', { AWS_REGION: 'us-east-1' }, 'eu-central-1', 'eu-central-1'],
    ['in which the client runs', { AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-west-2' }, undefined, 'us-east-1'],
    ['that is the default', { AWS_DEFAULT_REGION: 'us-west-2' }, undefined, 'us-west-2'],
  ])('is a token for the region %s', async (_, env, region, expected) => {
    process.env = { ...KEYS, ...env };
    const [, token = ''] = (await authenticationOf(iam, region)) ?? [];
    expect(readToken(token).query['X-Amz-Credential']).toBe(`AKID/20300131/${expected}/elasticache/aws4_request`);
  });

  test('needs a region', async () => {
    process.env = {};
    await expect(openRedis(contract({ authentication: iam }), NOON)).rejects.toMatchObject({
      code: 'ERR_SESSION_CONFIG',
      message: 'a token of IAM is signed for a region, and none is known: set the environment variable AWS_REGION',
    });
  });
});

describe('a secret', () => {
  test('holds the password of a user', async () => {
    expect(await authenticationOf({ kind: 'password', user: 'web', secret: SECRET })).toEqual(['web', PASSWORD]);
  });

  test('holds the token that all share', async () => {
    expect(await authenticationOf({ kind: 'token', secret: SECRET })).toEqual([PASSWORD]);
  });

  test.each([
    ['of the cache', 'eu-central-1', 'eu-central-1'],
    ['in which the client runs', undefined, 'us-east-1'],
  ])('is read in the region %s', async (_, region, expected) => {
    await authenticationOf({ kind: 'token', secret: SECRET }, region);
    expect(reads).toEqual([{ secret: SECRET, region: expected }]);
  });

  test('cannot be read without the SDK, which says what to install', async () => {
    jest.resetModules();
    jest.doMock('@aws-sdk/client-secrets-manager', () => {
      throw new Error("Cannot find module '@aws-sdk/client-secrets-manager'");
    });
    try {
      await expect(
        openRedis(contract({ authentication: { kind: 'token', secret: SECRET } }), NOON),
      ).rejects.toMatchObject({
        code: 'ERR_SESSION_CONFIG',
        message: expect.stringContaining('npm install @aws-sdk/client-secrets-manager'),
      });
    } finally {
      jest.dontMock('@aws-sdk/client-secrets-manager');
    }
  });
});

test('TLS is spoken where the contract says so, and whose certificate nobody knows is not trusted', async () => {
  const secure = await startRedisServer();
  try {
    const redis = await openRedis(contract({ endpoint: 'localhost', port: secure.port, tls: true }), NOON);
    await expect(redis.send('key', ['GET', 'key'])).rejects.toMatchObject({
      message: `cannot connect to localhost:${secure.port}: self-signed certificate`,
    });
  } finally {
    await secure.stop();
  }
});

test('a cluster is asked who has which slot', async () => {
  const redis = await openRedis(contract({ cluster: true }), NOON);
  await expect(redis.send('key', ['GET', 'key'])).rejects.toMatchObject({ outcome: 'unsent' });
  expect(server.commands).toContainEqual(['CLUSTER', 'SLOTS']);
});
