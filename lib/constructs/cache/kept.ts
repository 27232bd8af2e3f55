import { RemovalPolicy } from 'aws-cdk-lib';

/**
 * What becomes of what is made for a cache that is removed from its stack. What a cache that stays has in use must stay with
 * it: who may connect to it, its subnets, parameters, security group and logs, most of which could not be deleted. Without
 * the cache they are good for nothing, and of a snapshot they are no part.
 */
export function kept(ofCache: RemovalPolicy | undefined): RemovalPolicy {
  return ofCache === RemovalPolicy.RETAIN || ofCache === RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    ? ofCache
    : RemovalPolicy.DESTROY;
}
