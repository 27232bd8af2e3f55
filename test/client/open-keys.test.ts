import { openKeys } from '../../lib/client/open-keys';

const SECRET = { secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf' };

test('takes unsigned cookies only where the contract says so', async () => {
  expect(await openKeys(SECRET)).toMatchObject({ acceptsUnprotected: false });
  expect(await openKeys({ ...SECRET, acceptsUnprotected: true })).toMatchObject({ acceptsUnprotected: true });
});

test('a store whose data is to be encrypted is refused rather than left as it is', async () => {
  await expect(openKeys({ ...SECRET, encryptsData: true })).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIG',
    message:
      'the store asks for encrypted data, and this release signs cookies only: deploy the newer cdk-sessions-client',
  });
});
