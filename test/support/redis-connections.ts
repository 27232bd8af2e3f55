import type { Clock } from 'cdk-sessions-client';
import type { RedisTransport } from 'cdk-sessions-client/redis';
import { ClusterNodes } from '../../lib/client/redis/cluster';
import { RedisConnections } from '../../lib/client/redis/connections';
import { type CredentialsSource, NO_CREDENTIALS } from '../../lib/client/redis/credentials';
import { RedisNode } from '../../lib/client/redis/node';
import { StandstillWatch } from '../../lib/client/redis/standstill';
import { SingleNode } from '../../lib/client/redis/topology';
import type { RedisAddress } from '../../lib/client/redis/wire';

/** What of connections a test wants otherwise. */
export interface ConnectionsOptions {
  readonly credentials?: CredentialsSource;
  readonly cluster?: boolean;
  readonly clock?: Clock;
  /** What vouches for the server's certificate, in PEM. Without, it speaks no TLS. */
  readonly ca?: string;
}

/** Connections of the library's own to a server that this test started. */
export function connectionsTo({ host, port }: RedisAddress, options: ConnectionsOptions = {}): RedisTransport {
  const { credentials = NO_CREDENTIALS, cluster = false, clock = Date.now, ca } = options;
  const server = { host, port, cluster, ...(ca !== undefined && { tls: { ca } }) };
  const context = { credentials, clock, watch: new StandstillWatch() };
  return new RedisConnections(
    cluster ? new ClusterNodes(server, context) : new SingleNode(new RedisNode(server, context)),
  );
}

/** Always the same credentials. */
export function credentialsOf(username: string, password: string): CredentialsSource {
  return { current: async () => ({ username, password }), refused: async () => false };
}
