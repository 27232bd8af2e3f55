import * as sdk from '@aws-sdk/client-secrets-manager';
import { secretsManagerReader } from '../../../lib/client/keys/secrets-manager';
import { InMemorySecret } from '../../support/secrets-manager';
import { type SecretsManagerEndpoint, serveSecret } from '../../support/secrets-manager-endpoint';

const TEXT = '{"version":1,"initial":"abc"}';

let environment: NodeJS.ProcessEnv;
let endpoint: SecretsManagerEndpoint;
let secret: InMemorySecret;

beforeEach(async () => {
  environment = process.env;
  secret = new InMemorySecret(TEXT);
  endpoint = await serveSecret(secret);
  process.env = {
    ...environment,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint.url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  };
});

afterEach(async () => {
  process.env = environment;
  await endpoint.close();
});

test.each([['us-west-2'], [undefined]])('reads the text that is current, with the SDK of region %s', async (region) => {
  const read = secretsManagerReader(sdk, { secret: secret.arn, ...(region !== undefined && { region }) });
  expect(await read(undefined)).toBe(TEXT);
});

test('a secret that is not there is an error', async () => {
  const read = secretsManagerReader(sdk, { secret: `${secret.arn}-other` });
  await expect(read(undefined)).rejects.toThrow();
});

test('a secret of bytes is an error', async () => {
  jest.spyOn(secret, 'getSecretValue').mockResolvedValue({ SecretString: undefined } as never);
  await expect(secretsManagerReader(sdk, { secret: secret.arn })(undefined)).rejects.toThrow(
    'the secret holds no text',
  );
});
