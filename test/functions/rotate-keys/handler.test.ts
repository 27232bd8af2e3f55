import { readFileSync } from 'node:fs';
import { parseKeyDocument } from '../../../lib/contract/parse-key-document.js';
import { assetOf, bundleOf, requiredBy } from '../../support/function-asset.js';
import { InMemorySecret } from '../../support/secrets-manager.js';
import { type SecretsManagerEndpoint, serveSecret } from '../../support/secrets-manager-endpoint.js';

/** The function as it is deployed. */
const ASSET = assetOf('rotate-keys');
const TOKEN = '8c2a3f0e-6d0b-4f57-9d0c-3f5a6f1b2c4d';

test('the asset is what the sources are bundled to', () => {
  expect(readFileSync(ASSET, 'utf8')).toBe(bundleOf('rotate-keys'));
});

test('the asset needs nothing but Node and the AWS SDK of the runtime', () => {
  expect(requiredBy('rotate-keys')).toEqual(['@aws-sdk/client-secrets-manager', 'node:crypto', 'node:util']);
});

describe('the deployed function, with the AWS SDK', () => {
  const environment = { ...process.env };
  const secret = new InMemorySecret(JSON.stringify({ version: 1, initial: 'aZ9'.repeat(14) }));
  const event = (Step: string) => ({ Step, SecretId: secret.arn, ClientRequestToken: TOKEN });
  let endpoint: SecretsManagerEndpoint;
  let handler: (event: object) => Promise<void>;

  beforeAll(async () => {
    endpoint = await serveSecret(secret);
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    ({ handler } = require(`../../../${ASSET}`));
  });

  beforeEach(() => {
    process.env['SECRET_ARN'] = secret.arn;
  });

  afterEach(() => jest.restoreAllMocks());

  test.each([
    ['another than its own', `${secret.arn}2`, secret.arn],
    ['no secret', undefined, secret.arn],
    ['a secret when it was told of none', secret.arn, undefined],
    ['no secret when it was told of none', undefined, undefined],
  ])('fails when it is called for %s', async (_, SecretId, own) => {
    process.env['OVERLAP_SECONDS'] = '2678400';
    delete process.env['SECRET_ARN'];
    Object.assign(process.env, own !== undefined && { SECRET_ARN: own });
    await expect(handler({ ...event('createSecret'), SecretId })).rejects.toThrow(
      own === undefined
        ? 'SECRET_ARN must be the ARN of the secret that is rotated, received undefined'
        : `the function rotates the secret ${own} and no other, received ${SecretId}`,
    );
  });

  afterAll(async () => {
    process.env = environment;
    await endpoint.close();
  });

  test('rotates, and writes nothing to its log', async () => {
    process.env['OVERLAP_SECONDS'] = '2678400';
    secret.beginRotation(TOKEN);
    const written = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => jest.spyOn(console, name));
    const before = Math.floor(Date.now() / 1000);
    for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) {
      await handler(event(step));
    }
    const [added, initial] = parseKeyDocument(secret.textOf('AWSCURRENT')).keys;
    expect(initial?.id).toBe('initial');
    expect(added?.createdAt).toBeGreaterThanOrEqual(before);
    expect(added?.createdAt).toBeLessThanOrEqual(Date.now() / 1000);
    expect(written.filter(({ mock }) => mock.calls.length > 0)).toEqual([]);
  });

  test.each([undefined, '', '0', '-1', 'a month'])(
    'fails with the overlap %j rather than drop keys',
    async (overlap) => {
      delete process.env['OVERLAP_SECONDS'];
      Object.assign(process.env, overlap !== undefined && { OVERLAP_SECONDS: overlap });
      await expect(handler(event('createSecret'))).rejects.toThrow(
        `OVERLAP_SECONDS must be a whole number of seconds, received ${overlap}`,
      );
    },
  );
});
