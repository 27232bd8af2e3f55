import { KEY_REFRESH } from '../../contract/keys.js';
import { parseKeyDocument } from '../../contract/parse-key-document.js';
import { CallBudget } from '../call-budget.js';
import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import type { HookCaller } from '../hooks.js';
import type { EpochMilliseconds } from '../stores/store.js';
import { KeyRing } from './key-ring.js';

/** Reads the text of the secret that the keys are in. Rejects if it cannot be had. */
export type SecretReader = (signal: AbortSignal | undefined) => Promise<string>;

/** After a read that failed, or one that did not bring the key that was looked for, how long the next one waits. */
const PAUSE = 10_000;

/** The longest that a read may take, in milliseconds. It is for all that wait for it, and on the time of none of them. */
const READ_TIMEOUT = 2000;

/**
 * The keys, read when they are first needed and again every `KEY_REFRESH` seconds, by one request at a time. A request
 * reads them, not a timer: nothing is left running when a Lambda function freezes. While the secret cannot be read, the
 * keys that were read before go on.
 */
export class KeyCache {
  #ring: KeyRing | undefined;
  #readAt: EpochMilliseconds = Number.NEGATIVE_INFINITY;
  #triedAt: EpochMilliseconds = Number.NEGATIVE_INFINITY;
  #reading: Promise<KeyRing> | undefined;

  constructor(
    private readonly readSecret: SecretReader,
    private readonly clock: Clock,
    private readonly hooks: HookCaller,
  ) {}

  /** @throws SessionError ERR_SESSION_KEYS_UNAVAILABLE if no keys have been read yet and none can be */
  async ring(budget: CallBudget): Promise<KeyRing> {
    const now = this.clock();
    if (this.#ring !== undefined && (now < this.#readAt + KEY_REFRESH * 1000 || now < this.#triedAt + PAUSE)) {
      return this.#ring;
    }
    return this.#read(budget);
  }

  /** The keys, read again if there may be one of this name by now. */
  async ringWith(id: string, budget: CallBudget): Promise<KeyRing> {
    const ring = await this.ring(budget);
    // Anybody can make a key's name up: that must not cost a read each time.
    return ring.find(id) !== undefined || this.clock() < this.#triedAt + PAUSE ? ring : this.#read(budget);
  }

  async #read(budget: CallBudget): Promise<KeyRing> {
    this.#reading ??= this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
    return budget.wait('the keys', this.#reading);
  }

  async #readOnce(): Promise<KeyRing> {
    this.#triedAt = this.clock();
    try {
      const text = await new CallBudget(READ_TIMEOUT, Number.POSITIVE_INFINITY).call('read of its keys', ({ signal }) =>
        this.readSecret(signal),
      );
      this.#ring = new KeyRing(parseKeyDocument(text));
      this.#readAt = this.#triedAt;
    } catch (cause) {
      const error = unavailable(cause);
      if (this.#ring === undefined) {
        throw error;
      }
      this.hooks.call('storeError', error);
    }
    return this.#ring;
  }
}

/** @param cause names no key: the SDK knows none yet, and the parser names fields alone */
function unavailable(cause: unknown): SessionError {
  return new SessionError(
    'ERR_SESSION_KEYS_UNAVAILABLE',
    `the keys of the sessions cannot be read: ${(cause as Error).message}`,
    { cause },
  );
}
