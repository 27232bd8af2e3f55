import type { KeysContract } from '../contract/environment.js';
import type { EngineKeys } from './engine.js';
import { secretsManagerReader } from './keys/secrets-manager.js';
import { missingSdk } from './missing-sdk.js';

/**
 * Opens the secret that the contract names. The SDK's client is loaded only now.
 *
 * @throws SessionError ERR_SESSION_CONFIG if it is not there.
 */
export async function openKeys(contract: KeysContract): Promise<EngineKeys> {
  const name = '@aws-sdk/client-secrets-manager';
  const sdk = await import('@aws-sdk/client-secrets-manager').catch(missingSdk(name));
  const { encryptsData = false, acceptsUnprotected = false } = contract;
  return { read: secretsManagerReader(sdk, contract), encryptsData, acceptsUnprotected };
}
