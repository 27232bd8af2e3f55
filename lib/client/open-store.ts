import type { StoreContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import { SessionError } from './errors.js';
import { missingSdk } from './missing-sdk.js';
import type { SessionStore } from './stores/store.js';

/**
 * Opens the store that the contract names. Its code is loaded only now, and no other store's is.
 *
 * @throws SessionError ERR_SESSION_CONFIG if the AWS SDK is not there, or this release has no such store.
 */
export async function openStore(contract: StoreContract, clock: Clock): Promise<SessionStore> {
  if (contract.kind === 'redis') {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'a store of the kind redis needs a newer client than this: update cdk-sessions-client, or keep sessions in a SessionTable',
    );
  }
  const { DynamoDBStore } = await import('./stores/dynamodb.js');
  // Loaded before the first call, whose deadline is for DynamoDB's answer and not for the reading of files.
  const { sdkTransport } = await import('./stores/dynamodb-sdk.js').catch(missingSdk('@aws-sdk/client-dynamodb'));
  return new DynamoDBStore({ table: contract.table, transport: sdkTransport(contract.region), clock });
}
