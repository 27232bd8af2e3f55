import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { InMemorySecret } from './secrets-manager.js';

/** An endpoint of Secrets Manager that has one secret, for the AWS SDK to call. */
export interface SecretsManagerEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** Speaks the protocol of Secrets Manager, AWS JSON 1.1, on loopback. Signatures are not looked at. */
export async function serveSecret(secret: InMemorySecret): Promise<SecretsManagerEndpoint> {
  const answers = async (target: string, request: object): Promise<unknown> => {
    switch (target) {
      case 'secretsmanager.GetSecretValue':
        return secret.getSecretValue(request as Parameters<InMemorySecret['getSecretValue']>[0]);
      case 'secretsmanager.PutSecretValue':
        return secret.putSecretValue(request as Parameters<InMemorySecret['putSecretValue']>[0]);
      case 'secretsmanager.UpdateSecretVersionStage':
        return secret.updateSecretVersionStage(request as Parameters<InMemorySecret['updateSecretVersionStage']>[0]);
      default:
        throw new Error(`nobody may call ${target} here`);
    }
  };
  const server = createServer(async (request, response) => {
    try {
      const answer = await answers(String(request.headers['x-amz-target']), (await json(request)) as object);
      response.end(JSON.stringify(answer ?? {}));
    } catch (error) {
      const { name, message } = error as Error;
      response.writeHead(400).end(JSON.stringify({ __type: name, message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
