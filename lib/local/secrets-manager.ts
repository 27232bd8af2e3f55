import { type JsonObject, textAt } from './json.js';

/** A secret, with the only value that it ever has here. */
export interface SecretDefinition {
  readonly name: string;
  /** With the six characters that Secrets Manager puts at its end. */
  readonly arn: string;
  /** The value. A secret may be made without one. */
  readonly text?: string;
  readonly versionId: string;
  /** In epoch seconds. */
  readonly createdAt: number;
}

/** What a call of a service came to, in the protocol AWS JSON 1.1. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** The label of the one version that a secret has. */
const CURRENT = 'AWSCURRENT';

/** GetSecretValue (Secrets Manager API reference). Its errors read as those of the service. */
export function getSecretValue(request: JsonObject, secrets: readonly SecretDefinition[]): ServiceAnswer {
  const id = textAt(request, 'SecretId') ?? '';
  const secret = secrets.find((candidate) => isNamedBy(candidate, id));
  if (secret === undefined) {
    return notFound("Secrets Manager can't find the specified secret.");
  }
  const { name, arn, text, versionId, createdAt } = secret;
  const [version = versionId, stage = CURRENT] = [textAt(request, 'VersionId'), textAt(request, 'VersionStage')];
  if (version !== versionId) {
    return notFound(`Secrets Manager can't find the specified secret value for VersionId: ${version}`);
  }
  if (stage !== CURRENT || text === undefined) {
    return notFound(`Secrets Manager can't find the specified secret value for staging label: ${stage}`);
  }
  return {
    status: 200,
    body: {
      ARN: arn,
      Name: name,
      VersionId: versionId,
      VersionStages: [CURRENT],
      SecretString: text,
      CreatedDate: createdAt,
    },
  };
}

/** By its name or its ARN, from which the six characters at the end may be missing. */
function isNamedBy({ name, arn }: SecretDefinition, id: string): boolean {
  return id === name || id === arn || id === arn.slice(0, arn.lastIndexOf('-'));
}

function notFound(message: string): ServiceAnswer {
  return { status: 400, body: { __type: 'ResourceNotFoundException', Message: message } };
}
