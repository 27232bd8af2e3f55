import { acknowledgementsFor } from '../../examples/fargate-shop/acknowledgements.js';
import { FargateShopStack } from '../../examples/fargate-shop/stack.js';
import type { ShopStoreKind } from '../../examples/shop-store.js';
import { acknowledgeAll, findingsIn, needless, type Sample } from '../support/findings.js';

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0001';

describe.each<ShopStoreKind>(['table', 'replication-group', 'serverless-cache'])('with a %s', (store) => {
  const sample: Sample = {
    create: (app) =>
      new FargateShopStack(app, 'FargateShop', { env: { region: 'us-east-1' }, certificateArn: CERTIFICATE, store }),
    acknowledgements: acknowledgementsFor(store),
  };

  test('the rules find nothing in the sample that is not acknowledged beside a reason', () => {
    expect(findingsIn(sample, (stack) => acknowledgeAll(stack, sample))).toEqual([]);
  });

  test('every acknowledgement is needed', () => {
    expect(needless(sample, findingsIn(sample))).toEqual([]);
  });
});
