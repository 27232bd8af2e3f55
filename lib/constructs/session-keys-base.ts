import { type Duration, type IResource, Resource } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { grantOnSecret } from './secret-grant.js';

/** Keys that session cookies are signed with and data is encrypted with, created here or imported. */
export interface ISessionKeys extends IResource {
  /** The secret that holds the keys. */
  readonly secret: secretsmanager.ISecret;

  /** How long a key stays valid after a newer one was made. */
  readonly overlap: Duration;

  /**
   * Grants reading the keys, which is all that the client does. Attaching a store that has these keys grants it too.
   *
   * With a customer-managed key it also grants what Secrets Manager then does with that key for the caller.
   */
  grantRead(grantee: iam.IGrantable): iam.Grant;
}

/** What created and imported keys have in common. */
export abstract class SessionKeysBase extends Resource implements ISessionKeys {
  public abstract readonly secret: secretsmanager.ISecret;
  public abstract readonly overlap: Duration;

  public grantRead(grantee: iam.IGrantable): iam.Grant {
    return grantOnSecret(this.secret, grantee, { calls: ['GetSecretValue'], keyCalls: ['Decrypt'] });
  }
}
