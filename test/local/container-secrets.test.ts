import { secretVariable } from '../../lib/local/container-secrets.js';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:shop-AbCdEf';
const secret = { name: 'shop', arn: ARN, text: '{"user":"ada","port":5432}', versionId: 'v1', createdAt: 0 };
const empty = { ...secret, name: 'empty', arn: ARN.replace('shop', 'empty'), text: 'no JSON' };

test.each([
  ['the whole of it', ARN, '{"user":"ada","port":5432}'],
  ['by an ARN without its last characters', ARN.slice(0, -7), '{"user":"ada","port":5432}'],
  ['a key', `${ARN}:user::`, 'ada'],
  ['a key that is no text', `${ARN}:port::`, '5432'],
  ['a stage', `${ARN}:user:AWSCURRENT:`, 'ada'],
  ['a version', `${ARN}:::v1`, '{"user":"ada","port":5432}'],
])('takes %s', (_, valueFrom, value) => {
  expect(secretVariable('DB', valueFrom, [empty, secret])).toBe(value);
});

test.each([
  ['a parameter', 'arn:aws:ssm:us-east-1:000000000000:parameter/x', 'only secrets of Secrets Manager, by their ARN'],
  ['a secret that is not there', ARN.replace('shop', 'none'), "can't find the specified secret"],
  ['a stage that is not there', `${ARN}::AWSPREVIOUS:`, 'staging label: AWSPREVIOUS'],
  ['a version that is not there', `${ARN}:::v2`, 'VersionId: v2'],
  ['a key that is not there', `${ARN}:password::`, 'no JSON object with that key'],
  ['a key that every object has', `${ARN}:constructor::`, 'no JSON object with that key'],
  ['a key of what is no JSON', `${empty.arn}:user::`, 'no JSON object with that key'],
])('refuses %s, as ECS does', (_, valueFrom, reason) => {
  const attempt = () => secretVariable('DB', valueFrom, [empty, secret]);
  expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_LOCAL_TEMPLATE' }));
  expect(attempt).toThrow(`its variable DB is from ${valueFrom}: `);
  expect(attempt).toThrow(reason);
});
