import { randomUUID } from 'node:crypto';
import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import type { Resolver } from './intrinsics.js';
import { isObject, type JsonObject, parseObject, textAt } from './json.js';
import { arnOf, physicalName } from './physical.js';
import { randomPassword } from './random-password.js';
import type { SecretDefinition } from './secrets-manager.js';

/**
 * Makes the secret of an `AWS::SecretsManager::Secret`. The value is the template's `SecretString`, or what its
 * `GenerateSecretString` asks for, random anew in every run (CloudFormation template reference).
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if CloudFormation could not make the value either, saying why.
 */
export function secretDefinition(resource: Resource, resolver: Resolver): SecretDefinition {
  const read = (name: string) => resolver.property(resource, name);
  const text = firstValue(read('SecretString'), read('GenerateSecretString'));
  return {
    name: physicalName(resource, read),
    arn: arnOf(resource, read),
    ...(text !== undefined && { text }),
    versionId: randomUUID(),
    createdAt: Date.now() / 1000,
  };
}

function firstValue(given: unknown, generate: unknown): string | undefined {
  if (given !== undefined && generate !== undefined) {
    throw refused('it has both SecretString and GenerateSecretString: one of them can be its value');
  }
  if (generate !== undefined) {
    return generated(isObject(generate) ? generate : {});
  }
  return given === undefined ? undefined : String(given);
}

/** The password alone, or in a field of its own beside those of a template. */
function generated(settings: JsonObject): string {
  const password = randomPassword(settings);
  const [template, key] = [textAt(settings, 'SecretStringTemplate'), textAt(settings, 'GenerateStringKey')];
  if (template === undefined && key === undefined) {
    return password;
  }
  if (template === undefined || key === undefined) {
    throw refused('its SecretStringTemplate and its GenerateStringKey need each other: one of them is missing');
  }
  return JSON.stringify({ ...parsed(template), [key]: password });
}

function parsed(template: string): JsonObject {
  const object = parseObject(template);
  if (object === undefined) {
    throw refused('its SecretStringTemplate is not the text of a JSON object');
  }
  return object;
}

function refused(reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', reason);
}
