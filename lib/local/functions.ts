import type { Resource } from './assembly.js';
import { LocalError } from './errors.js';
import type { Resolver } from './intrinsics.js';
import { type JsonObject, listAt, numberAt, objectAt, textAt } from './json.js';
import { arnOf, physicalName } from './physical.js';

/** Where a function's code comes from. */
export type FunctionCode =
  /** A folder of the cloud assembly. */
  | { readonly kind: 'folder'; readonly path: string }
  /** Source text in the template. */
  | { readonly kind: 'inline'; readonly source: string };

/** What a template says about a function, without its environment. */
export interface FunctionDefinition {
  readonly resource: Resource;
  readonly name: string;
  readonly arn: string;
  readonly handler: string;
  /** For example `nodejs22.x`. The Node.js that runs the runner runs the function too, whatever this says. */
  readonly runtime: string;
  /** How long one invocation may take, in seconds. */
  readonly timeout: number;
  /** In megabytes. Told to the function, not enforced. */
  readonly memory: number;
  /** The most instances that the template reserves, beyond which Lambda throttles. */
  readonly reservedConcurrency?: number;
  readonly code: FunctionCode;
}

/**
 * Reads an `AWS::Lambda::Function`. Defaults are those of the CloudFormation reference.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it is a function that cannot run here, saying why.
 */
export function functionDefinition(resource: Resource, resolver: Resolver): FunctionDefinition {
  const read = (name: string) => resolver.property(resource, name);
  // The environment is read later: it may name the fronts' addresses, which are not known yet.
  const settings: JsonObject = Object.fromEntries(
    ['PackageType', 'Runtime', 'Handler', 'Timeout', 'MemorySize', 'ReservedConcurrentExecutions', 'Code'].map(
      (name) => [name, read(name)],
    ),
  );
  const runtime = textAt(settings, 'Runtime') ?? '';
  if (textAt(settings, 'PackageType') === 'Image') {
    throw cannotRun('it is a container image');
  }
  if (!runtime.startsWith('nodejs')) {
    throw cannotRun(`its runtime is ${runtime}: only Node.js functions run here`);
  }
  const reservedConcurrency = numberAt(settings, 'ReservedConcurrentExecutions');
  return {
    resource,
    name: physicalName(resource, read),
    arn: arnOf(resource, read),
    handler: textAt(settings, 'Handler') ?? '',
    runtime,
    timeout: numberAt(settings, 'Timeout') ?? 3,
    memory: numberAt(settings, 'MemorySize') ?? 128,
    ...(reservedConcurrency !== undefined && { reservedConcurrency }),
    code: codeOf(resource, objectAt(settings, 'Code')),
  };
}

/** The environment that the template gives a function. @throws LocalError ERR_LOCAL_TEMPLATE naming what is unknown */
export function functionEnvironment(resource: Resource, resolver: Resolver): Readonly<Record<string, string>> {
  const variables = objectAt(resolver.property(resource, 'Environment'), 'Variables');
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)]));
}

/**
 * Variables by which an AWS SDK would take the developer's credentials or call AWS itself (AWS SDKs and Tools reference
 * guide, "Environment variables"), and where a home folder is, in which it would look for both.
 */
const DECIDED_HERE =
  /^(?:HOME|USERPROFILE|AWS_(?:(?:DEFAULT_)?PROFILE|CONFIG_FILE|SHARED_CREDENTIALS_FILE|CONTAINER_\w+|WEB_IDENTITY_TOKEN_FILE|ROLE_ARN|ROLE_SESSION_NAME|EC2_METADATA_\w+|ENDPOINT_URL\w*|IGNORE_CONFIGURED_ENDPOINT_URLS|USE_(?:FIPS|DUALSTACK)_ENDPOINT))$/;

/** Whether the runner, not the template, decides what a variable of an instance holds. */
export function isDecidedHere(variable: string): boolean {
  return DECIDED_HERE.test(variable);
}

/** What of a function's settings has no effect here, for the list of what runs otherwise. */
export function withoutEffect(resource: Resource): readonly string[] {
  const variables = objectAt(resource.properties['Environment'], 'Variables');
  const dropped = Object.keys(variables).filter(isDecidedHere);
  return [
    ...(listAt(resource.properties, 'Layers').length > 0 ? ['its layers are not loaded'] : []),
    ...(dropped.length > 0 ? [`its variables ${dropped.join(', ')} are not passed on: the runner decides them`] : []),
    ...(listAt(resource.properties, 'FileSystemConfigs').length > 0 ? ['its file systems are not mounted'] : []),
  ];
}

function codeOf(resource: Resource, code: JsonObject): FunctionCode {
  const source = textAt(code, 'ZipFile');
  if (source !== undefined) {
    return { kind: 'inline', source };
  }
  const key = textAt(code, 'S3Key');
  const asset = key === undefined ? undefined : resource.stack.assets.get(key);
  if (asset === undefined) {
    throw cannotRun(`its code ${key ?? ''} is not an asset of the cloud assembly`);
  }
  if (asset.packaging !== 'zip') {
    throw cannotRun(`its code is the archive ${asset.path}: only folders are read here`);
  }
  return { kind: 'folder', path: asset.path };
}

function cannotRun(reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', reason);
}
