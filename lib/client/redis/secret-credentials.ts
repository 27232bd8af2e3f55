import { parseCacheSecret } from '../../contract/cache-secret.js';
import type { Clock } from '../clock.js';
import type { SecretReader } from '../keys/key-cache.js';
import type { Credentials, CredentialsSource } from './credentials.js';

/** How long a password that was refused is not read again: it must be in its secret by then, or it will not come. */
const PAUSE = 10_000;

/** The longest that a read may take, in milliseconds: it goes on when those who wait for it do not any more. */
const READ_TIMEOUT = 8000;

/** A password in Secrets Manager, read when it is first needed and again when the server refuses it. */
export class SecretCredentials implements CredentialsSource {
  #reading: Promise<Credentials> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  /** @param user none, if the secret is the token that all clients share */
  constructor(
    private readonly readSecret: SecretReader,
    private readonly user: string | undefined,
    private readonly clock: Clock,
  ) {}

  current(): Promise<Credentials> {
    this.#reading ??= this.#read();
    return this.#reading;
  }

  async refused(credentials: Credentials): Promise<boolean> {
    const current = await this.current();
    if (current.password !== credentials.password) {
      // Another connection was refused before, and it was read since.
      return true;
    }
    if (this.clock() - this.#readAt >= PAUSE) {
      this.#reading = this.#read();
    }
    // Also one that is being read right now, since yet another connection was refused a moment ago.
    return (await this.current()).password !== credentials.password;
  }

  #read(): Promise<Credentials> {
    this.#readAt = this.clock();
    const reading = this.#readOnce();
    // A read that failed is not remembered.
    reading.catch(() => {
      this.#reading = undefined;
    });
    return reading;
  }

  async #readOnce(): Promise<Credentials> {
    const text = await this.readSecret(AbortSignal.timeout(READ_TIMEOUT));
    const password = parseCacheSecret(text);
    return { password, ...(this.user !== undefined && { username: this.user }) };
  }
}
