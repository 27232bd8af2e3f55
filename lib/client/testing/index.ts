export { MemoryStore, type MemoryStoreOptions } from '../stores/memory.js';
export { FakeClock } from './fake-clock.js';
export {
  type Fault,
  type FaultOf,
  FaultyStore,
  type FaultyStoreOptions,
  InjectedFault,
  type ReadFault,
  type StoreCall,
} from './faulty-store.js';
export { type ContractCase, type ContractOptions, storeContract } from './store-contract.js';
