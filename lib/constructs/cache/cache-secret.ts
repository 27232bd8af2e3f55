import type { RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { CACHE_SECRET } from '../../contract/cache-secret.js';

/** How to make a secret for a cache. */
export interface CacheSecretProps {
  readonly description: string;
  readonly encryptionKey?: kms.IKey;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A password that Secrets Manager generates. What generates it must never change: CloudFormation would generate another,
 * which the cache does not take.
 */
export function cacheSecret(scope: Construct, id: string, props: CacheSecretProps): secretsmanager.Secret {
  return new secretsmanager.Secret(scope, id, {
    ...props,
    generateSecretString: {
      secretStringTemplate: '{}',
      generateStringKey: CACHE_SECRET.field,
      passwordLength: CACHE_SECRET.length,
      excludePunctuation: true,
    },
  });
}

/**
 * The password as CloudFormation reads it, when it creates or changes what refers to it, and at no other time: it does
 * not see a rotation, and need not, as the rotation tells the cache itself.
 */
export function passwordIn(secret: secretsmanager.ISecret): string {
  return secret.secretValueFromJson(CACHE_SECRET.field).unsafeUnwrap();
}
