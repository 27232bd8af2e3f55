import {
  type AuthTokenUpdateStrategyType,
  InvalidParameterCombinationException,
  InvalidParameterValueException,
} from '@aws-sdk/client-elasticache';
import type { CacheDoor } from './cache-door.js';
import type { CredentialHolder } from './credential-holder.js';
import type { ReplicationGroupApi } from './elasticache-api.js';
import { type Patience, until } from './patience.js';

/**
 * A replication group with an AUTH token, or two of them while one takes the place of the other. ROTATE lets a token in
 * beside the latest one, SET lets in none but the latest, and is refused if that is the only one. In a group without a
 * token ROTATE goes on to let everybody in, until SET ends it.
 * https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html#auth-modifyng-token
 */
export class TokenGroup implements CredentialHolder {
  constructor(
    private readonly api: ReplicationGroupApi,
    private readonly replicationGroupId: string,
    private readonly door: CacheDoor,
    private readonly patience: Patience,
  ) {}

  settled(): Promise<void> {
    const isAvailable = async () => {
      const { ReplicationGroups = [] } = await this.api.describeReplicationGroups({
        ReplicationGroupId: this.replicationGroupId,
      });
      return ReplicationGroups.every(
        ({ Status, PendingModifiedValues }) =>
          Status === 'available' && PendingModifiedValues?.AuthTokenStatus === undefined,
      );
    };
    return until(isAvailable, `the replication group ${this.replicationGroupId} must become available`, this.patience);
  }

  admits(password?: string): Promise<boolean | undefined> {
    return this.door.admits(password === undefined ? {} : { password });
  }

  async admitBoth({
    current,
    pending,
    previous,
  }: {
    current: string;
    pending: string;
    previous: string | undefined;
  }): Promise<void> {
    // Never to be rotated while it is open, nor while the last rotation has not ended: a third token takes the place of one.
    if ((await this.admits()) !== false || (previous !== undefined && (await this.admits(previous)) !== false)) {
      await this.admitOnly(current);
    }
    for (const token of [pending, current]) {
      // The current one is missing if somebody has rotated by hand; clients have it still.
      if ((await this.admits(token)) !== true) {
        await this.update(token, 'ROTATE');
      }
    }
  }

  async admitOnly(token: string): Promise<void> {
    try {
      await this.update(token, 'SET');
    } catch (error) {
      if (!(error instanceof InvalidParameterCombinationException || error instanceof InvalidParameterValueException)) {
        throw error;
      }
      // It is not the latest, and becomes it.
      await this.update(token, 'ROTATE');
      await this.update(token, 'SET');
    }
  }

  private async update(token: string, strategy: AuthTokenUpdateStrategyType): Promise<void> {
    await this.api.modifyReplicationGroup({
      ReplicationGroupId: this.replicationGroupId,
      AuthToken: token,
      AuthTokenUpdateStrategy: strategy,
      ApplyImmediately: true,
    });
    await this.settled();
  }
}
