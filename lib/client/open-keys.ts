import type { KeysContract } from '../contract/environment.js';
import type { EngineKeys } from './engine.js';
import { SessionError } from './errors.js';
import { secretsManagerReader } from './keys/secrets-manager.js';
import { missingSdk } from './missing-sdk.js';

/**
 * Opens the secret that the contract names. The SDK's client is loaded only now.
 *
 * @throws SessionError ERR_SESSION_CONFIG if it is not there, or if the data is to be encrypted.
 */
export async function openKeys(contract: KeysContract): Promise<EngineKeys> {
  if (contract.encryptsData) {
    // To leave data unencrypted that somebody wanted encrypted would be worse.
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'the store asks for encrypted data, and this release signs cookies only: deploy the newer cdk-sessions-client',
    );
  }
  const name = '@aws-sdk/client-secrets-manager';
  const sdk = await import('@aws-sdk/client-secrets-manager').catch(missingSdk(name));
  return { read: secretsManagerReader(sdk, contract), acceptsUnprotected: contract.acceptsUnprotected ?? false };
}
