import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { SessionConstructError } from '../errors.js';
import { accessStringFault, sessionAccessString } from './access-string.js';
import type { CacheAccess, CacheAccessOptions } from './cache-access.js';
import type { CacheIamOptions } from './cache-authentication-options.js';
import { CacheUsers } from './cache-users.js';
import { kept } from './kept.js';

/**
 * A user whom IAM lets in.
 *
 * @throws if the engine knows none, or the access string is none for it.
 */
export function iamAccess(
  scope: Construct,
  { engine, removalPolicy, sessionEvents }: CacheAccessOptions,
  { accessString = sessionAccessString(engine, sessionEvents) }: CacheIamOptions,
): CacheAccess {
  const fault = engine._isAtLeast({ valkey: '7.2', redis: '7.0' })
    ? accessStringFault(accessString)
    : `authentication with IAM takes Valkey 7.2 or Redis OSS 7.0, received ${engine.toString()}: take a later engine, or CacheAuthentication.password()`;
  if (fault !== undefined) {
    throw new SessionConstructError('ERR_SESSION_CACHE', fault, scope);
  }
  const users = new CacheUsers(scope, 'Users', {
    engine,
    accessString,
    authenticationMode: { Type: 'iam' },
    removalPolicy: kept(removalPolicy),
  });
  return {
    userGroupIds: [users.groupId],
    dependency: users.group,
    // Either of the two alone lets nobody in.
    grantConnect: (grantee, cacheArn) =>
      iam.Grant.addToPrincipal({
        grantee,
        actions: ['elasticache:Connect'],
        resourceArns: [cacheArn, users.userArn],
      }),
    contract: ({ name, serverless }) => ({
      kind: 'iam',
      user: users.userName,
      cache: name,
      ...(serverless && { serverless }),
    }),
  };
}
