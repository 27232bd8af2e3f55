export type {
  CacheIamContract,
  CachePasswordContract,
  CacheTokenContract,
  DynamoDBStoreContract,
  RedisStoreContract,
  StoreContracts,
} from '../contract/environment.js';
export { SameSite, SessionCookie, type SessionCookieOptions } from './session-cookie.js';
export { SessionKeys, type SessionKeysAttributes, type SessionKeysProps } from './session-keys.js';
export { type ISessionKeys, SessionKeysBase } from './session-keys-base.js';
export {
  SessionLoadBalancer,
  type SessionLoadBalancerProps,
  type SessionTargetOptions,
} from './session-load-balancer.js';
export { RevocationCheck, WhenFull } from './session-owners.js';
export { SessionPolicy, type SessionPolicyProps } from './session-policy.js';
export {
  type AttachOptions,
  type ISessionStore,
  SessionAccess,
  type SessionBinding,
  type SessionStoreOptions,
} from './session-store.js';
export { SessionStoreBase, type SessionStoreBaseProps } from './session-store-base.js';
export { SessionTable, type SessionTableAttributes, type SessionTableProps } from './session-table.js';
export { type ISessionTable, SessionTableBase } from './session-table-base.js';
