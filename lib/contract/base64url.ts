/**
 * How 256 bits are spelt in base64url, as a regular expression. The last of the 43 characters carries four of the bits
 * and two of padding, which must be zero: of four spellings that mean the same, only one is taken.
 */
export const BITS_256 = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
