import { LocalError } from './errors.js';
import { parseObject } from './json.js';
import { getSecretValue, type SecretDefinition } from './secrets-manager.js';

/** A secret's ARN and after it, each of which may be missing or empty, `:<key of its JSON>:<stage>:<version>`. */
const SECRET = /^(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::([^:]*))?(?::([^:]*))?(?::([^:]*))?$/;

/**
 * What a variable holds that a container takes from Secrets Manager (ECS developer guide, "Pass Secrets Manager secrets
 * through Amazon ECS environment variables").
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if ECS would not start the task either, or the value is not in Secrets Manager.
 */
export function secretVariable(name: string, valueFrom: string, secrets: readonly SecretDefinition[]): string {
  const [, arn, key = '', stage = '', version = ''] = SECRET.exec(valueFrom) ?? [];
  if (arn === undefined) {
    throw refused(name, `is from ${valueFrom}: only secrets of Secrets Manager, by their ARN, are here`);
  }
  const request = { SecretId: arn, ...(stage && { VersionStage: stage }), ...(version && { VersionId: version }) };
  const { body } = getSecretValue(request, secrets);
  const secret = body['SecretString'];
  if (typeof secret !== 'string') {
    throw refused(name, `is from ${valueFrom}: ${String(body['Message'])}`);
  }
  if (key === '') {
    return secret;
  }
  const fields = parseObject(secret) ?? {};
  if (!Object.hasOwn(fields, key)) {
    throw refused(name, `is from ${valueFrom}: the secret is no JSON object with that key`);
  }
  const field = fields[key];
  return typeof field === 'string' ? field : JSON.stringify(field);
}

function refused(name: string, reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', `its variable ${name} ${reason}`);
}
