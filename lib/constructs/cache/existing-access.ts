import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { CacheAuthenticationContract } from '../../contract/environment.js';
import { SessionConstructError } from '../errors.js';
import { grantOnSecret } from '../secret-grant.js';
import type { CacheAccess, CacheTarget } from './cache-access.js';

/** Who connects to a cache that exists: a user by IAM, a user with a password, or whoever has the token. */
export interface ExistingAccess {
  readonly userName?: string;
  readonly secret?: secretsmanager.ISecret;
}

/**
 * Access to a cache that exists, or `undefined` where nobody authenticates. Nothing is made.
 *
 * @throws if less than the whole ARN of the secret is known: IAM and KMS compare it to the letter.
 */
export function existingAccess(scope: Construct, { userName, secret }: ExistingAccess): CacheAccess | undefined {
  if (secret !== undefined) {
    if (secret.secretFullArn === undefined) {
      throw new SessionConstructError(
        'ERR_SESSION_CACHE',
        `the secret of a cache must be known by its whole ARN, its six random characters included, received the secret ${secret.secretName} without them: import it with Secret.fromSecretCompleteArn()`,
        scope,
      );
    }
    return {
      grantConnect: (grantee) => grantOnSecret(secret, grantee, { calls: ['GetSecretValue'], keyCalls: ['Decrypt'] }),
      contract: () =>
        userName === undefined
          ? { kind: 'token', secret: secret.secretArn }
          : { kind: 'password', user: userName, secret: secret.secretArn },
    };
  }
  if (userName === undefined) {
    return undefined;
  }
  const userArn = Stack.of(scope).formatArn({
    service: 'elasticache',
    resource: 'user',
    resourceName: userName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return {
    grantConnect: (grantee, cacheArn) =>
      iam.Grant.addToPrincipal({ grantee, actions: ['elasticache:Connect'], resourceArns: [cacheArn, userArn] }),
    contract: ({ name, serverless }: Pick<CacheTarget, 'name' | 'serverless'>): CacheAuthenticationContract => ({
      kind: 'iam',
      user: userName,
      cache: name,
      ...(serverless && { serverless }),
    }),
  };
}
