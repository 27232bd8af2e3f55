import { type CookieValue, formatCookieValue } from '../../contract/cookie.js';
import { isMacOf, macOf, type SessionKeyMaterial } from './key-ring.js';

/** Spells a cookie value that is signed. The cookie's name is signed along: one cookie is not to stand for another. */
export function signedCookieValue(name: string, value: CookieValue, key: SessionKeyMaterial): string {
  const signature = { keyId: key.id, mac: macOf(signedText(name, value, key.id), key) };
  return formatCookieValue({ ...value, signature });
}

/** Whether a cookie was signed with a key, its name, id and deadline as they are. */
export function isSignedWith(name: string, { id, deadline, signature }: CookieValue, key: SessionKeyMaterial): boolean {
  return signature !== undefined && isMacOf(signature.mac, signedText(name, { id, deadline }, key.id), key);
}

function signedText(name: string, { id, deadline }: CookieValue, keyId: string): string {
  return `${name}=${formatCookieValue({ id, deadline })}.${keyId}`;
}
