import { SessionError } from './errors.js';

/**
 * What a package of the AWS SDK that cannot be loaded is an error of. Written behind the `import()` itself, as its
 * `catch`: bundlers then let the package be absent.
 *
 * @throws SessionError ERR_SESSION_CONFIG
 */
export function missingSdk(name: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      `the AWS SDK cannot be loaded (${reason}): npm install ${name}, or run on a Lambda runtime that has it`,
      { cause },
    );
  };
}
