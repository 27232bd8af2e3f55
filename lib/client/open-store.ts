import type { StoreContract } from '../contract/environment.js';
import type { Clock } from './clock.js';
import type { SessionStore } from './stores/store.js';

/** Opens the store that the contract names. Its code is loaded only now, and no other store's is. */
export async function openStore(contract: StoreContract, clock: Clock): Promise<SessionStore> {
  const { DynamoDBStore } = await import('./stores/dynamodb.js');
  return new DynamoDBStore({ table: contract.table, region: contract.region, clock });
}
