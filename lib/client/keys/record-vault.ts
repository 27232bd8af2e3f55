import type { CallBudget } from '../call-budget.js';
import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import type { SessionKey } from '../stores/store.js';
import type { KeyCache } from './key-cache.js';
import { isSealed, keyIdOf, openRecord, sealRecord } from './record-seal.js';

/** Which records may be encrypted, and which must be. */
export interface VaultOptions {
  /** Whether records that are saved are encrypted. */
  readonly encrypts: boolean;
  /** Whether records that are not encrypted are read although those that are saved are. */
  readonly acceptsUnprotected: boolean;
}

/** Encrypts records on their way to the store, and decrypts those that come from there. */
export class RecordVault {
  constructor(
    private readonly keys: KeyCache,
    private readonly clock: Clock,
    private readonly options: VaultOptions,
  ) {}

  /** A record as it is to be stored under a session's key. */
  async close(record: Uint8Array, sessionKey: SessionKey, budget: CallBudget): Promise<Uint8Array> {
    return this.options.encrypts
      ? sealRecord(record, sessionKey, (await this.keys.ring(budget)).signer(this.clock()))
      : record;
  }

  /**
   * A record as it was before. One that is encrypted is read whether or not new ones are: that was turned off since.
   *
   * @throws SessionError ERR_SESSION_RECORD if it was not encrypted with one of the keys, or not at all where it must be
   */
  async open(value: Uint8Array, sessionKey: SessionKey, budget: CallBudget): Promise<Uint8Array> {
    if (!isSealed(value)) {
      if (value.length > 0 && this.options.encrypts && !this.options.acceptsUnprotected) {
        throw new SessionError(
          'ERR_SESSION_RECORD',
          'the stored session is not encrypted, and this store encrypts its data: if it began before that, set acceptUnprotected for as long as such sessions live',
        );
      }
      return value;
    }
    const keyId = keyIdOf(value);
    const key = (await this.keys.ringWith(keyId, budget)).find(keyId);
    if (key === undefined) {
      throw new SessionError(
        'ERR_SESSION_RECORD',
        `the stored session is encrypted with the key ${keyId}, which is not among the keys: do all consumers of the store have the same keys?`,
      );
    }
    return openRecord(value, sessionKey, key);
  }
}
