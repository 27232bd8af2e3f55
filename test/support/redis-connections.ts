import type { Clock } from 'cdk-sessions-client';
import type { RedisTransport } from 'cdk-sessions-client/redis';
import { Redis } from 'ioredis';
import { ClusterNodes } from '../../lib/client/redis/cluster';
import { RedisConnections } from '../../lib/client/redis/connections';
import { type CredentialsSource, NO_CREDENTIALS } from '../../lib/client/redis/credentials';
import type { RedisLibrary } from '../../lib/client/redis/library';
import type { RedisAddress } from '../../lib/client/redis/link';
import { RedisNode } from '../../lib/client/redis/node';
import { StandstillWatch } from '../../lib/client/redis/standstill';
import { SingleNode } from '../../lib/client/redis/topology';
import { trusting } from './tls-library';

/** What of connections a test wants otherwise. */
export interface ConnectionsOptions {
  readonly credentials?: CredentialsSource;
  readonly cluster?: boolean;
  readonly clock?: Clock;
  /** What vouches for the server's certificate, in PEM. Without, it speaks no TLS. */
  readonly ca?: string;
  readonly library?: RedisLibrary;
}

/** Connections of the library's own to a server that this test started. */
export function connectionsTo({ host, port }: RedisAddress, options: ConnectionsOptions = {}): RedisTransport {
  const { credentials = NO_CREDENTIALS, cluster = false, clock = Date.now, ca, library = { Redis } } = options;
  const server = {
    host,
    port,
    cluster,
    tls: ca !== undefined,
    library: ca === undefined ? library : trusting({ ca }, library),
  };
  const context = { credentials, clock, watch: new StandstillWatch() };
  return new RedisConnections(
    cluster ? new ClusterNodes(server, context) : new SingleNode(new RedisNode(server, context)),
  );
}

/** Always the same credentials. */
export function credentialsOf(username: string, password: string): CredentialsSource {
  return { current: async () => ({ username, password }), refused: async () => false };
}
