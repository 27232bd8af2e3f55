export type {
  CacheIamContract,
  CachePasswordContract,
  CacheTokenContract,
  DynamoDBStoreContract,
  RedisStoreContract,
  StoreContracts,
} from '../contract/environment.js';
export { CacheAuthentication } from './cache/cache-authentication.js';
export type {
  CacheAuthTokenOptions,
  CacheIamOptions,
  CachePasswordOptions,
} from './cache/cache-authentication-options.js';
export { CacheEngine } from './cache/cache-engine.js';
export { CacheLog, CacheLogFormat, type CacheLogProps } from './cache/cache-log.js';
export { CacheNodeClass, CacheNodeSize, CacheNodeType } from './cache/cache-node-type.js';
export { ClusterMode } from './cache/cluster-mode.js';
export { Durability } from './cache/durability.js';
export { EvictionPolicy } from './cache/eviction-policy.js';
export type { SessionReplicationGroupAttributes } from './cache/imported-replication-group.js';
export type { SessionServerlessCacheAttributes } from './cache/imported-serverless-cache.js';
export { TransitEncryption } from './cache/transit-encryption.js';
export { DailyWindow, Weekday, WeeklyWindow } from './cache/windows.js';
export { type ISessionCache, SessionCacheBase } from './session-cache-base.js';
export { SameSite, SessionCookie, type SessionCookieOptions } from './session-cookie.js';
export { SessionKeys, type SessionKeysAttributes, type SessionKeysProps } from './session-keys.js';
export { type ISessionKeys, SessionKeysBase } from './session-keys-base.js';
export { SessionLoadBalancer } from './session-load-balancer.js';
export { type ISessionLoadBalancer, SessionLoadBalancerBase } from './session-load-balancer-base.js';
export type { SessionLoadBalancerAttributes, SessionLoadBalancerProps } from './session-load-balancer-props.js';
export { RevocationCheck, WhenFull } from './session-owners.js';
export { SessionPolicy, type SessionPolicyProps } from './session-policy.js';
export { SessionReplicationGroup } from './session-replication-group.js';
export { type ISessionReplicationGroup, SessionReplicationGroupBase } from './session-replication-group-base.js';
export type { SessionReplicationGroupProps } from './session-replication-group-props.js';
export { SessionServerlessCache } from './session-serverless-cache.js';
export { type ISessionServerlessCache, SessionServerlessCacheBase } from './session-serverless-cache-base.js';
export type { SessionServerlessCacheProps } from './session-serverless-cache-props.js';
export {
  type AttachEcsServiceOptions,
  type AttachOptions,
  type ISessionStore,
  SessionAccess,
  type SessionBinding,
  type SessionNetwork,
  type SessionStoreOptions,
} from './session-store.js';
export { SessionStoreBase, type SessionStoreBaseProps } from './session-store-base.js';
export { SessionTable, type SessionTableAttributes, type SessionTableProps } from './session-table.js';
export { type ISessionTable, SessionTableBase } from './session-table-base.js';
export type {
  SessionEcsTargetOptions,
  SessionInstanceTargetOptions,
  SessionServerTargetOptions,
  SessionTargetGroupsOptions,
  SessionTargetOptions,
} from './session-target-options.js';
export { type ISessionWebAcl, SessionWebAcl, type SessionWebAclProps } from './session-web-acl.js';
export { Stickiness } from './stickiness.js';
