import { parseCacheSecret } from '../../lib/contract/cache-secret.js';

test('the password of a cache is what ElastiCache takes', () => {
  const passwords = ['a'.repeat(16), 'Z9!&#$^<>-'.repeat(2), '0'.repeat(128)];
  expect(passwords.map((password) => parseCacheSecret(JSON.stringify({ password, more: 1 })))).toEqual(passwords);
});

test.each<readonly [document: unknown, message: string]>([
  ['', 'it is not JSON'],
  ['a password as it is', 'it is not JSON'],
  ['{}', 'password must be 16 to 128 letters, digits and characters of !&#$^<>-, it is missing'],
  ['"text"', 'the document must be an object, received another string'],
  [{ password: 7 }, 'password must be 16 to 128 letters, digits and characters of !&#$^<>-, received another number'],
  ...[
    'a'.repeat(15),
    'a'.repeat(129),
    'with a space in it',
    'a-slash-in-it-/-',
    'an-at-in-it-@-@-@',
    'ümlaut-in-it-12345',
  ].map(
    (password) =>
      [
        { password },
        'password must be 16 to 128 letters, digits and characters of !&#$^<>-, received another string',
      ] as [unknown, string],
  ),
])('fails at %j, and says nothing of it', (document, message) => {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  expect(() => parseCacheSecret(text)).toThrow(expect.objectContaining({ name: 'ContractError', message }));
});
