import {
  type GetSecretValueRequest,
  InvalidParameterException,
  InvalidRequestException,
  type PutSecretValueRequest,
  ResourceExistsException,
  ResourceNotFoundException,
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';

interface Version {
  text?: string;
  readonly stages: Set<string>;
}

/**
 * One secret of Secrets Manager: its versions, their staging labels, and the rules that its API reference has for both.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
 */
export class InMemorySecret {
  readonly arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:Keys-AbCdEf';
  readonly #versions = new Map<string, Version>();

  constructor(text: string) {
    this.#versions.set('first', { text, stages: new Set(['AWSCURRENT']) });
  }

  /** The text and the versions behind each label, for tests to look at. */
  get labels(): Readonly<Record<string, string>> {
    const labels = [...this.#versions].flatMap(([id, { stages }]) => [...stages].map((stage) => [stage, id]));
    return Object.fromEntries(labels);
  }

  textOf(stage: string): string {
    return this.#holder(stage)?.[1].text ?? '';
  }

  /** What is left once somebody has put a text there by hand, and then what was there before. */
  replacePrevious(text: string): void {
    this.#holder('AWSPREVIOUS')?.[1].stages.delete('AWSPREVIOUS');
    this.#versions.set('by hand', { text, stages: new Set(['AWSPREVIOUS']) });
  }

  /** What RotateSecret does before it calls the function: the version is there, labelled and empty. */
  beginRotation(token: string): void {
    const pending = this.#holder('AWSPENDING');
    if (pending && !pending[1].stages.has('AWSCURRENT')) {
      throw new InvalidRequestException({
        message: "A previous rotation isn't complete. That rotation will be reattempted.",
        $metadata: {},
      });
    }
    pending?.[1].stages.delete('AWSPENDING');
    this.#versions.set(token, { stages: new Set(['AWSPENDING']) });
  }

  /** What RotateSecret does with RotateImmediately false: a pending copy of what is current, for `testSecret` alone. */
  beginTest(token: string): void {
    this.beginRotation(token);
    this.#versions.set(token, { text: this.textOf('AWSCURRENT'), stages: new Set(['AWSPENDING']) });
  }

  async getSecretValue({ SecretId, VersionId, VersionStage }: GetSecretValueRequest) {
    this.#assertThis(SecretId);
    const id = VersionId ?? this.#holder(VersionStage ?? 'AWSCURRENT')?.[0];
    const version = id === undefined ? undefined : this.#versions.get(id);
    if (version?.text === undefined) {
      throw new ResourceNotFoundException({
        message: "Secrets Manager can't find the specified secret value.",
        $metadata: {},
      });
    }
    if (VersionStage !== undefined && !version.stages.has(VersionStage)) {
      throw invalid('You provided a VersionStage that is not associated to the provided VersionId.');
    }
    return { SecretString: version.text, VersionId: id, VersionStages: [...version.stages] };
  }

  async putSecretValue({ SecretId, ClientRequestToken, SecretString, VersionStages }: PutSecretValueRequest) {
    this.#assertThis(SecretId);
    if (ClientRequestToken === undefined) {
      throw invalid('A request without a token is not one that can be repeated.');
    }
    const existing = this.#versions.get(ClientRequestToken);
    if (existing?.text !== undefined) {
      if (existing.text !== SecretString) {
        throw new ResourceExistsException({ message: 'The token is in use for another value.', $metadata: {} });
      }
      return;
    }
    const version: Version = { text: SecretString, stages: new Set() };
    this.#versions.set(ClientRequestToken, version);
    for (const stage of VersionStages ?? ['AWSCURRENT']) {
      this.#move(stage, version);
    }
  }

  async updateSecretVersionStage(request: UpdateSecretVersionStageRequest) {
    const { SecretId, VersionStage = '', MoveToVersionId, RemoveFromVersionId } = request;
    this.#assertThis(SecretId);
    const [holder] = this.#holder(VersionStage) ?? [];
    const target = MoveToVersionId === undefined ? undefined : this.#versions.get(MoveToVersionId);
    if (MoveToVersionId !== undefined && !target) {
      throw invalid(`There is no version ${MoveToVersionId}.`);
    }
    if (holder !== RemoveFromVersionId) {
      throw invalid(`${VersionStage} is attached to ${holder}, which RemoveFromVersionId must name.`);
    }
    this.#move(VersionStage, target);
  }

  #move(stage: string, target: Version | undefined): void {
    const from = this.#holder(stage)?.[1];
    if (from === target) {
      return;
    }
    from?.stages.delete(stage);
    target?.stages.add(stage);
    if (stage === 'AWSCURRENT' && from) {
      this.#holder('AWSPREVIOUS')?.[1].stages.delete('AWSPREVIOUS');
      from.stages.add('AWSPREVIOUS');
    }
  }

  #holder(stage: string): [string, Version] | undefined {
    return [...this.#versions].find(([, { stages }]) => stages.has(stage));
  }

  #assertThis(id: string | undefined): void {
    if (id !== this.arn) {
      throw new ResourceNotFoundException({
        message: "Secrets Manager can't find the specified secret.",
        $metadata: {},
      });
    }
  }
}

function invalid(message: string): InvalidParameterException {
  return new InvalidParameterException({ message, $metadata: {} });
}
