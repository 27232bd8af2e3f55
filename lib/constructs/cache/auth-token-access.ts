import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { rotationFault } from '../rotation-interval.js';
import { grantOnSecret } from '../secret-grant.js';
import type { CacheAccess, CacheAccessOptions } from './cache-access.js';
import type { CacheAuthTokenOptions } from './cache-authentication-options.js';
import { CacheRotation, STANDARD_ROTATION } from './cache-rotation.js';
import { cacheSecret, passwordIn } from './cache-secret.js';
import { kept } from './kept.js';

/**
 * A token that all clients share, and that is rotated.
 *
 * @throws if the rotation is too short or too long.
 */
export function authTokenAccess(
  scope: Construct,
  cache: CacheAccessOptions,
  { encryptionKey = cache.encryptionKey, rotation = STANDARD_ROTATION }: CacheAuthTokenOptions,
): CacheAccess {
  const fault = rotationFault(rotation);
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_CACHE', fault, scope);
  }
  const secret = cacheSecret(scope, 'AuthToken', {
    description: 'The token that the clients of a cache share',
    encryptionKey,
    removalPolicy: kept(cache.removalPolicy),
  });
  return {
    authToken: passwordIn(secret),
    dependency: secret,
    attach: (target) => {
      new CacheRotation(scope, 'Rotation', {
        secret,
        interval: rotation,
        cache: target,
        holder: {
          environment: { REPLICATION_GROUP_ID: target.name },
          actions: ['elasticache:DescribeReplicationGroups', 'elasticache:ModifyReplicationGroup'],
          arn: target.arn,
        },
      });
    },
    grantConnect: (grantee) => grantOnSecret(secret, grantee, { calls: ['GetSecretValue'], keyCalls: ['Decrypt'] }),
    contract: () => ({ kind: 'token', secret: secret.secretArn }),
  };
}
