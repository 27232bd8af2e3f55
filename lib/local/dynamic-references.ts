import { isObject, parseObject } from './json.js';
import { getSecretValue, type SecretDefinition } from './secrets-manager.js';

/**
 * `{{resolve:secretsmanager:<id>:SecretString:<key>:<stage>:<version>}}`, of which all after the id may be missing, and in
 * which the id may be an ARN (CloudFormation user guide, "Get a secret or secret value from Secrets Manager").
 */
const REFERENCE =
  /\{\{resolve:secretsmanager:((?:arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:)?[^:}]+)(?::SecretString(?::([^:}]*)(?::([^:}]*)(?::([^:}]*))?)?)?)?\}\}/g;

/** What every dynamic reference begins with, to whatever it refers. */
const BEGINNING = '{{resolve:';

/** A value with what its dynamic references refer to. @throws whatever `refuse` throws, given one that has no value here */
export function withReferences(
  value: unknown,
  secrets: readonly SecretDefinition[],
  refuse: (reference: string) => never,
): unknown {
  if (typeof value === 'string') {
    return value.includes(BEGINNING) ? textWithReferences(value, secrets, refuse) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item) => withReferences(item, secrets, refuse));
  }
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withReferences(item, secrets, refuse)]))
    : value;
}

function textWithReferences(
  text: string,
  secrets: readonly SecretDefinition[],
  refuse: (reference: string) => never,
): string {
  // One that this does not understand is looked for first, since a secret's value may look like one.
  if (text.replace(REFERENCE, '').includes(BEGINNING)) {
    refuse(text);
  }
  return text.replace(
    REFERENCE,
    (reference, id: string, key: string | undefined, stage: string | undefined, version: string | undefined) => {
      const { body } = getSecretValue(
        { SecretId: id, ...(stage && { VersionStage: stage }), ...(version && { VersionId: version }) },
        secrets,
      );
      const secret = body['SecretString'];
      const found = key ? fieldOf(String(secret), key) : secret;
      return found === undefined ? refuse(reference) : String(found);
    },
  );
}

/** Of the object's own: one that it inherits, such as `constructor`, is nothing that the secret holds. */
function fieldOf(secret: string, key: string): unknown {
  const fields = parseObject(secret) ?? {};
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}
