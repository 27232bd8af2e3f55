import { withReferences } from '../../lib/local/dynamic-references.js';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:shop/mine-AbCdEf';
const secrets = [
  { name: 'shop/mine', arn: ARN, text: '{"password":"pass","port":6379}', versionId: 'v1', createdAt: 0 },
  { name: 'empty', arn: `${ARN}2`, versionId: 'v1', createdAt: 0 },
  { name: 'looks-like-one', arn: `${ARN}3`, text: '{{resolve:ssm:/a}}', versionId: 'v1', createdAt: 0 },
];
const resolve = (value: unknown) =>
  withReferences(value, secrets, (reference) => {
    throw new Error(`refused ${reference}`);
  });

test.each([
  ['{{resolve:secretsmanager:shop/mine}}', '{"password":"pass","port":6379}'],
  [`{{resolve:secretsmanager:${ARN}}}`, '{"password":"pass","port":6379}'],
  ['{{resolve:secretsmanager:shop/mine:SecretString}}', '{"password":"pass","port":6379}'],
  ['{{resolve:secretsmanager:shop/mine:SecretString:password}}', 'pass'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:password::}}`, 'pass'],
  [`{{resolve:secretsmanager:${ARN}:SecretString:port:AWSCURRENT:v1}}`, '6379'],
  [
    'a {{resolve:secretsmanager:shop/mine:SecretString:port}} b {{resolve:secretsmanager:shop/mine:SecretString:port}}',
    'a 6379 b 6379',
  ],
  // What is in a secret is data, whatever it looks like.
  ['{{resolve:secretsmanager:looks-like-one}}', '{{resolve:ssm:/a}}'],
])('%s is %s', (text, expected) => {
  expect(resolve(text)).toBe(expected);
});

test('they are found however deep they are, and all else stays as it is', () => {
  const reference = '{{resolve:secretsmanager:shop/mine:SecretString:password}}';
  expect(resolve({ a: [reference, 1, null, { b: reference }], c: true })).toEqual({
    a: ['pass', 1, null, { b: 'pass' }],
    c: true,
  });
});

test.each([
  '{{resolve:ssm:/a}}',
  '{{resolve:ssm-secure:/a:1}}',
  '{{resolve:secretsmanager:theirs}}',
  '{{resolve:secretsmanager:empty}}',
  '{{resolve:secretsmanager:shop/mine:SecretString:user}}',
  // JavaScript has them on every object.
  '{{resolve:secretsmanager:shop/mine:SecretString:constructor}}',
  '{{resolve:secretsmanager:shop/mine:SecretString:__proto__}}',
  '{{resolve:secretsmanager:shop/mine:SecretString:password:AWSPREVIOUS:}}',
  '{{resolve:secretsmanager:shop/mine:SecretBinary}}',
])('%s has no value', (reference) => {
  expect(() => resolve(reference)).toThrow(`refused ${reference}`);
});
