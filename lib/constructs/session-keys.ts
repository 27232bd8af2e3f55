import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { INITIAL_KEY, KEY_DOCUMENT_VERSION, MOST_KEYS } from '../contract/keys.js';
import { SessionConstructError } from './errors.js';
import { KeyRotation } from './key-rotation.js';
import { concrete } from './placement.js';
import { rotationFault } from './rotation-interval.js';
import { type ISessionKeys, SessionKeysBase } from './session-keys-base.js';

/** How to create keys. */
export interface SessionKeysProps {
  /**
   * How often a new key is made: a whole number of hours, at least 4, or of days, at most 1000. One key must not encrypt
   * more than 2^32 times (NIST SP 800-38D, section 8.3, for random nonces of 96 bits), which is once with each save of
   * stores with `encryptData`: with more than some 1,600 saves a second, all stores together, rotate more often.
   * @default Duration.days(30)
   */
  readonly rotation?: Duration;

  /**
   * How long a key stays valid after a newer one was made, in whole seconds. Sessions that were signed with it last must
   * live out their time: at least 15 minutes, in which all clients learn of the newer key, and the longest
   * `absoluteTimeout` of the stores that have these keys. With the rotation it makes up to 32 keys valid at once.
   * @default Duration.days(31)
   */
  readonly overlap?: Duration;

  /**
   * The customer-managed key that encrypts the secret.
   * @default - the key `aws/secretsmanager`, which costs nothing and needs no grant
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What happens to the secret when it is removed from the stack. Without its keys no session that they signed is valid.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Keys that exist. */
export interface SessionKeysAttributes {
  /** The whole ARN of the secret, with the six characters that Secrets Manager put at its end. */
  readonly secretArn: string;

  /**
   * How long a key stays valid after a newer one was made, as it was said where the keys are created.
   * @default Duration.days(31)
   */
  readonly overlap?: Duration;

  /**
   * The customer-managed key that encrypts the secret.
   * @default - the key `aws/secretsmanager`, which needs no grant
   */
  readonly encryptionKey?: kms.IKey;
}

const STANDARD_ROTATION = Duration.days(30);
/** Enough for 30 days, which is what the longest preset of `SessionPolicy` allows. */
const STANDARD_OVERLAP = Duration.days(31);

/**
 * Keys that out of turn may be there as well: one since Secrets Manager chooses the hour of a rotation, one that a
 * deployment or a person has made.
 */
const SPARE_KEYS = 2;

/**
 * Keys that session cookies are signed with, and that data is encrypted with where a store asks for it: a secret in
 * Secrets Manager, and a function that adds a key to it now and then and drops those that no session needs any more.
 * Nobody is signed out by that.
 *
 * Stores that share keys share their users: cookies and data are bound to their session, not to a store, so that who
 * reads the one and writes to the other can take a session over from the one to the other, as the same user. Give stores
 * of different users, those of customers and of staff for instance, keys of their own.
 */
export class SessionKeys extends SessionKeysBase {
  /**
   * Imports the keys of a `SessionKeys`.
   *
   * @throws if the ARN is not the whole ARN of a secret.
   */
  public static fromSessionKeysAttributes(
    scope: Construct,
    id: string,
    attributes: SessionKeysAttributes,
  ): ISessionKeys {
    return new ImportedSessionKeys(scope, id, attributes);
  }

  public override readonly secret: secretsmanager.ISecret;
  public override readonly overlap: Duration;

  constructor(scope: Construct, id: string, props: SessionKeysProps = {}) {
    super(scope, id);
    const rotation = props.rotation ?? STANDARD_ROTATION;
    this.overlap = props.overlap ?? STANDARD_OVERLAP;
    this.refuse(rotationFault(rotation) ?? overlapFault(this.overlap) ?? numberFault(rotation, this.overlap));

    // Its logical id is pinned, as a new one would make CloudFormation replace the secret, and so is what generates its
    // first value: CloudFormation would generate another, and every key would be lost.
    const secret = new secretsmanager.Secret(this, 'Secret', {
      description: 'Keys of sessions',
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ version: KEY_DOCUMENT_VERSION }),
        generateStringKey: INITIAL_KEY.field,
        passwordLength: INITIAL_KEY.length,
        excludePunctuation: true,
        requireEachIncludedType: false,
      },
      encryptionKey: props.encryptionKey,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
    this.secret = secret;
    this.node.defaultChild = secret.node.defaultChild;
    new KeyRotation(this, 'Rotation', { secret, interval: rotation, overlap: this.overlap });
  }

  private refuse(fault: string | undefined): void {
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_KEYS', fault, this);
    }
  }
}

class ImportedSessionKeys extends SessionKeysBase {
  public override readonly secret: secretsmanager.ISecret;
  public override readonly overlap: Duration;

  constructor(scope: Construct, id: string, { secretArn, overlap, encryptionKey }: SessionKeysAttributes) {
    const fault = arnFault(secretArn) ?? (overlap && overlapFault(overlap));
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_KEYS', `${fault}, importing ${id}`, scope);
    }
    super(scope, id, { environmentFromArn: secretArn });
    this.overlap = overlap ?? STANDARD_OVERLAP;
    this.secret = secretsmanager.Secret.fromSecretAttributes(this, 'Secret', {
      secretCompleteArn: secretArn,
      encryptionKey,
    });
  }
}

/** Less than the whole ARN would grant nothing: IAM compares it to the letter. */
function arnFault(secretArn: string): string | undefined {
  const whole = /^arn:[^:]+:secretsmanager:[^:]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/;
  return concrete(secretArn) && !whole.test(secretArn)
    ? `secretArn must be the whole ARN of a secret, its six random characters included, received ${JSON.stringify(secretArn)}`
    : undefined;
}

function overlapFault(overlap: Duration): string | undefined {
  return overlap.isUnresolved() || Number.isInteger(overlap.toSeconds({ integral: false }))
    ? undefined
    : `overlap must be a whole number of seconds, received ${overlap.toString()}`;
}

function numberFault(rotation: Duration, overlap: Duration): string | undefined {
  if (rotation.isUnresolved() || overlap.isUnresolved()) {
    return undefined;
  }
  const replaced = Math.ceil(overlap.toSeconds() / rotation.toSeconds());
  const keys = 1 + replaced + SPARE_KEYS;
  return keys > MOST_KEYS
    ? `a rotation every ${rotation.toHumanString()} with an overlap of ${overlap.toHumanString()} may make ${keys} keys valid at once, and at most ${MOST_KEYS} can be: rotate less often, or shorten the overlap`
    : undefined;
}
