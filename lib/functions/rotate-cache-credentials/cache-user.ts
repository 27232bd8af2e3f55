import type { CacheDoor } from './cache-door.js';
import type { CredentialHolder } from './credential-holder.js';
import type { UserApi } from './elasticache-api.js';
import { type Patience, until } from './patience.js';

/**
 * A user of a cache, who has one password or two. Setting them replaces those that were there; connections stay open.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyUser.html
 */
export class CacheUser implements CredentialHolder {
  constructor(
    private readonly api: UserApi,
    private readonly userId: string,
    private readonly door: CacheDoor,
    private readonly patience: Patience,
  ) {}

  settled(): Promise<void> {
    const isActive = async () => {
      const { Users = [] } = await this.api.describeUsers({ UserId: this.userId });
      return Users.every(({ Status }) => Status === 'active');
    };
    return until(isActive, `the user ${this.userId} must become active`, this.patience);
  }

  admits(password?: string): Promise<boolean | undefined> {
    return this.door.admits(password === undefined ? {} : { user: this.userId, password });
  }

  admitBoth({ current, pending }: { current: string; pending: string }): Promise<void> {
    return this.setPasswords([current, pending]);
  }

  admitOnly(password: string): Promise<void> {
    return this.setPasswords([password]);
  }

  private async setPasswords(passwords: string[]): Promise<void> {
    await this.api.modifyUser({
      UserId: this.userId,
      AuthenticationMode: { Type: 'password', Passwords: passwords },
    });
    await this.settled();
  }
}
