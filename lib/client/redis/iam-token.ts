import { createHash, createHmac } from 'node:crypto';
import type { EpochMilliseconds } from '../stores/store.js';

/** Credentials of AWS, as they come from a role or a user. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Who wants to be let into which cache. */
export interface IamTokenRequest {
  /** The name of the replication group, or of the serverless cache. */
  readonly cache: string;
  readonly user: string;
  readonly serverless: boolean;
  readonly region: string;
}

/** For how long ElastiCache takes a token, in seconds: the longest that it allows. */
const EXPIRES = 900;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SERVICE = 'elasticache';

/** The SHA-256 of nothing: the request that is signed has no body. */
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * A token with which ElastiCache lets a user of IAM in: a request that nobody sends, signed in its address, without the
 * `http://` before it.
 *
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html, and for the signature
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function iamToken(request: IamTokenRequest, credentials: AwsCredentials, now: EpochMilliseconds): string {
  const { cache, user, serverless, region } = request;
  const time = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/${SERVICE}/aws4_request`;
  const query = canonicalQuery({
    Action: 'connect',
    User: user,
    ...(serverless && { ResourceType: 'ServerlessCache' }),
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(EXPIRES),
    ...(credentials.sessionToken !== undefined && { 'X-Amz-Security-Token': credentials.sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  });
  const canonicalRequest = ['GET', '/', query, `host:${cache}`, '', 'host', NO_BODY].join('\n');
  const hash = createHash('sha256').update(canonicalRequest).digest('hex');
  const signed = [ALGORITHM, time, scope, hash].join('\n');
  const key = [date, region, SERVICE, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${credentials.secretAccessKey}`));
  return `${cache}/?${query}&X-Amz-Signature=${hmac(key, signed).toString('hex')}`;
}

function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
}

/** `encodeURIComponent` leaves five characters that the signature wants encoded. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
