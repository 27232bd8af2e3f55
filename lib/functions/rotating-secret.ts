import {
  type GetSecretValueRequest,
  type GetSecretValueResponse,
  type PutSecretValueRequest,
  ResourceExistsException,
  ResourceNotFoundException,
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';

/** What is called of Secrets Manager, and all of it: the role of the function allows no more. */
export interface SecretsManagerApi {
  getSecretValue(
    request: GetSecretValueRequest,
  ): Promise<Pick<GetSecretValueResponse, 'SecretString' | 'VersionId' | 'VersionStages'>>;
  putSecretValue(request: PutSecretValueRequest): Promise<unknown>;
  updateSecretVersionStage(request: UpdateSecretVersionStageRequest): Promise<unknown>;
}

type Which = Pick<GetSecretValueRequest, 'VersionId' | 'VersionStage'>;

/** A version of the secret. */
export interface SecretVersion {
  readonly id: string;
  readonly text: string;
  readonly isCurrent: boolean;
  readonly isPending: boolean;
}

/** A secret that is being rotated, by its versions. */
export class RotatingSecret {
  constructor(
    private readonly api: SecretsManagerApi,
    private readonly secretId: string,
  ) {}

  /** The version that clients read. */
  current(): Promise<SecretVersion> {
    return this.get({ VersionStage: 'AWSCURRENT' });
  }

  /** The version that clients read before; `undefined` until the secret is rotated for the first time. */
  previous(): Promise<SecretVersion | undefined> {
    return this.find({ VersionStage: 'AWSPREVIOUS' });
  }

  /** A version by its id; `undefined` if it has no value yet. */
  version(id: string): Promise<SecretVersion | undefined> {
    return this.find({ VersionId: id });
  }

  /**
   * The version that a rotation makes; `undefined` if it is current already: the rotation is done.
   *
   * @throws if it is not part of a rotation.
   */
  async pending(id: string): Promise<SecretVersion | undefined> {
    const version = await this.version(id);
    if (version?.isCurrent) {
      return undefined;
    }
    if (!version?.isPending) {
      throw new Error(`version ${id} is not pending: rotate the secret again`);
    }
    return version;
  }

  /** Gives a version its value, once and for all: whoever comes second changes nothing. */
  async putPending(id: string, text: string): Promise<void> {
    try {
      await this.api.putSecretValue({
        SecretId: this.secretId,
        ClientRequestToken: id,
        SecretString: text,
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

  private async find(which: Which): Promise<SecretVersion | undefined> {
    try {
      return await this.get(which);
    } catch (error) {
      if (error instanceof ResourceNotFoundException) {
        return undefined;
      }
      throw error;
    }
  }

  private async get(which: Which): Promise<SecretVersion> {
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
