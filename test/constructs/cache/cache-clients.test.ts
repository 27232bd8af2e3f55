import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { CacheAuthentication, CacheNodeType, SessionReplicationGroup, SessionServerlessCache } from 'cdk-sessions';
import { deployedStack } from '../../support/stacks.js';

const stack = deployedStack();
const vpc = new ec2.Vpc(stack, 'Vpc');
const nodeType = CacheNodeType.T4G_SMALL;
let caches = 0;

const group = (authentication?: CacheAuthentication) =>
  new SessionReplicationGroup(stack, `Group${++caches}`, { vpc, nodeType, authentication });
const serverless = (authentication?: CacheAuthentication) =>
  new SessionServerlessCache(stack, `Serverless${++caches}`, { vpc, authentication });

describe.each([
  ['a replication group', group],
  ['a serverless cache', serverless],
])('clients of %s', (_, cacheWith) => {
  test('with IAM connect as a user, and need no secret', () => {
    expect(cacheWith()).toMatchObject({ userName: expect.stringMatching(/^[a-z0-9-]+$/), secretArn: undefined });
  });

  test('with a password connect as a user, with what is in a secret', () => {
    const { userName, secretArn } = cacheWith(CacheAuthentication.password());
    expect([userName, secretArn]).toEqual([expect.stringMatching(/^[a-z0-9-]+$/), expect.any(String)]);
  });
});

test('clients with a token know no user', () => {
  const { userName, secretArn } = group(CacheAuthentication.authToken());
  expect([userName, secretArn]).toEqual([undefined, expect.any(String)]);
});
