import type { Duration } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';

/** How to have clients authenticate with IAM. */
export interface CacheIamOptions {
  /**
   * What clients may do, in the syntax of ElastiCache's access strings: `on ~* +@all -@dangerous` for a cache of other
   * things than sessions.
   * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
   * @default - to call what sessions need, on keys that begin with `session:`
   */
  readonly accessString?: string;
}

/** How to have clients authenticate as a user with a password. */
export interface CachePasswordOptions {
  /**
   * What clients may do, in the syntax of ElastiCache's access strings, without a password: `on ~* +@all -@dangerous` for
   * a cache of other things than sessions.
   * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
   * @default - to call what sessions need, on keys that begin with `session:`
   */
  readonly accessString?: string;

  /**
   * How often the password is replaced: a whole number of hours, at least 4, or of days, at most 1000. The old one is
   * valid until the new one is what clients read; connections that are open stay open.
   * @default Duration.days(30)
   */
  readonly rotation?: Duration;

  /**
   * The customer-managed key that encrypts the secret.
   * @default - that of the cache, or else the key `aws/secretsmanager`, which costs nothing and needs no grant
   */
  readonly encryptionKey?: kms.IKey;
}

/** How to have clients authenticate with a token that they all share. */
export interface CacheAuthTokenOptions {
  /**
   * How often the token is replaced: a whole number of hours, at least 4, or of days, at most 1000. The old one is valid
   * until the new one is what clients read; connections that are open stay open.
   * @default Duration.days(30)
   */
  readonly rotation?: Duration;

  /**
   * The customer-managed key that encrypts the secret.
   * @default - that of the cache, or else the key `aws/secretsmanager`, which costs nothing and needs no grant
   */
  readonly encryptionKey?: kms.IKey;
}
