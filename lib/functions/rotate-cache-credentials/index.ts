import { ElastiCache } from '@aws-sdk/client-elasticache';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { assertSecret, type RotationEvent } from '../rotation-event.js';
import { CacheDoor } from './cache-door.js';
import { CacheUser } from './cache-user.js';
import type { CredentialHolder } from './credential-holder.js';
import { rotateCacheCredentials } from './rotate-cache-credentials.js';
import { TokenGroup } from './token-group.js';

/**
 * For each wait. A step may wait several times, and the function ends after 15 minutes, wherever it is: Secrets Manager
 * then calls it again.
 */
const PATIENCE = { interval: 5_000, limit: 10 * 60_000 };

const secretsManager = new SecretsManager();
const elastiCache = new ElastiCache();

/**
 * Rotates the password of a cache's user, or the token of a replication group, as Secrets Manager calls it. Logs nothing:
 * what Lambda logs of an error holds no password.
 */
export async function handler(event: RotationEvent): Promise<void> {
  assertSecret(event, process.env);
  await rotateCacheCredentials(event, secretsManager, holderOf(process.env), PATIENCE);
}

/** @throws if the environment is not what the construct writes. */
function holderOf({ ENDPOINT, PORT, USER_ID, REPLICATION_GROUP_ID }: NodeJS.ProcessEnv): CredentialHolder {
  const port = Number(PORT);
  if (!ENDPOINT || !(Number.isSafeInteger(port) && port > 0)) {
    throw new Error(`ENDPOINT and PORT must be those of a cache, received ${ENDPOINT} and ${PORT}`);
  }
  const door = new CacheDoor({ endpoint: ENDPOINT, port });
  if (USER_ID) {
    return new CacheUser(elastiCache, USER_ID, door, PATIENCE);
  }
  if (REPLICATION_GROUP_ID) {
    return new TokenGroup(elastiCache, REPLICATION_GROUP_ID, door, PATIENCE);
  }
  throw new Error('either USER_ID or REPLICATION_GROUP_ID must be set, received neither');
}
