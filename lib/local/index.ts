export type { LocalCache } from './cache-servers.js';
export type { LocalCall } from './database-calls.js';
export type { DatabaseKind } from './dynamodb.js';
export { LocalError, type LocalErrorCode } from './errors.js';
export type { LocalFront } from './fronts.js';
export type { LocalFunction } from './function-host.js';
export type { Invocation } from './instance.js';
export { type LocalCloud, type LocalOptions, type LocalSecret, type LocalTable, startLocal } from './local.js';
export type { Location, Unsupported } from './support.js';
