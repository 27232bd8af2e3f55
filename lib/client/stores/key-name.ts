/** What stands for the bytes of a key in a `Map`, which takes two arrays of the same bytes for different keys. */
export function nameOf(key: Uint8Array): string {
  return Buffer.from(key).toString('base64url');
}

/** The bytes that a name stands for. */
export function keyNamed(name: string): Uint8Array {
  return Buffer.from(name, 'base64url');
}

/** Whether a key begins with these bytes. */
export function hasPrefix(key: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => byte === key[index]);
}
