import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { MOST_KEYS } from '../../lib/contract/keys.js';
import { ContractError } from '../../lib/contract/parse.js';
import { parseKeyDocument } from '../../lib/contract/parse-key-document.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

const documents = fc
  .uniqueArray(
    fc.record({
      id: fc.stringMatching(/^[A-Za-z0-9_-]{1,32}$/),
      secret: bytes(32).map((random) => Buffer.from(random).toString('base64url')),
      createdAt: fc.nat(),
    }),
    { minLength: 1, maxLength: MOST_KEYS, selector: ({ id }) => id },
  )
  .map((keys) => ({ version: 1, keys: keys.sort((one, other) => other.createdAt - one.createdAt) }));

const key = (id: string, createdAt = 1_800_000_000) => ({
  id,
  secret: randomBytes(32).toString('base64url'),
  createdAt,
});
const first = key('k1');
const canonical = 'A'.repeat(43);

function messageFor(document: unknown): string {
  try {
    parseKeyDocument(typeof document === 'string' ? document : JSON.stringify(document));
  } catch (error) {
    expect(error).toBeInstanceOf(ContractError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('it was accepted');
}

describe('a document of keys', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(documents, (document) => expect(parseKeyDocument(JSON.stringify(document))).toEqual(document)),
    );
  });

  test('may have fields that this release does not know, and loses them', () => {
    const newer = { version: 1, keys: [{ ...first, algorithm: 'new' }], rotatedBy: 'somebody' };
    expect(parseKeyDocument(JSON.stringify(newer))).toEqual({ version: 1, keys: [first] });
  });

  test('may have keys that were made in the same second', () => {
    const document = { version: 1, keys: [key('k2'), first] };
    expect(parseKeyDocument(JSON.stringify(document))).toEqual(document);
  });
});

describe('the first document, which Secrets Manager makes', () => {
  const initial = 'aZ9'.repeat(14);

  test('is one key, older than any other, that is spelt as all are', () => {
    const { keys, version } = parseKeyDocument(JSON.stringify({ version: 1, initial }));
    expect([version, keys]).toEqual([1, [{ id: 'initial', secret: `${initial}A`, createdAt: 0 }]]);
    const [{ secret } = first] = keys;
    expect(Buffer.from(secret, 'base64url').toString('base64url')).toBe(secret);
    expect(parseKeyDocument(JSON.stringify({ version: 1, keys }))).toEqual({ version: 1, keys });
  });

  test('never stands beside keys', () => {
    expect(messageFor({ version: 1, initial, keys: [first] })).toBe(
      'initial must be left out beside keys, received another string',
    );
  });

  test.each(['', 'a'.repeat(41), 'a'.repeat(43), `${'a'.repeat(41)}-`, null, 42])('fails for %j', (value) => {
    expect(messageFor({ version: 1, initial: value })).toMatch(
      /^initial must be 42 letters and digits, received another \w+$/,
    );
  });
});

test.each<[string, unknown]>([
  ['it is not JSON', '{"version":1,"keys":[{"id":"k1","secret":"'],
  ['the document must be an object, received another object', []],
  ['version must be a whole number of at least 1, it is missing', { keys: [first] }],
  [
    'it has version 2, and this client reads versions up to 1: update cdk-sessions-client',
    { version: 2, keys: [first] },
  ],
  ['keys must be a list of 1 to 32, it is missing', { version: 1 }],
  ['keys must be a list of 1 to 32, received another object', { version: 1, keys: [] }],
  ['keys must be a list of 1 to 32, received another object', { version: 1, keys: { 0: first } }],
  [
    'keys must be a list of 1 to 32, received another object',
    { version: 1, keys: Array.from({ length: 33 }, (_, at) => key(`k${at}`)) },
  ],
  ['keys[0] must be an object, received another string', { version: 1, keys: [canonical] }],
  ...['', 'k 1', 'k.1', 'k'.repeat(33), 'k1\n'].map((id): [string, unknown] => [
    'keys[1].id must be 1 to 32 letters, digits, hyphens and underscores, received another string',
    { version: 1, keys: [first, { ...first, id }] },
  ]),
  ...['', canonical.slice(1), `${canonical}A`, `${canonical}=`, `${canonical}\n`, canonical.replace(/.$/, 'B')].map(
    (secret): [string, unknown] => [
      'keys[0].secret must be 32 bytes in canonical base64url, which are 43 characters, received another string',
      { version: 1, keys: [{ ...first, secret }] },
    ],
  ),
  ...[-1, 0.5, 1e20, '1800000000', null].map((createdAt): [string, unknown] => [
    `keys[0].createdAt must be a whole number of at least 0, received another ${typeof createdAt}`,
    { version: 1, keys: [{ ...first, createdAt }] },
  ]),
  ['keys[1].id must be that of no other key, received another string', { version: 1, keys: [first, key('k1', 0)] }],
  [
    'keys[0].createdAt must be in epoch seconds, received another number',
    { version: 1, keys: [{ ...first, createdAt: first.createdAt * 1000 }] },
  ],
  [
    'keys[1].createdAt must be no later than that of the key before it, received another number',
    { version: 1, keys: [first, key('k2', first.createdAt + 1)] },
  ],
])('fails: %s', (message, document) => {
  expect(messageFor(document)).toBe(message);
});

test('no message holds any part of a secret, however the document is broken', () => {
  const secret = randomBytes(32).toString('base64url');
  const text = JSON.stringify({ version: 1, keys: [{ ...first, secret }] });
  const at = text.indexOf(secret);
  fc.assert(
    fc.property(fc.nat({ max: text.length }), fc.nat({ max: 4 }), fc.string(), (position, removed, inserted) => {
      try {
        parseKeyDocument(text.slice(0, position) + inserted + text.slice(position + removed));
      } catch (error) {
        const message = String(error);
        for (let start = at; start + 6 <= at + secret.length; start++) {
          expect(message).not.toContain(text.slice(start, start + 6));
        }
      }
    }),
    { numRuns: 2000 },
  );
});
