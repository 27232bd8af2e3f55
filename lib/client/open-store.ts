import type { StoreContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import type { SessionStore } from './stores/store.js';

/** Opens the store that the contract names. Its code is loaded only now, and no other store's is. */
export async function openStore(contract: StoreContract, clock: Clock): Promise<SessionStore> {
  const [{ DynamoDBStore }, { sdkTransport }] = await Promise.all([
    import('./stores/dynamodb.js'),
    // Loaded before the first call, whose deadline is for DynamoDB's answer and not for the reading of files.
    import('./stores/dynamodb-sdk.js'),
  ]);
  return new DynamoDBStore({ table: contract.table, transport: sdkTransport(contract.region), clock });
}
