import { acknowledgements } from '../../examples/sticky-legacy/acknowledgements.js';
import { StickyLegacyStack } from '../../examples/sticky-legacy/stack.js';
import { acknowledgeAll, findingsIn, needless, type Sample } from '../support/findings.js';

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/0001';

const sample: Sample = {
  create: (app) =>
    new StickyLegacyStack(app, 'StickyLegacy', { env: { region: 'us-east-1' }, certificateArn: CERTIFICATE }),
  acknowledgements,
};

test('the rules find nothing in the sample that is not acknowledged beside a reason', () => {
  expect(findingsIn(sample, (stack) => acknowledgeAll(stack, sample))).toEqual([]);
});

test('every acknowledgement is needed', () => {
  expect(needless(sample, findingsIn(sample))).toEqual([]);
});
