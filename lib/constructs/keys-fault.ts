import { KEY_ACTIVATION } from '../contract/keys.js';
import type { SessionPolicy } from './session-policy.js';
import type { SessionStoreOptions } from './session-store.js';

/** What is wrong with the keys of a store, or with doing without, or `undefined`. */
export function keysFault(
  { absoluteTimeout }: SessionPolicy,
  { keys, encryptData, acceptUnprotected }: SessionStoreOptions,
): string | undefined {
  if (!keys) {
    const [needsKeys] = [encryptData && 'encryptData', acceptUnprotected && 'acceptUnprotected'].filter(Boolean);
    return needsKeys
      ? `${needsKeys} needs keys, received none: give the store keys, new SessionKeys(this, 'Keys'), or leave it out`
      : undefined;
  }
  // What only the deployment knows cannot be compared here.
  if (absoluteTimeout.isUnresolved() || keys.overlap.isUnresolved()) {
    return undefined;
  }
  // A key still signs for a while after a newer one was made, and what it signed last lives as long as anything.
  const needed = absoluteTimeout.toSeconds() + KEY_ACTIVATION;
  return keys.overlap.toSeconds() < needed
    ? `keys must stay valid for as long as a session that they signed last: an absoluteTimeout of ${absoluteTimeout.toHumanString()} needs an overlap of at least ${needed} s, received ${keys.overlap.toSeconds()} s: lengthen it, new SessionKeys(this, 'Keys', { overlap }), or shorten the timeout`
    : undefined;
}
