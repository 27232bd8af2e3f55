export type { CookieContract, PolicyContract, SameSiteContract } from '../contract/environment.js';
export type { Clock } from './clock.js';
export {
  type CommonOptions,
  createSessions,
  type DeployedOptions,
  type ExplicitOptions,
  type Sessions,
  type SessionsOptions,
} from './create-sessions.js';
export { SessionError, type SessionErrorCode } from './errors.js';
export type { LambdaHandler } from './hosts/lambda.js';
export type { LambdaContext, LambdaHttpEvent } from './hosts/lambda-event.js';
export type { HttpReply } from './hosts/lambda-reply.js';
export type { Session, SessionDataKey, SessionStatus } from './session.js';
export type {
  CallOptions,
  EpochMilliseconds,
  SessionKey,
  SessionStore,
  StoredSession,
  TouchResult,
  Version,
  WriteResult,
} from './stores/store.js';
