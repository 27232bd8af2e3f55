import type { IConstruct } from 'constructs';

/** The stable codes of what constructs refuse. */
export type SessionConstructErrorCode =
  /** A time or a number of a policy, or several together. */
  | 'ERR_SESSION_POLICY'
  /** A cookie that browsers would drop. */
  | 'ERR_SESSION_COOKIE'
  /** A store and a consumer that cannot be brought together. */
  | 'ERR_SESSION_ATTACH'
  /** A table, created or imported. */
  | 'ERR_SESSION_TABLE'
  /** Keys, created or imported, or what a store would do with them. */
  | 'ERR_SESSION_KEYS'
  /** A cache, created or imported, or who may connect to it. */
  | 'ERR_SESSION_CACHE'
  /** A load balancer or one of its targets. */
  | 'ERR_SESSION_LOAD_BALANCER';

/** What the constructs throw. Told apart by `code`; the message says what was received, what to do, and where. */
export class SessionConstructError extends Error {
  public override readonly name = 'SessionConstructError';

  constructor(
    /** Which kind of error it is. Stable across releases. */
    public readonly code: SessionConstructErrorCode,
    message: string,
    scope?: IConstruct,
  ) {
    super(scope ? `${message} (at ${scope.node.path})` : message);
  }
}
