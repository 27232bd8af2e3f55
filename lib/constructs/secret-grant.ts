import * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

/** What is called on a secret, and what Secrets Manager then does with a customer-managed key for the caller. */
export interface SecretCalls {
  readonly calls: readonly string[];
  readonly keyCalls: readonly string[];
}

/**
 * Grants calls on one secret. A customer-managed key may be used through Secrets Manager only, and only for this secret,
 * whose ARN is in the encryption context; it must be known as a whole, which `secret.secretFullArn` tells. The key's own policy must leave its account's permissions to IAM, as those of
 * keys made by this app do.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function grantOnSecret(
  secret: secretsmanager.ISecret,
  grantee: iam.IGrantable,
  { calls, keyCalls }: SecretCalls,
): iam.Grant {
  const grant = iam.Grant.addToPrincipal({
    grantee,
    actions: calls.map((call) => `secretsmanager:${call}`),
    resourceArns: [secret.secretArn],
  });
  if (!secret.encryptionKey) {
    return grant;
  }
  return grant.combine(
    iam.Grant.addToPrincipal({
      grantee,
      actions: keyCalls.map((call) => `kms:${call}`),
      resourceArns: [secret.encryptionKey.keyArn],
      conditions: {
        StringEquals: {
          'kms:ViaService': `secretsmanager.${secret.env.region}.amazonaws.com`,
          'kms:EncryptionContext:SecretARN': secret.secretArn,
        },
      },
    }),
  );
}
