import { Field, parseJson } from './field.js';

/**
 * The password of a cache's user, or the token that all its clients share, as it lies in a secret of Secrets Manager:
 * `{"password":"…"}`. CloudFormation refers to the field by its name, the function that rotates the secret writes it, the
 * client reads it.
 */
export const CACHE_SECRET = {
  /** The field that holds the password. */
  field: 'password',
  /** How many characters, each an ASCII letter or a digit: 381 random bits. ElastiCache takes 16 to 128. */
  length: 64,
} as const;

/** What ElastiCache takes for a token, and for a password as well. */
const PASSWORD = /^[A-Za-z0-9!&#$^<>-]{16,128}$/;

/**
 * Reads a password out of the text of a secret.
 *
 * @throws ContractError if it is not JSON, or has none that ElastiCache takes. The message holds nothing of it.
 */
export function parseCacheSecret(text: string): string {
  const field = Field.secretRoot(parseJson(text)).field(CACHE_SECRET.field);
  return field.textLike(PASSWORD, '16 to 128 letters, digits and characters of !&#$^<>-');
}
