import { types } from 'node:util';

/** What kind of thing went wrong. Stable: programs may compare it. */
export type LocalErrorCode =
  /** The folder is no cloud assembly, or the stack that was asked for is not in it. */
  | 'ERR_LOCAL_ASSEMBLY'
  /** The template holds something that cannot be resolved or run here. */
  | 'ERR_LOCAL_TEMPLATE'
  /** An option is not usable. */
  | 'ERR_LOCAL_OPTION'
  /** A port is taken or not permitted. */
  | 'ERR_LOCAL_PORT'
  /** The database did not start or refused a table. */
  | 'ERR_LOCAL_DYNAMODB'
  /** There is no server for caches on this machine, or it did not start. */
  | 'ERR_LOCAL_REDIS';

/** An error of the runner itself; what goes wrong inside a function is an `Invocation` instead. */
export class LocalError extends Error {
  override readonly name = 'LocalError';

  constructor(
    readonly code: LocalErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The text of whatever was thrown, whichever realm its class is from. */
export function messageOf(thrown: unknown): string {
  return types.isNativeError(thrown) ? thrown.message : String(thrown);
}
