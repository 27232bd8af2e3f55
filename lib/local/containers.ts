import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { AssemblyStack, ImageAsset } from './assembly.js';
import { secretVariable } from './container-secrets.js';
import { type ImageConfiguration, parseDockerfile } from './dockerfile.js';
import { LocalError, messageOf } from './errors.js';
import { isFolder } from './find-upwards.js';
import type { Program } from './fleet-definition.js';
import { type JsonObject, listAt, numberAt, objectsAt, textAt } from './json.js';
import { commandHere, isIn, pathHere } from './program-command.js';
import type { SecretDefinition } from './secrets-manager.js';

/** A container of a task definition, as a program. */
export interface Container extends Program {
  /** How long it has to end after SIGTERM, in seconds. */
  readonly stopTimeout: number;
  /** What about it is otherwise than on AWS. */
  readonly limits: readonly string[];
}

/** What containers are read with. */
export interface ContainerSurroundings {
  readonly stack: AssemblyStack;
  readonly secrets: readonly SecretDefinition[];
  /** The port of the container for which a target group asks; otherwise it is the first one that it maps. */
  readonly port?: number;
}

/** ECS developer guide, "Amazon ECS task definition parameters": `stopTimeout`. */
const STOP_TIMEOUT = 30;

/**
 * Reads a container definition, resolved. Its command is that of the definition or of its image's Dockerfile, and runs in
 * the folder from which the image would be built.
 *
 * @throws LocalError ERR_LOCAL_TEMPLATE if it cannot run here, saying why.
 */
export async function containerOf(definition: JsonObject, surroundings: ContainerSurroundings): Promise<Container> {
  const name = textAt(definition, 'Name') ?? '';
  const uri = textAt(definition, 'Image') ?? '';
  const asset = surroundings.stack.images.get(uri.slice(uri.lastIndexOf(':') + 1));
  const image = asset === undefined ? NO_IMAGE : await configurationOf(name, asset);
  const entryPoint = texts(definition, 'EntryPoint');
  const command = texts(definition, 'Command');
  // A container that has an entry point of its own does not have the image's command (Docker Engine API, "ContainerCreate").
  const words = [...(entryPoint ?? image.entryPoint ?? []), ...(command ?? (entryPoint ? [] : (image.command ?? [])))];
  if (words.length === 0) {
    const where = asset === undefined ? `its image ${uri} comes from a registry` : 'its Dockerfile names none';
    throw refused(name, `has no command: ${where}, and no image is pulled or built here: give it a command`);
  }
  const there = image.workingDirectory;
  const folder = asset && (await folderOf(definition, there, asset));
  const run = commandHere(words, there, asset?.folder ?? '/');
  const port = surroundings.port ?? numberAt(objectsAt(definition, 'PortMappings')[0], 'ContainerPort');
  return {
    name,
    command: () => run,
    ...(folder !== undefined && { folder }),
    variables: { ...image.environment, ...variablesOf(definition, surroundings.secrets) },
    ...(port !== undefined && { port }),
    stopTimeout: numberAt(definition, 'StopTimeout') ?? STOP_TIMEOUT,
    limits: limitsOf(name, uri, definition, asset),
  };
}

const NO_IMAGE: ImageConfiguration = { workingDirectory: '/', environment: {} };

/** Where a container runs: in the folder of its sources, or in the one of its own that it names in there. */
async function folderOf(definition: JsonObject, there: string, { folder: root }: ImageAsset): Promise<string> {
  const workingDirectory = textAt(definition, 'WorkingDirectory') ?? there;
  const folder = isIn(workingDirectory, there) ? pathHere(workingDirectory, there, root) : root;
  if (!(await isFolder(folder))) {
    throw refused(textAt(definition, 'Name') ?? '', `runs in ${workingDirectory}, and there is no folder ${folder}`);
  }
  return folder;
}

async function configurationOf(name: string, { folder, dockerfile, target }: ImageAsset): Promise<ImageConfiguration> {
  if (!(await isFolder(folder))) {
    throw refused(name, `has no sources: ${folder} is missing: run "cdk synth" again`);
  }
  let text: string;
  try {
    text = await readFile(path.join(folder, dockerfile), 'utf8');
  } catch (error) {
    throw refused(name, `has a Dockerfile that cannot be read: ${messageOf(error)}`);
  }
  return parseDockerfile(text, target);
}

/** The variables of a container: those of secrets come first, as there cannot be two of one name. */
function variablesOf(definition: JsonObject, secrets: readonly SecretDefinition[]): Readonly<Record<string, string>> {
  const plain = objectsAt(definition, 'Environment').map(
    (variable) => [textAt(variable, 'Name') ?? '', String(variable['Value'] ?? '')] as const,
  );
  const secret = objectsAt(definition, 'Secrets').map((variable) => {
    const name = textAt(variable, 'Name') ?? '';
    return [name, secretVariable(name, textAt(variable, 'ValueFrom') ?? '', secrets)] as const;
  });
  return Object.fromEntries([...plain, ...secret]);
}

function limitsOf(
  name: string,
  image: string,
  definition: JsonObject,
  asset: ImageAsset | undefined,
): readonly string[] {
  const has = (property: string) => Object.hasOwn(definition, property);
  return [
    asset === undefined
      ? `the container ${name} runs with the programs of this machine: its image ${image} is not pulled`
      : `the container ${name} runs from ${asset.folder}: its image is not built, so what the build would make must be there`,
    ...(has('HealthCheck') ? [`the health check of the container ${name} is not run`] : []),
    ...(has('EnvironmentFiles') ? [`the environment files of the container ${name} are not read`] : []),
    ...(has('MountPoints') ? [`the container ${name} has no volumes`] : []),
  ];
}

function texts(definition: JsonObject, name: string): readonly string[] | undefined {
  const list = listAt(definition, name);
  return list.length === 0 ? undefined : list.map(String);
}

function refused(name: string, reason: string): LocalError {
  return new LocalError('ERR_LOCAL_TEMPLATE', `its container ${name} ${reason}`);
}
