import { type CookieValue, formatCookieValue } from '../../contract/cookie.js';
import { isMacOf, macOf, type SessionKeyMaterial } from './key-ring.js';

/** Spells a cookie value that is signed. The cookie's name is signed along: one cookie is not to stand for another. */
export function signedCookieValue(
  name: string,
  value: CookieValue,
  aliveUntil: number,
  key: SessionKeyMaterial,
): string {
  const mac = macOf(signedText(name, value, aliveUntil, key), key);
  return formatCookieValue({ ...value, signature: { aliveUntil, keyId: key.id, mac } });
}

/** Whether a cookie was signed with a key, its name and all that it says as they are. */
export function isSignedWith(name: string, cookie: CookieValue, key: SessionKeyMaterial): boolean {
  const { id, deadline, signature } = cookie;
  return (
    signature !== undefined &&
    isMacOf(signature.mac, signedText(name, { id, deadline }, signature.aliveUntil, key), key)
  );
}

function signedText(name: string, value: CookieValue, aliveUntil: number, { id }: SessionKeyMaterial): string {
  return `${name}=${formatCookieValue(value)}.${aliveUntil}.${id}`;
}
