import { ContractError, parseContract } from '../../lib/contract/parse.js';

const contract = {
  version: 1,
  stores: { primary: { kind: 'dynamodb', table: 'sessions' } },
  policy: {
    idleTimeout: 1800,
    absoluteTimeout: 43_200,
    touchAfter: 180,
    cookie: { name: '__Host-session', sameSite: 'lax', secure: true, persistent: false },
  },
};

const redis = { kind: 'redis', endpoint: 'sessions.example.com', port: 6379, cluster: true, tls: true };

const { policy } = contract;
const { cookie } = policy;

function messageFor(document: unknown): string {
  try {
    parseContract(typeof document === 'string' ? document : JSON.stringify(document));
  } catch (error) {
    expect(error).toBeInstanceOf(ContractError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('it was accepted');
}

describe('a contract', () => {
  test('is read as it was written', () => {
    expect(parseContract(JSON.stringify(contract))).toEqual(contract);
  });

  test('may say where the table is, how often ids change, and which domain shares the cookie', () => {
    const full = {
      version: 1,
      stores: { primary: { ...contract.stores.primary, region: 'eu-west-1' } },
      policy: { ...policy, renewalTimeout: 900, cookie: { ...cookie, name: 'shop', domain: 'example.com' } },
    };
    expect(parseContract(JSON.stringify(full))).toEqual(full);
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['a user of IAM', { authentication: { kind: 'iam', user: 'web', cache: 'sessions' } }],
    [
      'a user of IAM in a serverless cache of another region',
      { region: 'eu-west-1', authentication: { kind: 'iam', user: 'web', cache: 'sessions', serverless: true } },
    ],
    ['a user with a password', { authentication: { kind: 'password', user: 'web', secret: 'arn' } }],
    ['a token', { authentication: { kind: 'token', secret: 'arn' } }],
  ])('may tell of a Redis store that asks for %s', (_, more) => {
    const stores = { primary: { ...redis, ...more } };
    expect(parseContract(JSON.stringify({ ...contract, stores }))).toEqual({ ...contract, stores });
  });

  test('may say how many sessions a user has at most, what happens then, and when revocations are looked up', () => {
    const limited = { ...policy, sessionsPerOwner: 5, whenFull: 'refuse', revocationCheck: 'request' };
    expect(parseContract(JSON.stringify({ ...contract, policy: limited })).policy).toEqual(limited);
  });

  test('may say where the keys are, and what is done with them', () => {
    const keys = { secret: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:Keys-AbCdEf' };
    expect(parseContract(JSON.stringify({ ...contract, keys })).keys).toEqual(keys);
    const full = { ...keys, region: 'eu-west-1', encryptsData: true, acceptsUnprotected: false };
    expect(parseContract(JSON.stringify({ ...contract, keys: full })).keys).toEqual(full);
  });

  test('may say that the consumer ends sessions and reads none', () => {
    expect(parseContract(JSON.stringify({ ...contract, access: 'revoke' })).access).toBe('revoke');
    expect(messageFor({ ...contract, access: 'read' })).toBe('access must be "revoke", received "read"');
  });

  test('may have fields that this client does not know, and loses them', () => {
    const newer = { ...contract, migration: 'on', stores: { ...contract.stores, cache: {} } };
    expect(parseContract(JSON.stringify(newer))).toEqual(contract);
  });

  test('does not take what an object inherits for a field of its own', () => {
    const text = JSON.stringify({ ...contract, stores: { __proto__: contract.stores } });
    expect(messageFor(text)).toBe('stores.primary must be an object, it is missing');
  });
});

test.each<[string, unknown]>([
  ['it is not JSON', '{'],
  ['the document must be an object, received null', null],
  ['the document must be an object, received []', []],
  ['version must be a whole number of at least 1, it is missing', {}],
  ['version must be a whole number of at least 1, received "1"', { ...contract, version: '1' }],
  ['it has version 2, and this client reads versions up to 1: update cdk-sessions-client', { ...contract, version: 2 }],
  ['stores must be an object, it is missing', { ...contract, stores: undefined }],
  ['stores.primary must be an object, it is missing', { ...contract, stores: {} }],
  [
    'stores.primary.kind must be "dynamodb" or "redis", received "tape"',
    { ...contract, stores: { primary: { kind: 'tape' } } },
  ],
  [
    'stores.primary.endpoint must be a text that is not empty, it is missing',
    { ...contract, stores: { primary: { kind: 'redis' } } },
  ],
  [
    'stores.primary.port must be a whole number from 1 to 65535, received 65536',
    { ...contract, stores: { primary: { ...redis, port: 65_536 } } },
  ],
  [
    'stores.primary.port must be a whole number from 1 to 65535, received 0',
    { ...contract, stores: { primary: { ...redis, port: 0 } } },
  ],
  [
    'stores.primary.cluster must be true or false, it is missing',
    { ...contract, stores: { primary: { ...redis, cluster: undefined } } },
  ],
  [
    'stores.primary.tls must be true or false, received "required"',
    { ...contract, stores: { primary: { ...redis, tls: 'required' } } },
  ],
  [
    'stores.primary.authentication must be an object, received null',
    { ...contract, stores: { primary: { ...redis, authentication: null } } },
  ],
  [
    'stores.primary.authentication.kind must be "iam" or "password" or "token", received "rbac"',
    { ...contract, stores: { primary: { ...redis, authentication: { kind: 'rbac' } } } },
  ],
  [
    'stores.primary.authentication.cache must be a text that is not empty, it is missing',
    { ...contract, stores: { primary: { ...redis, authentication: { kind: 'iam', user: 'web' } } } },
  ],
  [
    'stores.primary.authentication.user must be a text that is not empty, it is missing',
    { ...contract, stores: { primary: { ...redis, authentication: { kind: 'password', secret: 'arn' } } } },
  ],
  [
    'stores.primary.authentication.secret must be a text that is not empty, received ""',
    { ...contract, stores: { primary: { ...redis, authentication: { kind: 'token', secret: '' } } } },
  ],
  [
    'stores.primary.table must be a text that is not empty, received ""',
    { ...contract, stores: { primary: { kind: 'dynamodb', table: '' } } },
  ],
  [
    'stores.primary.region must be a text that is not empty, received null',
    { ...contract, stores: { primary: { ...contract.stores.primary, region: null } } },
  ],
  [
    'policy.idleTimeout must be a whole number of at least 1, received 0.5',
    { ...contract, policy: { ...policy, idleTimeout: 0.5 } },
  ],
  [
    'policy.touchAfter must be a whole number of at least 0, received -1',
    { ...contract, policy: { ...policy, touchAfter: -1 } },
  ],
  [
    'policy: idleTimeout must not exceed absoluteTimeout, received 1800 s and 60 s: shorten the one or lengthen the other',
    { ...contract, policy: { ...policy, absoluteTimeout: 60 } },
  ],
  [
    'policy: renewalTimeout must not exceed absoluteTimeout, received 43201 s and 43200 s: shorten it, or leave it out',
    { ...contract, policy: { ...policy, renewalTimeout: 43_201 } },
  ],
  [
    'policy: touchAfter must be shorter than idleTimeout, received 1800 s and 1800 s: a tenth is a good choice',
    { ...contract, policy: { ...policy, touchAfter: 1800 } },
  ],
  [
    'policy: absoluteTimeout must be at most 400 days, the longest life of a cookie, received 34560001 s: shorten it',
    { ...contract, policy: { ...policy, absoluteTimeout: 34_560_001 } },
  ],
  [
    'policy.sessionsPerOwner must be a whole number of at least 1, received 0',
    { ...contract, policy: { ...policy, sessionsPerOwner: 0 } },
  ],
  [
    'policy: sessionsPerOwner must be a whole number from 1 to 1000, received 1001',
    { ...contract, policy: { ...policy, sessionsPerOwner: 1001 } },
  ],
  [
    'policy.whenFull must be "evict-oldest" or "refuse", received "evict"',
    { ...contract, policy: { ...policy, whenFull: 'evict' } },
  ],
  [
    'policy.revocationCheck must be "touch" or "request", received true',
    { ...contract, policy: { ...policy, revocationCheck: true } },
  ],
  [
    'policy.cookie.sameSite must be "strict" or "lax" or "none", received "Lax"',
    { ...contract, policy: { ...policy, cookie: { ...cookie, sameSite: 'Lax' } } },
  ],
  [
    'policy.cookie.secure must be true or false, received "yes"',
    { ...contract, policy: { ...policy, cookie: { ...cookie, secure: 'yes' } } },
  ],
  [
    'policy.cookie: a cookie with the prefix of __Host-session must be secure: take another name for an insecure one',
    { ...contract, policy: { ...policy, cookie: { ...cookie, secure: false } } },
  ],
  [
    'policy.cookie: a cookie with the prefix of __Host-session belongs to one host: take a __Secure- name to share it in example.com',
    { ...contract, policy: { ...policy, cookie: { ...cookie, domain: 'example.com' } } },
  ],
  [
    'policy.cookie: browsers drop a cookie with SameSite=None that is not secure',
    { ...contract, policy: { ...policy, cookie: { ...cookie, name: 'shop', secure: false, sameSite: 'none' } } },
  ],
  ['keys must be an object, received "arn"', { ...contract, keys: 'arn' }],
  ['keys.secret must be a text that is not empty, it is missing', { ...contract, keys: {} }],
  ['keys.region must be a text that is not empty, received ""', { ...contract, keys: { secret: 'arn', region: '' } }],
  [
    'keys.encryptsData must be true or false, received null',
    { ...contract, keys: { secret: 'arn', encryptsData: null } },
  ],
  [
    'keys.acceptsUnprotected must be true or false, received "yes"',
    { ...contract, keys: { secret: 'arn', acceptsUnprotected: 'yes' } },
  ],
  [
    `stores.primary.kind must be "dynamodb" or "redis", received "${'x'.repeat(59)}…`,
    { ...contract, stores: { primary: { kind: 'x'.repeat(1000) } } },
  ],
])('fails: %s', (message, document) => {
  expect(messageFor(document)).toBe(message);
});
