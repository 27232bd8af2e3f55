import { randomBytes } from 'node:crypto';
import type { Version } from './stores/store.js';

/**
 * The version of the save that follows `previous`: a counter and a nonce. A counter alone would miss a conflict after
 * a failover gave numbers out twice; the nonce also recognises one's own write when the reply to it was lost.
 */
export function nextVersion(previous?: Version): Version {
  const counter = previous === undefined ? 0 : Number.parseInt(previous, 36);
  return `${(Number.isSafeInteger(counter) ? counter + 1 : 1).toString(36)}.${randomBytes(6).toString('base64url')}`;
}
