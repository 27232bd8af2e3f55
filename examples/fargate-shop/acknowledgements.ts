import type { Acknowledgement } from '../acknowledgement.js';
import { SHOP_GROUP } from '../shop-cache-acknowledgements.js';
import { SHOP_FRONT } from '../shop-front-acknowledgements.js';
import { SHOP_SERVICE } from '../shop-service-acknowledgements.js';
import type { ShopStoreKind } from '../shop-store.js';

/** Whatever the store is. */
const ANY_STORE: readonly Acknowledgement[] = [
  ...SHOP_FRONT,
  ...SHOP_SERVICE,
  {
    rules: ['AwsSolutions-ECS2'],
    at: 'Shop/Task',
    reason:
      'The variable names the table and the policy, and holds nothing secret: keys are named by the ARN of their secret.',
  },
];

/**
 * What the packs AwsSolutions, NIST 800-53 R5, HIPAA and PCI DSS of cdk-nag and the proactive controls of Control Tower find
 * in this sample. Everything else they find is a fault.
 */
export function acknowledgementsFor(store: ShopStoreKind): readonly Acknowledgement[] {
  return [...ANY_STORE, ...(store === 'replication-group' ? SHOP_GROUP : [])];
}
