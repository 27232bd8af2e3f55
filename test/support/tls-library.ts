import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { Redis } from 'ioredis';
import type { ConnectionOptions, RedisLibrary } from '../../lib/client/redis/library';

/** A library, told more of TLS than it is on AWS: what it trusts as well, where it finds a name. */
export function trusting(more: TlsOptions, library: RedisLibrary = { Redis }): RedisLibrary {
  return {
    Redis: class extends library.Redis {
      constructor(options: ConnectionOptions) {
        super({ ...options, tls: { servername: '', ...options.tls, ...more } });
      }
    },
  };
}
