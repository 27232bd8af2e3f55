import { createHash } from 'node:crypto';
import type { SessionKey } from '../stores/store.js';

/** How many bytes of a key say whose it is. */
const PREFIX_LENGTH = 6;

/**
 * The keys under which the sessions of express-session lie: six bytes that are the same for all of them, so that they are
 * told from whatever else is in the store, and 26 of the SHA-256 of the id, which itself is nowhere at rest.
 */
export class ExpressSessionKeys {
  /** What all of them begin with. */
  readonly prefix: Uint8Array;

  /** @param namespace tells the sessions of several applications apart */
  constructor(private readonly namespace: string) {
    this.prefix = digest(`cdk-sessions v1, express-session in ${JSON.stringify(namespace)}`).subarray(0, PREFIX_LENGTH);
  }

  of(sid: string): SessionKey {
    const own = digest(`cdk-sessions v1, express-session in ${JSON.stringify(this.namespace)}, the id ${sid}`);
    return Buffer.concat([this.prefix, own.subarray(PREFIX_LENGTH)]);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
