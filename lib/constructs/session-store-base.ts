import { isDeepStrictEqual } from 'node:util';
import { Resource, type ResourceProps, Stack } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import {
  CONTRACT_VERSION,
  type KeysContract,
  SESSIONS_VARIABLE,
  type SessionContract,
  type StoreContracts,
} from '../contract/environment.js';
import { type Attachment, attachmentFault, attachmentsOf } from './attachments.js';
import type { Consumer } from './consumer.js';
import { lengthFaults } from './contract-length.js';
import { SessionConstructError } from './errors.js';
import { functionConsumer } from './function-consumer.js';
import { keysFault } from './keys-fault.js';
import { connectToStore } from './network/store-connection.js';
import { reachServices } from './network/vpc-endpoints.js';
import { placementFor } from './placement.js';
import type { ISessionKeys } from './session-keys-base.js';
import { SessionPolicy } from './session-policy.js';
import {
  type AttachOptions,
  type ISessionStore,
  SessionAccess,
  type SessionBinding,
  type SessionStoreOptions,
} from './session-store.js';

/** What a store is made of, whatever its kind. */
export interface SessionStoreBaseProps extends ResourceProps, SessionStoreOptions {}

/** What all stores do alike: being attached, with a policy and perhaps with keys. */
export abstract class SessionStoreBase extends Resource implements ISessionStore {
  public readonly policy: SessionPolicy;
  public readonly keys?: ISessionKeys;

  private readonly keyUses: Pick<KeysContract, 'encryptsData' | 'acceptsUnprotected'>;

  constructor(scope: Construct, id: string, props: SessionStoreBaseProps = {}) {
    super(scope, id, props);
    this.policy = props.policy ?? SessionPolicy.of();
    this.keys = props.keys;
    this.keyUses = {
      ...(props.encryptData && { encryptsData: true }),
      ...(props.acceptUnprotected && { acceptsUnprotected: true }),
    };
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

  public abstract grantRevoke(grantee: iam.IGrantable): iam.Grant;

  public abstract metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric;

  public attachFunction(fn: lambda.Function, options: AttachOptions = {}): void {
    this.attach(functionConsumer(fn), options);
  }

  private attach(consumer: Consumer, options: AttachOptions): void {
    const { variable = SESSIONS_VARIABLE, access = SessionAccess.READ_WRITE } = options;
    const { construct } = consumer;
    if (!this.claim(variable, access, construct)) {
      return;
    }
    const { stores, network } = this.bind(construct);
    if (network) {
      connectToStore(consumer, this, network);
    }
    const contract = this.contractFor(construct, access, stores);
    reachServices(consumer, contract, options.createVpcEndpoints);

    const value = Stack.of(construct).toJsonString(contract);
    consumer.setVariable(variable, value);
    const written = () => Stack.of(construct).resolve(value);
    construct.node.addValidation({
      validate: () => [...lengthFaults(variable, written()), ...this.replacementFaults(variable, written(), consumer)],
    });
    if (access === SessionAccess.REVOKE) {
      this.grantRevoke(consumer.grantee);
    } else {
      this.grantReadWrite(consumer.grantee);
    }
  }

  /** Enters this store under the variable; false if it already stands there. */
  private claim(variable: string, access: SessionAccess, consumer: IConstruct): boolean {
    // The names that Lambda allows; containers and instances allow them too.
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(variable)) {
      throw new SessionConstructError(
        'ERR_SESSION_ATTACH',
        `variable must be a letter followed by letters, digits and underscores, received ${JSON.stringify(variable)}`,
        consumer,
      );
    }
    const attached = attachmentsOf(consumer);
    const attachment: Attachment = { store: this, access };
    const fault = attachmentFault(attached, variable, attachment);
    if (fault !== undefined) {
      throw new SessionConstructError('ERR_SESSION_ATTACH', fault, consumer);
    }
    const isNew = !attached.has(variable);
    attached.set(variable, attachment);
    return isNew;
  }

  /** A later `addEnvironment()` would win without a word. */
  private replacementFaults(variable: string, written: unknown, consumer: Consumer): string[] {
    return isDeepStrictEqual(consumer.variable(variable), written)
      ? []
      : [
          `${variable} is not what attachFunction() wrote: remove what sets it later, or attach ${this.node.path} with a variable of its own`,
        ];
  }

  private contractFor(consumer: IConstruct, access: SessionAccess, stores: StoreContracts): SessionContract {
    const revokes = access === SessionAccess.REVOKE;
    // Ending sessions takes no key.
    const keys = revokes ? undefined : this.keys;
    return {
      version: CONTRACT_VERSION,
      stores,
      policy: this.policy._toContract(),
      ...(revokes && { access: 'revoke' }),
      ...(keys && {
        keys: {
          secret: keys.secret.secretArn,
          ...placementFor(consumer, keys, 'secret'),
          ...this.keyUses,
        },
      }),
    };
  }
}
