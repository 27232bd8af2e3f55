import { type IResource, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { SessionConstructError } from './errors.js';

/** Where a resource is, as far as its consumer does not know by itself. */
export interface Placement {
  /** @default - the region of the consumer */
  readonly region?: string;
}

/**
 * Where a resource is, seen from a consumer.
 *
 * @param what names the resource in messages: `table`.
 * @throws if the two are known to be in different accounts.
 */
export function placementFor(consumer: IConstruct, resource: IResource, what: string): Placement {
  const { account, region } = Stack.of(consumer);
  if (concrete(account) && concrete(resource.env.account) && account !== resource.env.account) {
    throw new SessionConstructError(
      'ERR_SESSION_ATTACH',
      `a ${what} serves consumers of its own account, received a ${what} of ${resource.env.account} and a consumer of ${account}: create a ${what} in the consumer's account`,
      consumer,
    );
  }
  const elsewhere = concrete(resource.env.region) && resource.env.region !== region;
  return elsewhere ? { region: resource.env.region } : {};
}

/** Whether a value is known while the app is synthesized. */
export function concrete(value: string): boolean {
  return !Token.isUnresolved(value);
}
