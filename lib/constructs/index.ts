export type { DynamoDBStoreContract, StoreContracts } from '../contract/environment.js';
export { SameSite, SessionCookie, type SessionCookieOptions } from './session-cookie.js';
export {
  SessionLoadBalancer,
  type SessionLoadBalancerProps,
  type SessionTargetOptions,
} from './session-load-balancer.js';
export { SessionPolicy, type SessionPolicyProps } from './session-policy.js';
export type { AttachOptions, ISessionStore, SessionBinding } from './session-store.js';
export { SessionStoreBase } from './session-store-base.js';
export { SessionTable, type SessionTableAttributes, type SessionTableProps } from './session-table.js';
export { type ISessionTable, SessionTableBase } from './session-table-base.js';
