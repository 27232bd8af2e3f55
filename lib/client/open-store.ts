import type { StoreContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import { SessionError } from './errors.js';
import type { SessionStore } from './stores/store.js';

/**
 * Opens the store that the contract names. Its code is loaded only now, and no other store's is.
 *
 * @throws SessionError ERR_SESSION_CONFIG if the AWS SDK is not there.
 */
export async function openStore(contract: StoreContract, clock: Clock): Promise<SessionStore> {
  const { DynamoDBStore } = await import('./stores/dynamodb.js');
  // Loaded before the first call, whose deadline is for DynamoDB's answer and not for the reading of files.
  const { sdkTransport } = await import('./stores/dynamodb-sdk.js').catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      `the AWS SDK cannot be loaded (${reason}): npm install @aws-sdk/client-dynamodb, or run on a Lambda runtime that has it`,
      { cause },
    );
  });
  return new DynamoDBStore({ table: contract.table, transport: sdkTransport(contract.region), clock });
}
