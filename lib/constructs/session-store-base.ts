import { isDeepStrictEqual } from 'node:util';
import { Resource, type ResourceProps, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import {
  CONTRACT_MAX_LENGTH,
  CONTRACT_VERSION,
  type KeysContract,
  SESSIONS_VARIABLE,
  type SessionContract,
} from '../contract/environment.js';
import { attachmentsOf } from './attachments.js';
import { SessionConstructError } from './errors.js';
import { keysFault } from './keys-fault.js';
import { placementFor } from './placement.js';
import type { ISessionKeys } from './session-keys-base.js';
import { SessionPolicy } from './session-policy.js';
import type { AttachOptions, ISessionStore, SessionBinding, SessionStoreOptions } from './session-store.js';

/** What a store is made of, whatever its kind. */
export interface SessionStoreBaseProps extends ResourceProps, SessionStoreOptions {}

/** What all stores do alike: being attached, with a policy and perhaps with keys. */
export abstract class SessionStoreBase extends Resource implements ISessionStore {
  public readonly policy: SessionPolicy;
  public readonly keys?: ISessionKeys;

  private readonly keyUses: Pick<KeysContract, 'acceptsUnsigned'>;

  constructor(scope: Construct, id: string, props: SessionStoreBaseProps = {}) {
    super(scope, id, props);
    this.policy = props.policy ?? SessionPolicy.of();
    this.keys = props.keys;
    this.keyUses = props.acceptUnsigned ? { acceptsUnsigned: true } : {};
    const fault = keysFault(this.policy, props);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_KEYS', fault, this);
    }
  }

  public abstract bind(consumer: IConstruct): SessionBinding;

  /** Grants what the client calls on the store itself. */
  protected abstract grantStore(grantee: iam.IGrantable): iam.Grant;

  public grantReadWrite(grantee: iam.IGrantable): iam.Grant {
    const grant = this.grantStore(grantee);
    return this.keys ? grant.combine(this.keys.grantRead(grantee)) : grant;
  }

  public abstract metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  public attachFunction(fn: lambda.Function, options: AttachOptions = {}): void {
    const variable = options.variable ?? SESSIONS_VARIABLE;
    if (!this.claim(variable, fn)) {
      return;
    }
    const value = Stack.of(fn).toJsonString(this.contractFor(fn));
    fn.addEnvironment(variable, value);
    const written = () => Stack.of(fn).resolve(value);
    fn.node.addValidation({
      validate: () => [...lengthFaults(variable, written()), ...this.replacementFaults(variable, written(), fn)],
    });
    this.grantReadWrite(fn);
  }

  /** Enters this store under the variable; false if it already stands there. */
  private claim(variable: string, consumer: IConstruct): boolean {
    // The names that Lambda allows; containers and instances allow them too.
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(variable)) {
      throw new SessionConstructError(
        'ERR_SESSION_ATTACH',
        `variable must be a letter followed by letters, digits and underscores, received ${JSON.stringify(variable)}`,
        consumer,
      );
    }
    const stores = attachmentsOf(consumer);
    const present = stores.get(variable);
    if (present && present !== this) {
      throw new SessionConstructError(
        'ERR_SESSION_ATTACH',
        `${variable} already tells of the store ${present.node.path}: give ${this.node.path} a variable of its own, attachFunction(fn, { variable: 'OTHER_SESSIONS' })`,
        consumer,
      );
    }
    stores.set(variable, this);
    return present === undefined;
  }

  /** A later `addEnvironment()` would win without a word. */
  private replacementFaults(variable: string, written: unknown, fn: lambda.Function): string[] {
    const { environment } = fn.node.defaultChild as lambda.CfnFunction;
    return isDeepStrictEqual(Stack.of(fn).resolve(environment)?.variables?.[variable], written)
      ? []
      : [
          `${variable} is not what attachFunction() wrote: remove what sets it later, or attach ${this.node.path} with a variable of its own`,
        ];
  }

  private contractFor(consumer: IConstruct): SessionContract {
    return {
      version: CONTRACT_VERSION,
      stores: this.bind(consumer).stores,
      policy: this.policy._toContract(),
      ...(this.keys && {
        keys: {
          secret: this.keys.secret.secretArn,
          ...placementFor(consumer, this.keys, 'secret'),
          ...this.keyUses,
        },
      }),
    };
  }
}

function lengthFaults(variable: string, value: unknown): string[] {
  const length = greatestLength(value);
  return length > CONTRACT_MAX_LENGTH
    ? [
        `${variable} may take up to ${length} characters, and at most ${CONTRACT_MAX_LENGTH} are allowed: shorten the table's or the cookie's name`,
      ]
    : [];
}

/**
 * No name, region or ARN that a reference stands for is longer. A table's name has up to 255 characters; the ARN of a
 * secret has 85 beside its name, which CloudFormation makes of a logical id of up to 255.
 */
const LONGEST_REFERENCE = 340;

function greatestLength(value: unknown): number {
  if (typeof value === 'string') {
    return value.length;
  }
  if (typeof value === 'object' && value !== null && 'Fn::Join' in value && Array.isArray(value['Fn::Join'])) {
    const [separator, parts]: unknown[] = value['Fn::Join'];
    if (typeof separator === 'string' && Array.isArray(parts)) {
      return parts.reduce((sum: number, part) => sum + separator.length + greatestLength(part), 0);
    }
  }
  return LONGEST_REFERENCE;
}
