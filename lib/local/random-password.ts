import { randomInt } from 'node:crypto';
import { LocalError } from './errors.js';
import { flagAt, type JsonObject, numberAt, textAt } from './json.js';

const LONGEST = 4096;

/** Each type of characters, and the setting that leaves it out. */
const TYPES = [
  ['ExcludeLowercase', 'abcdefghijklmnopqrstuvwxyz'],
  ['ExcludeUppercase', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['ExcludeNumbers', '0123456789'],
  ['ExcludePunctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
] as const;

/**
 * A random password. Takes the settings of GetRandomPassword (Secrets Manager API reference), which a template's
 * `GenerateSecretString` has too. Each password that they permit is equally likely.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if they permit none
 */
export function randomPassword(settings: JsonObject): string {
  const length = numberAt(settings, 'PasswordLength') ?? 32;
  if (!Number.isInteger(length) || length < 1 || length > LONGEST) {
    throw refused(`its PasswordLength must be a whole number from 1 to ${LONGEST}, received ${length}`);
  }
  const excluded = textAt(settings, 'ExcludeCharacters') ?? '';
  const allowed = (characters: string) => [...characters].filter((character) => !excluded.includes(character));
  const types = TYPES.filter(([leftOut]) => flagAt(settings, leftOut) !== true)
    .map(([, characters]) => allowed(characters))
    .filter((characters) => characters.length > 0);
  const alphabet = [...types.flat(), ...(flagAt(settings, 'IncludeSpace') === true ? allowed(' ') : [])];
  if (alphabet.length === 0) {
    throw refused('its GenerateSecretString excludes every character');
  }
  const required = flagAt(settings, 'RequireEachIncludedType') === false ? [] : types;
  if (length < required.length) {
    throw refused(`its PasswordLength is ${length}, and ${required.length} types of characters are required`);
  }
  for (;;) {
    const password = Array.from({ length }, () => alphabet[randomInt(alphabet.length)]);
    // Drawn again rather than mended, which would make some passwords likelier than others.
    if (required.every((type) => password.some((character) => character !== undefined && type.includes(character)))) {
      return password.join('');
    }
  }
}

function refused(reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', reason);
}
