import { RemovalPolicy } from 'aws-cdk-lib';

/**
 * What becomes of the users and secrets of a cache that is removed from its stack. Those who may connect to a cache that
 * stays must stay with it; without the cache they are good for nothing, and of a snapshot they are no part.
 */
export function kept(ofCache: RemovalPolicy | undefined): RemovalPolicy {
  return ofCache === RemovalPolicy.RETAIN || ofCache === RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    ? ofCache
    : RemovalPolicy.DESTROY;
}
