/** Made of a session id by SHA-256, 32 bytes: the only form of it that is at rest. */
export type SessionKey = Uint8Array;

/** Tells one save of a session from every other: made by the engine, compared by stores, understood by nobody else. */
export type Version = string;

/** A point in time, in milliseconds since 1970 UTC. */
export type EpochMilliseconds = number;

/** What a caller may ask of any call. */
export interface CallOptions {
  /** Asks the store to give the call up. It may leave a read, which does no harm, to timeouts of its own. */
  readonly signal?: AbortSignal;
}
