import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import { KEY_ACTIVATION, type KeyDocument, type MasterKey } from '../../contract/keys.js';
import type { EpochMilliseconds } from '../stores/store.js';

/** A key as it is used: its name, and what is derived from it for each purpose. */
export interface SessionKeyMaterial {
  readonly id: string;
  readonly createdAt: EpochMilliseconds;
  /** Signs cookies. */
  readonly cookie: Uint8Array;
  /** Encrypts records. */
  readonly record: KeyObject;
}

/** The keys that are valid: the newest that every client knows signs, all of them verify. */
export class KeyRing {
  readonly #keys: readonly SessionKeyMaterial[];

  constructor({ keys }: KeyDocument) {
    this.#keys = keys.map(derive);
  }

  /**
   * The key to sign with: not one that was made a moment ago, which other clients may not have read yet; unless there is
   * no older one.
   */
  signer(now: EpochMilliseconds): SessionKeyMaterial {
    const active = this.#keys.find(({ createdAt }) => createdAt + KEY_ACTIVATION * 1000 <= now);
    return active ?? this.#keys.reduce((_, older) => older);
  }

  find(id: string): SessionKeyMaterial | undefined {
    return this.#keys.find((key) => key.id === id);
  }
}

/** The MAC of a text: HMAC-SHA256 in base64url. */
export function macOf(text: string, { cookie }: SessionKeyMaterial): string {
  return createHmac('sha256', cookie).update(text).digest('base64url');
}

/** Whether a MAC is that of a text. Takes the same time whatever it is, as long as it is of the right length. */
export function isMacOf(mac: string, text: string, key: SessionKeyMaterial): boolean {
  const [given, expected] = [Buffer.from(mac), Buffer.from(macOf(text, key))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** A key for each purpose, so that what is done with the one says nothing of the other (RFC 5869). */
function derive({ id, secret, createdAt }: MasterKey): SessionKeyMaterial {
  const input = Buffer.from(secret, 'base64url');
  const keyFor = (purpose: string) => new Uint8Array(hkdfSync('sha256', input, '', purpose, 32));
  return {
    id,
    createdAt: createdAt * 1000,
    cookie: keyFor('cdk-sessions cookie v1'),
    record: createSecretKey(keyFor('cdk-sessions record v1')),
  };
}
