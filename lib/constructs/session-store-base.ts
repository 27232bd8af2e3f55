import { isDeepStrictEqual } from 'node:util';
import { Resource, type ResourceProps, Stack } from 'aws-cdk-lib';
import type * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as ecs from 'aws-cdk-lib/aws-ecs';
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
import { ecsConsumer } from './ecs-consumer.js';
import { SessionConstructError } from './errors.js';
import { functionConsumer } from './function-consumer.js';
import { instanceConsumer, warnOfNoRollout } from './instance-consumer.js';
import { keysFault } from './keys-fault.js';
import { connectToStore } from './network/store-connection.js';
import { reachServices } from './network/vpc-endpoints.js';
import { placementFor } from './placement.js';
import type { ISessionKeys } from './session-keys-base.js';
import { SessionPolicy } from './session-policy.js';
import {
  type AttachEcsServiceOptions,
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

  public attachEcsService(service: ecs.BaseService, options: AttachEcsServiceOptions = {}): void {
    this.attach(ecsConsumer(service, options.containerName), options);
  }

  public attachAutoScalingGroup(group: autoscaling.AutoScalingGroup, options: AttachOptions = {}): void {
    if (this.attach(instanceConsumer(group), options)) {
      warnOfNoRollout(group);
    }
  }

  /** Returns whether the consumer was not attached to this store before. */
  private attach(consumer: Consumer, options: AttachOptions): boolean {
    const { variable = SESSIONS_VARIABLE, access = SessionAccess.READ_WRITE } = options;
    const { construct } = consumer;
    const { isNew, isTold } = this.claim(consumer, variable, access);
    if (!isNew && isTold) {
      return false;
    }
    const { stores, network } = this.bind(construct);
    const contract = this.contractFor(construct, access, stores);
    if (isNew) {
      if (network) {
        connectToStore(consumer, this, network);
      }
      reachServices(consumer, contract, options.createVpcEndpoints);
    }
    if (!isTold) {
      this.tell(consumer, variable, contract);
      if (access === SessionAccess.REVOKE) {
        this.grantRevoke(consumer.grantee);
      } else {
        this.grantReadWrite(consumer.grantee);
      }
    }
    return isNew;
  }

  /** Enters this store under the variable, and tells what already was. */
  private claim(
    { construct, roleHolder, environment, method }: Consumer,
    variable: string,
    access: SessionAccess,
  ): { readonly isNew: boolean; readonly isTold: boolean } {
    // The names that Lambda allows; containers and instances allow them too.
    if (!/^[a-zA-Z][a-zA-Z0-9_]+$/.test(variable)) {
      throw new SessionConstructError(
        'ERR_SESSION_ATTACH',
        `variable must be a letter followed by letters, digits and underscores, received ${JSON.stringify(variable)}`,
        construct,
      );
    }
    // Only TypeScript knows what it is, and whatever else it were would be granted everything.
    if (!Object.values(SessionAccess).includes(access)) {
      throw new SessionConstructError(
        'ERR_SESSION_ATTACH',
        `access must be one of SessionAccess, received ${JSON.stringify(access)}: take SessionAccess.READ_WRITE or SessionAccess.REVOKE`,
        construct,
      );
    }
    const attachment: Attachment = { store: this, access };
    const claims = [construct, roleHolder, environment.holder].map(attachmentsOf);
    for (const attached of claims) {
      const fault = attachmentFault(attached, variable, attachment, method);
      if (fault !== undefined) {
        throw new SessionConstructError('ERR_SESSION_ATTACH', fault, construct);
      }
    }
    const isNew = !attachmentsOf(construct).has(variable);
    const isTold = attachmentsOf(environment.holder).has(variable);
    for (const attached of claims) {
      attached.set(variable, attachment);
    }
    return { isNew, isTold };
  }

  private tell(consumer: Consumer, variable: string, contract: SessionContract): void {
    const stack = Stack.of(consumer.environment.holder);
    const value = stack.toJsonString(contract);
    consumer.environment.set(variable, value);
    const written = () => stack.resolve(value);
    consumer.construct.node.addValidation({
      validate: () => [...lengthFaults(variable, written()), ...this.replacementFaults(variable, written(), consumer)],
    });
  }

  /** What sets the variable later would win without a word. */
  private replacementFaults(variable: string, written: unknown, { environment, method }: Consumer): string[] {
    return isDeepStrictEqual(environment.get(variable), written)
      ? []
      : [
          `${variable} is not what ${method}() wrote: remove what sets it later, or attach ${this.node.path} with a variable of its own`,
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
