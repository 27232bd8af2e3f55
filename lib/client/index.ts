export type { CookieContract, PolicyContract, SameSiteContract } from '../contract/environment.js';
export type { Clock } from './clock.js';
export { createSessions, type Sessions } from './create-sessions.js';
export type { DataOptions } from './data-model.js';
export { SessionError, type SessionErrorCode } from './errors.js';
export type { EventCounts, RegenerationCause, RejectionReason, SessionEvent, SessionHooks } from './hooks.js';
export type { CommitResult, GateOptions, SessionGate } from './hosts/host.js';
export type { LambdaHandler, LambdaOptions } from './hosts/lambda.js';
export type { LambdaContext, LambdaHttpEvent } from './hosts/lambda-event.js';
export type { HttpReply } from './hosts/lambda-reply.js';
export type { CommonOptions, DeployedOptions, ExplicitOptions, SessionsOptions } from './options.js';
export type { DestroyByOwnerOptions, SessionReference, SignedInSession } from './owned-sessions.js';
export type {
  Concurrency,
  Json,
  JsonMembers,
  LoginOptions,
  Session,
  SessionDataKey,
  SessionStatus,
} from './session.js';
export type { StandardIssue, StandardResult, StandardSchema } from './standard-schema.js';
export type { OwnedSession, Owner, OwnerIndex, OwnerKey } from './stores/owner-index.js';
export type { RedisClient } from './stores/redis-transport.js';
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
export type { Transaction, TransactOptions } from './transaction.js';
