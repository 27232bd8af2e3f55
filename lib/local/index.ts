export type { LocalCall } from './aws-endpoint.js';
export type { DatabaseKind } from './dynamodb.js';
export { LocalError, type LocalErrorCode } from './errors.js';
export type { LocalFunction } from './function-host.js';
export type { Invocation } from './instance.js';
export { type LocalCloud, type LocalFront, type LocalOptions, type LocalTable, startLocal } from './local.js';
export type { Unsupported } from './support.js';
