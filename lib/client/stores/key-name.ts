/** What stands for the bytes of a key in a `Map`, which takes two arrays of the same bytes for different keys. */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url');
}
