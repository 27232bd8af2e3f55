import { type Duration, Tokenization } from 'aws-cdk-lib';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { rotateSecret } from './secret-rotation.js';

/** How keys are rotated. */
export interface KeyRotationProps {
  readonly secret: secretsmanager.ISecret;
  /** How often a new key is made. */
  readonly interval: Duration;
  /** How long a key stays valid after a newer one was made. */
  readonly overlap: Duration;
}

/** The function that rotates keys, and its schedule. */
export class KeyRotation extends Construct {
  constructor(scope: Construct, id: string, { secret, interval, overlap }: KeyRotationProps) {
    super(scope, id);
    rotateSecret(this, {
      secret,
      interval,
      asset: 'rotate-keys',
      description: 'Rotates the keys of sessions',
      environment: { OVERLAP_SECONDS: Tokenization.stringifyNumber(overlap.toSeconds()) },
    });
  }
}
