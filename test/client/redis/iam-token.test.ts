import fc from 'fast-check';
import { type AwsCredentials, type IamTokenRequest, iamToken } from '../../../lib/client/redis/iam-token';
import { presignedToken, readToken } from '../../support/presigned-token';

const REQUEST: IamTokenRequest = { cache: 'sessions', user: 'web', serverless: false, region: 'eu-central-1' };
const CREDENTIALS: AwsCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'secret',
  sessionToken: 'session/+=',
};
const NOON = Date.UTC(2030, 0, 31, 12, 0, 5, 999);

/** Text in which what an address must encode comes often. */
const oddText = fc.string({
  minLength: 1,
  unit: fc.oneof(
    fc.constantFrom(..."!'()*~-._+/=&%?# ,:;@$"),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
});

test('is what the signer of the AWS SDK makes, whatever is in it', async () => {
  const requests = fc.record({
    cache: fc.stringMatching(/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/),
    user: oddText,
    serverless: fc.boolean(),
    region: fc.constantFrom('us-east-1', 'eu-central-1', 'cn-north-1', 'us-gov-west-1'),
  });
  const credentials: fc.Arbitrary<AwsCredentials> = fc.record(
    { accessKeyId: oddText, secretAccessKey: oddText, sessionToken: oddText },
    { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
  );
  const times = fc.integer({ min: 0, max: Date.UTC(2099, 11, 31) });
  await fc.assert(
    fc.asyncProperty(requests, credentials, times, async (request, keys, now) => {
      expect(readToken(iamToken(request, keys, now))).toEqual(await presignedToken(request, keys, now));
    }),
    { numRuns: 300 },
  );
});

test('is an address without its scheme, with all parameters but the signature in order', () => {
  expect(iamToken(REQUEST, CREDENTIALS, NOON)).toMatch(
    new RegExp(
      '^sessions/\\?Action=connect&User=web&X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIDEXAMPLE%2F20300131%2Feu-central-1%2Felasticache%2Faws4_request' +
        '&X-Amz-Date=20300131T120005Z&X-Amz-Expires=900&X-Amz-Security-Token=session%2F%2B%3D' +
        '&X-Amz-SignedHeaders=host&X-Amz-Signature=[0-9a-f]{64}$',
    ),
  );
});

test('is good for fifteen minutes, from the second in which it was made', () => {
  expect(readToken(iamToken(REQUEST, CREDENTIALS, NOON)).query).toMatchObject({
    'X-Amz-Date': '20300131T120005Z',
    'X-Amz-Expires': '900',
  });
});

test('names the kind of a serverless cache, and no other', () => {
  const kindIn = (serverless: boolean) =>
    readToken(iamToken({ ...REQUEST, serverless }, CREDENTIALS, NOON)).query['ResourceType'];
  expect([kindIn(true), kindIn(false)]).toEqual(['ServerlessCache', undefined]);
});

test('holds no session token where the credentials are those of a user', () => {
  const { accessKeyId, secretAccessKey } = CREDENTIALS;
  expect(iamToken(REQUEST, { accessKeyId, secretAccessKey }, NOON)).not.toContain('X-Amz-Security-Token');
});
