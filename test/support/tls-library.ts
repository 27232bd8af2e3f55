import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { ConnectionOptions, RedisLibrary } from '../../lib/client/redis/library';

/** ioredis, told more of TLS than a client is that runs on AWS: what it trusts as well, where it finds a name. */
export function trusting(more: TlsOptions): RedisLibrary {
  return {
    Redis: class extends Redis {
      constructor(options: ConnectionOptions) {
        super({ ...options, tls: { ...options.tls, ...more } });
      }
    },
  };
}
