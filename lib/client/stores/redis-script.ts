import { createHash } from 'node:crypto';
import { RedisFailure, type RedisTransport } from './redis-transport.js';
import type { CallOptions } from './terms.js';

/** A script that a server runs on one key, as a whole. */
export class RedisScript {
  readonly #sha: string;

  constructor(private readonly text: string) {
    this.#sha = createHash('sha1').update(text).digest('hex');
  }

  /** Calls it by its hash; a server that does not know it by that, or not any more, is sent it. */
  async run(
    transport: RedisTransport,
    key: string,
    args: readonly (string | Buffer | number)[],
    options: CallOptions | undefined,
  ): Promise<unknown> {
    try {
      return await transport.send(key, ['EVALSHA', this.#sha, 1, key, ...args], options);
    } catch (error) {
      // Nobody waits any more for what was given up meanwhile.
      if (!(error instanceof RedisFailure && error.word === 'NOSCRIPT') || options?.signal?.aborted) {
        throw error;
      }
      return transport.send(key, ['EVAL', this.text, 1, key, ...args], options);
    }
  }
}
