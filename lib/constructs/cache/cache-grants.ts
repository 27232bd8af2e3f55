import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import type { CacheAccess } from './cache-access.js';

/** A cache to which somebody is let in. */
export interface GrantedCache {
  readonly construct: IConstruct;
  readonly arn: string;
  /** @default - nobody authenticates */
  readonly access: CacheAccess | undefined;
}

/**
 * Grants what it takes to connect: with IAM to do so as the cache's user, else to read the secret.
 *
 * @throws if nobody authenticates: there is nothing to grant then, and security groups decide alone.
 */
export function grantConnectTo({ construct, arn, access }: GrantedCache, grantee: iam.IGrantable): iam.Grant {
  if (!access) {
    throw new SessionConstructError(
      'ERR_SESSION_CACHE',
      'whoever reaches this cache may use it, as nobody authenticates: there is nothing to grant, open its connections instead',
      construct,
    );
  }
  return access.grantConnect(grantee, arn);
}

/** Grants a client of the store what it takes to connect, which is nothing if nobody authenticates. */
export function grantClientOf(cache: GrantedCache, grantee: iam.IGrantable): iam.Grant {
  return cache.access ? grantConnectTo(cache, grantee) : iam.Grant.drop(grantee, 'nobody authenticates at this cache');
}

/** Who connects to a cache as its user may read as well: nobody can be let end sessions alone. */
export function refuseRevoke(cache: IConstruct): never {
  throw new SessionConstructError(
    'ERR_SESSION_CACHE',
    'a cache has no such grant yet: who connects to it may read as well, take grantReadWrite(), or a SessionTable',
    cache,
  );
}
