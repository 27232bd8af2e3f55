import type { Construct } from 'constructs';
import { authTokenAccess } from './auth-token-access.js';
import type { CacheAccess, CacheAccessOptions } from './cache-access.js';
import type { CacheAuthTokenOptions, CacheIamOptions, CachePasswordOptions } from './cache-authentication-options.js';
import { iamAccess } from './iam-access.js';
import { passwordAccess } from './password-access.js';

/**
 * How clients of a cache say who they are. In each case nobody gets in who does not, and no password is in a template or in
 * the environment of a function.
 */
export class CacheAuthentication {
  /**
   * By the IAM role that they run with: nothing to keep secret, nothing to rotate, nothing to pay for. Needs Valkey 7.2 or
   * Redis OSS 7.0.
   *
   * @throws if the engine is older than that, or the access string does not turn its user on.
   */
  public static iam(options: CacheIamOptions = {}): CacheAuthentication {
    return new CacheAuthentication((scope, access) => iamAccess(scope, access, options));
  }

  /**
   * As a user with a password in Secrets Manager, which is replaced now and then. For clients that cannot sign requests,
   * and for Redis OSS 6. The secret costs by the month.
   *
   * @throws if the access string does not turn its user on or has a password, or the rotation is too short or too long.
   */
  public static password(options: CachePasswordOptions = {}): CacheAuthentication {
    return new CacheAuthentication((scope, access) => passwordAccess(scope, access, options));
  }

  /**
   * With one token in Secrets Manager that all clients share, which is replaced now and then, and which lets them do
   * everything. For clients that know of no users. The secret costs by the month.
   *
   * @throws if the rotation is too short or too long.
   */
  public static authToken(options: CacheAuthTokenOptions = {}): CacheAuthentication {
    return new CacheAuthentication((scope, access) => authTokenAccess(scope, access, options));
  }

  private constructor(private readonly access: (scope: Construct, options: CacheAccessOptions) => CacheAccess) {}

  /**
   * Makes what the cache needs to know its clients by.
   *
   * @internal
   */
  public _bind(scope: Construct, options: CacheAccessOptions): CacheAccess {
    return this.access(scope, options);
  }
}
