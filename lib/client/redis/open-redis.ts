import type { CacheIamContract, RedisStoreContract } from '../../contract/environment.js';
import type { Clock } from '../clock.js';
import { SessionError } from '../errors.js';
import { secretsManagerReader } from '../keys/secrets-manager.js';
import { missingSdk } from '../missing-sdk.js';
import type { RedisTransport } from '../stores/redis-transport.js';
import { awsCredentials } from './aws-credentials.js';
import { ClusterNodes } from './cluster.js';
import { RedisConnections } from './connections.js';
import { type CredentialsSource, NO_CREDENTIALS } from './credentials.js';
import { IamCredentials } from './iam-credentials.js';
import { RedisNode } from './node.js';
import { SecretCredentials } from './secret-credentials.js';
import { StandstillWatch } from './standstill.js';
import { SingleNode } from './topology.js';

/**
 * The way to the cache that the contract names. Nothing is connected before the first command.
 *
 * @throws SessionError ERR_SESSION_CONFIG if a package that is needed is not there, or a region is not known
 */
export async function openRedis(contract: RedisStoreContract, clock: Clock): Promise<RedisTransport> {
  const { endpoint, port, cluster, tls } = contract;
  const server = { host: endpoint, port, cluster, ...(tls && { tls: {} }) };
  const context = { credentials: await credentialsFor(contract, clock), watch: new StandstillWatch(), clock };
  return new RedisConnections(
    cluster ? new ClusterNodes(server, context) : new SingleNode(new RedisNode(server, context)),
  );
}

async function credentialsFor(contract: RedisStoreContract, clock: Clock): Promise<CredentialsSource> {
  const { authentication, region } = contract;
  if (authentication === undefined) {
    return NO_CREDENTIALS;
  }
  if (authentication.kind === 'iam') {
    return iamCredentials(authentication, region, clock);
  }
  const sdk = await import('@aws-sdk/client-secrets-manager').catch(missingSdk('@aws-sdk/client-secrets-manager'));
  const { secret } = authentication;
  const readSecret = secretsManagerReader(sdk, { secret, ...(region !== undefined && { region }) });
  return new SecretCredentials(readSecret, authentication.kind === 'password' ? authentication.user : undefined, clock);
}

function iamCredentials(
  { cache, user, serverless = false }: CacheIamContract,
  ofCache: string | undefined,
  clock: Clock,
): CredentialsSource {
  const region = ofCache ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (region === undefined) {
    throw new SessionError(
      'ERR_SESSION_CONFIG',
      'a token of IAM is signed for a region, and none is known: set the environment variable AWS_REGION',
    );
  }
  return new IamCredentials({ cache, user, serverless, region }, awsCredentials(), clock);
}
