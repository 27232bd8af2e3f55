import type * as SecretsManager from '@aws-sdk/client-secrets-manager';
import type { KeysContract } from '../../contract/environment.js';
import type { SecretReader } from './key-cache.js';

/** What of the SDK is needed. It is loaded only where there is a secret to read: keys, or the password of a cache. */
type Sdk = Pick<typeof SecretsManager, 'SecretsManagerClient' | 'GetSecretValueCommand'>;

/** Reads a secret from Secrets Manager through the AWS SDK. */
export function secretsManagerReader(
  sdk: Sdk,
  { secret, region }: Pick<KeysContract, 'secret' | 'region'>,
): SecretReader {
  const client = new sdk.SecretsManagerClient({ ...(region !== undefined && { region }) });
  return async (abortSignal) => {
    const { SecretString } = await client.send(new sdk.GetSecretValueCommand({ SecretId: secret }), { abortSignal });
    if (SecretString === undefined) {
      throw new Error('the secret holds no text');
    }
    return SecretString;
  };
}
