/** What Secrets Manager asks of the function, one step at a time. Each may come again, after whatever went wrong. */
export interface RotationEvent {
  readonly Step: string;
  /** The secret's ARN. */
  readonly SecretId: string;
  /** The id of the version that this rotation makes. */
  readonly ClientRequestToken: string;
}

/**
 * Whoever may call the function could name a secret of their own, and have what they know put in place of what nobody
 * knows.
 *
 * @throws if the secret is another than the one whose ARN the construct writes to the environment, or there is none.
 */
export function assertSecret({ SecretId }: RotationEvent, { SECRET_ARN }: NodeJS.ProcessEnv): void {
  if (!SECRET_ARN) {
    throw new Error(`SECRET_ARN must be the ARN of the secret that is rotated, received ${SECRET_ARN}`);
  }
  if (SecretId !== SECRET_ARN) {
    throw new Error(`the function rotates the secret ${SECRET_ARN} and no other, received ${SecretId}`);
  }
}
