import { isDeepStrictEqual } from 'node:util';
import { Resource, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { IConstruct } from 'constructs';
import {
  CONTRACT_MAX_LENGTH,
  CONTRACT_VERSION,
  SESSIONS_VARIABLE,
  type SessionContract,
} from '../contract/environment.js';
import { attachmentsOf } from './attachments.js';
import { SessionConstructError } from './errors.js';
import type { SessionPolicy } from './session-policy.js';
import type { AttachOptions, ISessionStore, SessionBinding } from './session-store.js';

/** What all stores do alike: being attached. */
export abstract class SessionStoreBase extends Resource implements ISessionStore {
  public abstract readonly policy: SessionPolicy;

  public abstract bind(consumer: IConstruct): SessionBinding;

  public abstract grantReadWrite(grantee: iam.IGrantable): iam.Grant;

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
    return { version: CONTRACT_VERSION, stores: this.bind(consumer).stores, policy: this.policy._toContract() };
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

/** No name, region or ARN that a reference stands for is longer; a table's name has up to 255 characters. */
const LONGEST_REFERENCE = 255;

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
