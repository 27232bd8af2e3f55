import { randomInt } from 'node:crypto';
import type { Version } from './stores/store.js';

/** The length of a nonce: 48 random bits in base64url. */
const NONCE = 8;

/**
 * How many saves a session remembers: so many others may come between a save and the news that its reply was lost. An SDK
 * that waits for a second before it repeats a call leaves time for many.
 */
const REMEMBERED = 32;

/**
 * The version of the save that follows `previous`: a counter and a nonce. A counter alone would miss a conflict after
 * a failover gave numbers out twice; the nonce also recognises one's own write when the reply to it was lost.
 */
export function nextVersion(previous?: Version): Version {
  const counter = previous === undefined ? 0 : countOf(previous);
  return `${(Number.isSafeInteger(counter) ? counter + 1 : 1).toString(36)}.${newNonce()}`;
}

/** As a number, since Node draws those from a stock: going for six random bytes takes as long as a good part of a save. */
function newNonce(): string {
  const bytes = Buffer.allocUnsafe(6);
  bytes.writeUIntBE(randomInt(2 ** 48 - 1), 0, 6);
  return bytes.toString('base64url');
}

/**
 * Whether a save of a session came after another one, as far as their counters tell. They may be wrong after a failover:
 * not for what must be true.
 */
export function isLater(version: Version, other: Version): boolean {
  return countOf(version) > countOf(other);
}

/** The nonces of the last saves in one text, the newest last. */
export type RecentSaves = string;

/** The last saves, one more among them. */
export function remember(recent: RecentSaves, version: Version): RecentSaves {
  return (recent + nonceOf(version)).slice(-REMEMBERED * NONCE);
}

/** Whether a save is among the last ones. */
export function remembers(recent: RecentSaves, version: Version): boolean {
  const nonce = nonceOf(version);
  for (let index = 0; index < recent.length; index += NONCE) {
    if (recent.startsWith(nonce, index)) {
      return true;
    }
  }
  return false;
}

function countOf(version: Version): number {
  return Number.parseInt(version, 36);
}

function nonceOf(version: Version): string {
  return version.slice(-NONCE);
}
