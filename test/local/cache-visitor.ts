import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Cluster, Redis } from 'ioredis';
import { parseContract } from '../../lib/contract/parse.js';

/** Connects as its contract tells, and answers who it is there, or with the error that it gets. */
export async function handler({ command }: { readonly command: readonly string[] }): Promise<unknown> {
  const { primary } = parseContract(process.env['CDK_SESSIONS'] ?? '').stores;
  if (primary.kind !== 'redis' || primary.authentication === undefined || primary.authentication.kind === 'iam') {
    throw new Error(`expected a password or a token for a cache, received ${JSON.stringify(primary)}`);
  }
  const { endpoint: host, port, authentication } = primary;
  const secrets = new SecretsManagerClient({});
  const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: authentication.secret }));
  const { password } = JSON.parse(SecretString);
  const credentials = authentication.kind === 'password' ? { username: authentication.user, password } : { password };
  const options = { ...credentials, tls: {}, enableReadyCheck: false };
  const client = primary.cluster
    ? new Cluster([{ host, port }], { redisOptions: options, enableReadyCheck: false })
    : new Redis({ host, port, ...options });
  try {
    const [name = '', ...words] = command;
    return await client.call(name, ...words);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    client.disconnect();
  }
}
