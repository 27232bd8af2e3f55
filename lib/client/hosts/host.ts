/** What a host needs of the engine. */
export interface SessionGate<S> {
  /** Finds the session that the Cookie header lines name, or begins one. Rejects with a SessionError. */
  load(cookieHeaders: readonly string[], options?: GateOptions): Promise<S>;
  /** Saves what changed. The reply may leave only after this resolves. */
  commit(session: S, options?: GateOptions): Promise<CommitResult>;
}

/** What a host knows about the request that is under way. */
export interface GateOptions {
  /** How many milliseconds are left until the platform ends the request. */
  readonly remainingMs?: number;
}

/** What the reply must carry. */
export interface CommitResult {
  /** The value of the Set-Cookie header; absent when the visitor's cookie is to stay as it is. */
  readonly setCookie?: string;
}
