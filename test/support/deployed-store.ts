import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE_SECRET } from '../../lib/contract/cache-secret';
import type { StoreContract } from '../../lib/contract/environment';
import type { DatabaseKind } from '../../lib/local/dynamodb';
import { hasJava } from './java';
import { CACHE_KINDS, type CacheKind, SESSIONS_USER, startCache } from './redis-caches';
import { InMemorySecret } from './secrets-manager';
import { serveSecret } from './secrets-manager-endpoint';
import { startSessionTable } from './session-table';
import { trust } from './trust';

/** The stores that an application may be deployed with, as far as this machine can run them. */
export const DEPLOYED_STORES: readonly (DatabaseKind | CacheKind)[] = [
  'dynalite',
  ...(hasJava() ? (['local'] as const) : []),
  ...CACHE_KINDS,
];

/** A store on this machine, and how a client that is deployed with it finds it. */
export interface DeployedStore {
  readonly contract: StoreContract;
  /** What belongs into the environment of whoever uses it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const AWS = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

/** Starts a store. This process trusts its certificate, if it has one, until it is stopped. */
export async function startDeployedStore(kind: DatabaseKind | CacheKind): Promise<DeployedStore> {
  return isCache(kind) ? deployedCache(kind) : deployedTable(kind);
}

function isCache(kind: DatabaseKind | CacheKind): kind is CacheKind {
  return CACHE_KINDS.some((each) => each === kind);
}

async function deployedTable(kind: DatabaseKind): Promise<DeployedStore> {
  const { table, endpoint, stop } = await startSessionTable(kind);
  return { contract: { kind: 'dynamodb', table }, environment: { ...AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint }, stop };
}

async function deployedCache(kind: CacheKind): Promise<DeployedStore> {
  const cache = await startCache(kind);
  const { host: endpoint, port, cluster, ca } = cache;
  if (ca === undefined) {
    const contract: StoreContract = { kind: 'redis', endpoint, port, cluster, tls: false };
    return { contract, environment: AWS, stop: () => cache.stop() };
  }
  const secret = new InMemorySecret(JSON.stringify({ [CACHE_SECRET.field]: SESSIONS_USER.password }));
  const secrets = await serveSecret(secret);
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  const file = join(folder, 'ca.pem');
  await writeFile(file, ca);
  const distrust = trust(ca);
  const authentication = { kind: 'password', user: SESSIONS_USER.name, secret: secret.arn } as const;
  return {
    contract: { kind: 'redis', endpoint, port, cluster, tls: true, authentication },
    environment: { ...AWS, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url, NODE_EXTRA_CA_CERTS: file },
    stop: async () => {
      distrust();
      await Promise.all([secrets.close(), cache.stop(), rm(folder, { recursive: true })]);
    },
  };
}
