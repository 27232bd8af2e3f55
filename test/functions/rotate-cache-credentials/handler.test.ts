import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseCacheSecret } from '../../../lib/contract/cache-secret.js';
import { CacheDoor } from '../../../lib/functions/rotate-cache-credentials/cache-door.js';
import { SimulatedReplicationGroup, SimulatedUser } from '../../support/elasticache.js';
import { type ElastiCacheEndpoint, serveElastiCache } from '../../support/elasticache-endpoint.js';
import { assetOf, bundleOf, requiredBy } from '../../support/function-asset.js';
import { type RedisServer, startRedisServer } from '../../support/redis-server.js';
import { InMemorySecret } from '../../support/secrets-manager.js';
import { type SecretsManagerEndpoint, serveSecret } from '../../support/secrets-manager-endpoint.js';

const NAME = 'rotate-cache-credentials';
const INITIAL = 'Initial0Password0Of0Secrets0Manager';
const TOKEN = '8c2a3f0e-6d0b-4f57-9d0c-3f5a6f1b2c4d';
/** The steps of a rotation, in a process of their own, which trusts the certificate of the server. */
const RUN = `
  const { handler } = require(process.argv[1]);
  (async () => {
    for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) {
      await handler({ Step, SecretId: process.argv[2], ClientRequestToken: process.argv[3] });
    }
  })();
`;

test('the asset is what the sources are bundled to', () => {
  expect(readFileSync(assetOf(NAME), 'utf8')).toBe(bundleOf(NAME));
});

test('the asset needs nothing but Node and the AWS SDK of the runtime', () => {
  expect(requiredBy(NAME)).toEqual([
    '@aws-sdk/client-elasticache',
    '@aws-sdk/client-secrets-manager',
    'node:crypto',
    'node:dns/promises',
    'node:timers/promises',
    'node:tls',
  ]);
});

describe('the deployed function, with the AWS SDK', () => {
  let server: RedisServer;
  let folder: string;
  const open: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await startRedisServer();
    folder = mkdtempSync(join(tmpdir(), 'rotate-'));
    writeFileSync(join(folder, 'ca.pem'), server.ca);
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((endpoint) => endpoint.close()));
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true });
  });

  /** What the function writes, while it does a whole rotation. */
  async function rotate(
    secret: InMemorySecret,
    elastiCache: ElastiCacheEndpoint,
    environment: Record<string, string>,
  ): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const secretsManager: SecretsManagerEndpoint = await serveSecret(secret);
    open.push(elastiCache, secretsManager);
    secret.beginRotation(TOKEN);
    return promisify(execFile)(process.execPath, ['-e', RUN, resolve(assetOf(NAME)), secret.arn, TOKEN], {
      env: {
        PATH: process.env['PATH'],
        // Of the SDK, which is about the Node of whoever runs the tests.
        NODE_NO_WARNINGS: '1',
        NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
        AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
        AWS_ENDPOINT_URL_ELASTICACHE: elastiCache.url,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        SECRET_ARN: secret.arn,
        ...environment,
      },
    });
  }

  const location = () => ({ ENDPOINT: server.host, PORT: String(server.port) });
  const door = () => new CacheDoor({ endpoint: server.host, port: server.port, ca: server.ca });

  test('rotates the password of a user, and writes nothing to its log', async () => {
    const secret = new InMemorySecret(JSON.stringify({ password: INITIAL }));
    const user = new SimulatedUser(server, 'app-users-valkey', 0);
    await user.create(INITIAL);
    const environment = { ...location(), USER_ID: user.userId };
    await expect(rotate(secret, await serveElastiCache({ user }), environment)).resolves.toEqual({
      stdout: '',
      stderr: '',
    });
    const password = parseCacheSecret(secret.textOf('AWSCURRENT'));
    expect(user.changes).toEqual([2, 1]);
    await expect(door().admits({ user: user.userId, password })).resolves.toBe(true);
    await expect(door().admits({ user: user.userId, password: INITIAL })).resolves.toBe(false);
  });

  test('rotates the token of a group that it finds open, and writes nothing to its log', async () => {
    const secret = new InMemorySecret(JSON.stringify({ password: INITIAL }));
    const group = new SimulatedReplicationGroup(server, 'app-cache', 0);
    await group.create();
    const environment = { ...location(), REPLICATION_GROUP_ID: group.replicationGroupId };
    await expect(rotate(secret, await serveElastiCache({ group }), environment)).resolves.toEqual({
      stdout: '',
      stderr: '',
    });
    const password = parseCacheSecret(secret.textOf('AWSCURRENT'));
    expect(group.changes).toEqual(['ROTATE', 'SET', 'ROTATE', 'SET']);
    await expect(door().admits({ password })).resolves.toBe(true);
    await expect(door().admits({ password: INITIAL })).resolves.toBe(false);
    await expect(door().admits({})).resolves.toBe(false);
  });

  test.each([
    [{}, 'ENDPOINT and PORT must be those of a cache, received undefined and undefined'],
    [{ ENDPOINT: 'cache', PORT: 'no' }, 'ENDPOINT and PORT must be those of a cache, received cache and no'],
    [{ SECRET_ARN: '' }, 'SECRET_ARN must be the ARN of the secret that is rotated, received '],
    [{ ENDPOINT: 'cache', PORT: '6379' }, 'either USER_ID or REPLICATION_GROUP_ID must be set, received neither'],
  ])('fails with the environment %j', async (environment, message) => {
    const secret = new InMemorySecret(JSON.stringify({ password: INITIAL }));
    await expect(rotate(secret, await serveElastiCache({}), environment)).rejects.toThrow(message);
  });

  test('fails at a secret that somebody brings whose password they know, before it reads it or touches the cache', async () => {
    const secret = new InMemorySecret(JSON.stringify({ password: INITIAL }));
    const user = new SimulatedUser(server, 'app-users-valkey', 0);
    await user.create(INITIAL);
    const own = `${secret.arn}2`;
    const environment = { ...location(), USER_ID: user.userId, SECRET_ARN: own };
    await expect(rotate(secret, await serveElastiCache({ user }), environment)).rejects.toThrow(
      `the function rotates the secret ${own} and no other, received ${secret.arn}`,
    );
    expect(secret.labels).toEqual({ AWSCURRENT: 'first', AWSPENDING: TOKEN });
    expect(user.changes).toEqual([]);
  });
});
