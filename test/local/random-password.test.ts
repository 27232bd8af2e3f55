import { randomPassword } from '../../lib/local/random-password.js';

const EVERY_TYPE = [/[a-z]/, /[A-Z]/, /[0-9]/, /[!-/:-@[-`{-~]/];

test('has 32 characters unless another number is asked for, and is another one each time', () => {
  expect(randomPassword({})).toHaveLength(32);
  expect(randomPassword({ PasswordLength: 4096 })).toHaveLength(4096);
  expect(randomPassword({ PasswordLength: '8' })).toHaveLength(8);
  expect(randomPassword({})).not.toBe(randomPassword({}));
});

test('draws on letters, digits and all of ASCII’s punctuation, but no space', () => {
  const drawn = Array.from({ length: 10 }, () => randomPassword({ PasswordLength: 4096 })).join('');
  const visible = Array.from({ length: 94 }, (_, index) => String.fromCharCode(0x21 + index));
  expect([...new Set(drawn)].sort()).toEqual(visible);
});

test.each<[Readonly<Record<string, unknown>>, RegExp]>([
  [{ ExcludePunctuation: true }, /^[a-zA-Z0-9]+$/],
  [{ ExcludePunctuation: 'true' }, /^[a-zA-Z0-9]+$/],
  [{ ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true }, /^[0-9]+$/],
  [{ ExcludeNumbers: true, ExcludePunctuation: true }, /^[a-zA-Z]+$/],
  [{ ExcludeCharacters: '"\\/@]^-', ExcludeNumbers: false }, /^[^"\\/@\]^-]+$/],
  [{ ExcludePunctuation: true, IncludeSpace: true }, /^[a-zA-Z0-9 ]* [a-zA-Z0-9 ]*$/],
])('with %j is of nothing else', (settings, expected) => {
  expect(randomPassword({ ...settings, PasswordLength: 2000 })).toMatch(expected);
});

test('has each type of characters, unless that is not required', () => {
  const short = (settings: object) =>
    Array.from({ length: 300 }, () => randomPassword({ ...settings, PasswordLength: 4 }));
  const isComplete = (password: string) => EVERY_TYPE.every((type) => type.test(password));
  expect(short({}).every(isComplete)).toBe(true);
  // All but 7 in 100 passwords of four characters lack a type.
  expect(short({ RequireEachIncludedType: false }).every(isComplete)).toBe(false);
});

test('requires no type of which every character is excluded', () => {
  expect(randomPassword({ ExcludeCharacters: '0123456789', PasswordLength: 3 })).toHaveLength(3);
});

test.each<[Readonly<Record<string, unknown>>, string]>([
  [{ PasswordLength: 0 }, 'its PasswordLength must be a whole number from 1 to 4096, received 0'],
  [{ PasswordLength: 4097 }, 'its PasswordLength must be a whole number from 1 to 4096, received 4097'],
  [{ PasswordLength: 3 }, 'its PasswordLength is 3, and 4 types of characters are required'],
  [
    { ExcludeLowercase: true, ExcludeUppercase: true, ExcludeNumbers: true, ExcludePunctuation: true },
    'its GenerateSecretString excludes every character',
  ],
])('fails for %j', (settings, message) => {
  expect(() => randomPassword(settings)).toThrow(expect.objectContaining({ code: 'ERR_LOCAL_TEMPLATE', message }));
});
