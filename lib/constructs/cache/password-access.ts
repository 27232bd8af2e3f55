import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { rotationFault } from '../rotation-interval.js';
import { grantOnSecret } from '../secret-grant.js';
import { accessStringFault, sessionAccessString } from './access-string.js';
import type { CacheAccess, CacheAccessOptions } from './cache-access.js';
import type { CachePasswordOptions } from './cache-authentication-options.js';
import { CacheRotation, STANDARD_ROTATION } from './cache-rotation.js';
import { cacheSecret, passwordIn } from './cache-secret.js';
import { CacheUsers } from './cache-users.js';
import { kept } from './kept.js';

/**
 * A user with a password that is rotated.
 *
 * @throws if the access string is none for it, or the rotation is too short or too long.
 */
export function passwordAccess(
  scope: Construct,
  cache: CacheAccessOptions,
  options: CachePasswordOptions,
): CacheAccess {
  const { accessString = sessionAccessString(cache.engine, cache.sessionEvents), rotation = STANDARD_ROTATION } =
    options;
  const fault = accessStringFault(accessString) ?? rotationFault(rotation);
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_CACHE', fault, scope);
  }
  const removalPolicy = kept(cache.removalPolicy);
  const secret = cacheSecret(scope, 'Password', {
    description: "The password of a cache's user",
    encryptionKey: options.encryptionKey ?? cache.encryptionKey,
    removalPolicy,
  });
  const users = new CacheUsers(scope, 'Users', {
    engine: cache.engine,
    accessString,
    authenticationMode: { Type: 'password', Passwords: [passwordIn(secret)] },
    removalPolicy,
  });
  return {
    userGroupIds: [users.groupId],
    dependency: users.group,
    attach: (target) => {
      new CacheRotation(scope, 'Rotation', {
        secret,
        interval: rotation,
        cache: target,
        holder: {
          environment: { USER_ID: users.userName },
          actions: ['elasticache:DescribeUsers', 'elasticache:ModifyUser'],
          arn: users.userArn,
        },
      });
    },
    grantConnect: (grantee) => grantOnSecret(secret, grantee, { calls: ['GetSecretValue'], keyCalls: ['Decrypt'] }),
    contract: () => ({ kind: 'password', user: users.userName, secret: secret.secretArn }),
  };
}
