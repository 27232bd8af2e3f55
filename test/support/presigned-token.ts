import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials, IamTokenRequest } from '../../lib/client/redis/iam-token';

/** What a token of IAM for ElastiCache says. */
export interface Token {
  readonly cache: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
}

/** The parts of a token, as a server reads them. */
export function readToken(token: string): Token {
  const { hostname, pathname, searchParams } = new URL(`http://${token}`);
  return { cache: hostname, path: pathname, query: Object.fromEntries(searchParams) };
}

/**
 * What the signer of the AWS SDK makes of the request that AWS describes.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
 */
export async function presignedToken(
  { cache, user, serverless, region }: IamTokenRequest,
  credentials: AwsCredentials,
  now: number,
): Promise<Token> {
  const signer = new SignatureV4({ service: 'elasticache', region, credentials, sha256: Sha256, applyChecksum: false });
  const request = {
    method: 'GET',
    protocol: 'http:',
    hostname: cache,
    path: '/',
    headers: { host: cache },
    query: { Action: 'connect', User: user, ...(serverless && { ResourceType: 'ServerlessCache' }) },
  };
  const { hostname, path, query = {} } = await signer.presign(request, { expiresIn: 900, signingDate: new Date(now) });
  return { cache: hostname, path, query };
}

/** The digest that the signer wants, by Node. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Uint8Array);
  }

  update(data: unknown): void {
    this.#hash.update(data as Uint8Array);
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}
