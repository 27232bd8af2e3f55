import { RedisFailure, type RedisTransport } from './redis-transport.js';

/** How soon the connection must have ended, in milliseconds: after a longer silence another wait would take too long. */
const SOON = 500;

/**
 * Sends a command a second time if its connection ended before the answer, and nobody knows whether it was carried out:
 * for commands that do no harm if they were. A save is one, since it names the version that it replaces: the second finds
 * the first one's there.
 */
export function resending(transport: RedisTransport): RedisTransport {
  return {
    send(key, command, options) {
      const begun = performance.now();
      return transport.send(key, command, options).catch((error: unknown) => {
        const lost = error instanceof RedisFailure && error.outcome === 'lost';
        if (!lost || performance.now() - begun > SOON || options?.signal?.aborted) {
          throw error;
        }
        return transport.send(key, command, options);
      });
    },
  };
}
