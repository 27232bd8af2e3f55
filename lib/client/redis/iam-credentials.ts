import type { Clock } from '../clock.js';
import type { Credentials, CredentialsSource } from './credentials.js';
import { type AwsCredentials, type IamTokenRequest, iamToken } from './iam-token.js';

/** ElastiCache ends a connection so long after it was authenticated with a token: twelve hours. */
const VALID_FOR = 12 * 3600 * 1000;

/**
 * Tokens that are signed for each connection and each time that it is authenticated anew: a token that is kept for later
 * outlives the credentials that it was signed with, which a role gets new ones of all the time.
 */
export class IamCredentials implements CredentialsSource {
  constructor(
    private readonly request: IamTokenRequest,
    private readonly awsCredentials: () => Promise<AwsCredentials>,
    private readonly clock: Clock,
  ) {}

  async current(): Promise<Credentials> {
    const credentials = await this.awsCredentials();
    const password = iamToken(this.request, credentials, this.clock());
    return { username: this.request.user, password, validFor: VALID_FOR };
  }

  /** The next one is another one, but a role that was refused will be again. */
  async refused(): Promise<boolean> {
    return false;
  }
}
