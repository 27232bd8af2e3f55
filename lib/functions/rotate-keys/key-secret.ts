import {
  type GetSecretValueRequest,
  type GetSecretValueResponse,
  type PutSecretValueRequest,
  ResourceExistsException,
  ResourceNotFoundException,
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';
import type { KeyDocument } from '../../contract/keys.js';

/** What is called of Secrets Manager, and all of it: the role of the function allows no more. */
export interface SecretsManagerApi {
  getSecretValue(
    request: GetSecretValueRequest,
  ): Promise<Pick<GetSecretValueResponse, 'SecretString' | 'VersionId' | 'VersionStages'>>;
  putSecretValue(request: PutSecretValueRequest): Promise<unknown>;
  updateSecretVersionStage(request: UpdateSecretVersionStageRequest): Promise<unknown>;
}

/** A version of the secret. */
export interface SecretVersion {
  readonly id: string;
  readonly text: string;
  readonly isCurrent: boolean;
  readonly isPending: boolean;
}

/** The secret that holds the keys, by its versions. */
export class KeySecret {
  constructor(
    private readonly api: SecretsManagerApi,
    private readonly secretId: string,
  ) {}

  /** The version that clients read. */
  current(): Promise<SecretVersion> {
    return this.get({ VersionStage: 'AWSCURRENT' });
  }

  /** A version by its id; `undefined` if it has no value yet. */
  async version(id: string): Promise<SecretVersion | undefined> {
    try {
      return await this.get({ VersionId: id });
    } catch (error) {
      if (error instanceof ResourceNotFoundException) {
        return undefined;
      }
      throw error;
    }
  }

  /** Gives a version its value, once and for all: whoever comes second changes nothing. */
  async putPending(id: string, document: KeyDocument): Promise<void> {
    try {
      await this.api.putSecretValue({
        SecretId: this.secretId,
        ClientRequestToken: id,
        SecretString: JSON.stringify(document),
        VersionStages: ['AWSPENDING'],
      });
    } catch (error) {
      if (!(error instanceof ResourceExistsException)) {
        throw error;
      }
    }
  }

  /** Makes a version the one that clients read, if `current` still is. @throws if it is not. */
  async promote(pending: SecretVersion, current: SecretVersion): Promise<void> {
    await this.api.updateSecretVersionStage({
      SecretId: this.secretId,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: pending.id,
      RemoveFromVersionId: current.id,
    });
  }

  /** Takes a version out of the rotation, so that the next one starts afresh. */
  async withdraw(pending: SecretVersion): Promise<void> {
    await this.api.updateSecretVersionStage({
      SecretId: this.secretId,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: pending.id,
    });
  }

  private async get(which: Pick<GetSecretValueRequest, 'VersionId' | 'VersionStage'>): Promise<SecretVersion> {
    const { VersionId, SecretString, VersionStages } = await this.api.getSecretValue({
      SecretId: this.secretId,
      ...which,
    });
    return {
      id: VersionId ?? '',
      text: SecretString ?? '',
      isCurrent: VersionStages?.includes('AWSCURRENT') ?? false,
      isPending: VersionStages?.includes('AWSPENDING') ?? false,
    };
  }
}
