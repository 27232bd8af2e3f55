import { openKeys } from '../../lib/client/open-keys';

const SECRET = { secret: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf' };

test('takes what is not protected, and encrypts, only where the contract says so', async () => {
  expect(await openKeys(SECRET)).toMatchObject({ encryptsData: false, acceptsUnprotected: false });
  expect(await openKeys({ ...SECRET, encryptsData: true, acceptsUnprotected: true })).toMatchObject({
    encryptsData: true,
    acceptsUnprotected: true,
  });
});
