import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalError, messageOf } from './errors.js';
import { isObject, type JsonObject, objectAt, textAt } from './json.js';

/** One stack of a cloud assembly, as it was synthesized. */
export interface AssemblyStack {
  /** The name that CloudFormation knows it by; its artifact's id in the assembly may differ. */
  readonly name: string;
  readonly artifactId: string;
  /** The region that it is for, or us-east-1 for a stack that is for any. */
  readonly region: string;
  readonly template: JsonObject;
  /** Where the file assets are on this machine, by the key that they would have in the bucket. */
  readonly assets: ReadonlyMap<string, FileAsset>;
  /** Where the sources of the container images are, by the tag that each would have in the repository. */
  readonly images: ReadonlyMap<string, ImageAsset>;
}

/** A container image that is built from a folder. */
export interface ImageAsset {
  /** The folder that is the context of its build. */
  readonly folder: string;
  readonly dockerfile: string;
  /**
   * The stage of the Dockerfile at which the build ends.
   * @default - the last one
   */
  readonly target?: string;
}

/**
 * A file asset: a folder that is deployed as an archive, or a file deployed as it is.
 *
 * It may lie outside of the assembly's folder: the CDK puts the assets of a stage into the folder of the whole app, and
 * leaves them where they are when staging is off.
 */
export interface FileAsset {
  readonly path: string;
  readonly packaging: string;
}

/** A resource of a stack's template. Its properties may still hold intrinsic functions. */
export interface Resource {
  readonly stack: AssemblyStack;
  readonly logicalId: string;
  readonly type: string;
  /** The path of the construct that made it, where the template tells, or `<stack>/<logical id>`. */
  readonly path: string;
  readonly properties: JsonObject;
  /** The condition under which it exists. */
  readonly condition?: string;
}

/**
 * Reads all stacks of a cloud assembly, those of nested assemblies (CDK stages) included.
 *
 * @throws LocalError ERR_LOCAL_ASSEMBLY if the folder holds none.
 */
export async function readAssembly(folder: string): Promise<readonly AssemblyStack[]> {
  const stacks = await readStacks(path.resolve(folder));
  if (stacks.length === 0) {
    throw new LocalError('ERR_LOCAL_ASSEMBLY', `the cloud assembly in ${folder} has no stacks`);
  }
  return stacks;
}

/**
 * The stacks that go by these names or artifact ids; all if none is given.
 *
 * @throws LocalError ERR_LOCAL_ASSEMBLY if there is no such stack, or if two of them have one name, as stacks of stages
 * for different accounts may: on this machine there is one account.
 */
export function selectStacks(
  stacks: readonly AssemblyStack[],
  names: readonly string[] | undefined,
): readonly AssemblyStack[] {
  const selected = named(stacks, names);
  for (const [index, { name, artifactId }] of selected.entries()) {
    const other = selected.slice(index + 1).find((stack) => stack.name === name);
    if (other !== undefined) {
      throw new LocalError(
        'ERR_LOCAL_ASSEMBLY',
        `the stacks ${artifactId} and ${other.artifactId} are both named ${name}: run one of them, selected by its artifact id`,
      );
    }
  }
  return selected;
}

/** The stacks to which those that were selected may refer: all but those that have the name of one of them. */
export function withoutNamesakes(
  stacks: readonly AssemblyStack[],
  selected: readonly AssemblyStack[],
): readonly AssemblyStack[] {
  return stacks.filter((stack) => selected.includes(stack) || !selected.some(({ name }) => name === stack.name));
}

function named(stacks: readonly AssemblyStack[], names: readonly string[] | undefined): readonly AssemblyStack[] {
  if (names === undefined || names.length === 0) {
    return stacks;
  }
  const unknown = names.find((name) => !stacks.some((stack) => stack.name === name || stack.artifactId === name));
  if (unknown !== undefined) {
    const known = stacks.map((stack) => stack.name).join(', ');
    throw new LocalError(
      'ERR_LOCAL_ASSEMBLY',
      `there is no stack ${unknown} in the cloud assembly, which has: ${known}`,
    );
  }
  return stacks.filter((stack) => names.includes(stack.name) || names.includes(stack.artifactId));
}

/** All resources of a stack, in the order of its template. */
export function resourcesOf(stack: AssemblyStack): readonly Resource[] {
  return Object.entries(objectAt(stack.template, 'Resources')).map(([logicalId, resource]) => {
    const condition = textAt(resource, 'Condition');
    return {
      stack,
      logicalId,
      type: textAt(resource, 'Type') ?? '',
      path: constructPath(resource) ?? `${stack.name}/${logicalId}`,
      properties: objectAt(resource, 'Properties'),
      ...(condition !== undefined && { condition }),
    };
  });
}

/** The CDK's own path ends in `Resource` for the main resource of a construct, which says nothing to a reader. */
function constructPath(resource: unknown): string | undefined {
  return textAt(objectAt(resource, 'Metadata'), 'aws:cdk:path')?.replace(/\/Resource$/, '');
}

async function readStacks(folder: string): Promise<readonly AssemblyStack[]> {
  const artifacts = Object.entries(objectAt(await readManifest(folder), 'artifacts'));
  const assets = await readAssets(folder, artifacts);
  const stacks: AssemblyStack[] = [];
  for (const [artifactId, artifact] of artifacts) {
    const properties = objectAt(artifact, 'properties');
    const type = textAt(artifact, 'type');
    if (type === 'aws:cloudformation:stack') {
      stacks.push({
        name: textAt(properties, 'stackName') ?? artifactId,
        artifactId,
        region: regionOf(textAt(artifact, 'environment')),
        template: await readJson(path.join(folder, textAt(properties, 'templateFile') ?? '')),
        ...assets,
      });
    } else if (type === 'cdk:cloud-assembly') {
      stacks.push(...(await readStacks(path.join(folder, textAt(properties, 'directoryName') ?? ''))));
    }
  }
  return stacks;
}

async function readManifest(folder: string): Promise<JsonObject> {
  try {
    return await readJson(path.join(folder, 'manifest.json'));
  } catch (error) {
    throw new LocalError(
      'ERR_LOCAL_ASSEMBLY',
      `${folder} is not a cloud assembly (${messageOf(error)}): run "cdk synth" first, or name the folder that it wrote`,
      { cause: error },
    );
  }
}

async function readAssets(
  folder: string,
  artifacts: readonly (readonly [string, unknown])[],
): Promise<Pick<AssemblyStack, 'assets' | 'images'>> {
  const assets = new Map<string, FileAsset>();
  const images = new Map<string, ImageAsset>();
  for (const [, artifact] of artifacts) {
    const file = textAt(objectAt(artifact, 'properties'), 'file');
    if (textAt(artifact, 'type') !== 'cdk:asset-manifest' || file === undefined) {
      continue;
    }
    const manifest = await readJson(path.join(folder, file));
    for (const asset of Object.values(objectAt(manifest, 'files'))) {
      const source = objectAt(asset, 'source');
      const location = textAt(source, 'path');
      for (const key of destinationsOf(asset, 'objectKey')) {
        if (location !== undefined) {
          assets.set(key, { path: path.resolve(folder, location), packaging: textAt(source, 'packaging') ?? 'file' });
        }
      }
    }
    for (const asset of Object.values(objectAt(manifest, 'dockerImages'))) {
      const image = imageOf(folder, objectAt(asset, 'source'));
      for (const tag of destinationsOf(asset, 'imageTag')) {
        if (image !== undefined) {
          images.set(tag, image);
        }
      }
    }
  }
  return { assets, images };
}

/** The names that an asset would have in AWS, one for each account and region that it goes to. */
function destinationsOf(asset: unknown, name: string): readonly string[] {
  return Object.values(objectAt(asset, 'destinations')).flatMap((destination) => textAt(destination, name) ?? []);
}

/** `undefined` of an image that something other than Docker builds: its sources are not named. */
function imageOf(folder: string, source: JsonObject): ImageAsset | undefined {
  const directory = textAt(source, 'directory');
  const target = textAt(source, 'dockerBuildTarget');
  return directory === undefined
    ? undefined
    : {
        folder: path.resolve(folder, directory),
        dockerfile: textAt(source, 'dockerFile') ?? 'Dockerfile',
        ...(target !== undefined && { target }),
      };
}

async function readJson(file: string): Promise<JsonObject> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new LocalError('ERR_LOCAL_ASSEMBLY', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  if (!isObject(document)) {
    throw new LocalError('ERR_LOCAL_ASSEMBLY', `${file} must hold a JSON object`);
  }
  return document;
}

/** `aws://<account>/<region>`, where either part may be unknown. */
function regionOf(environment: string | undefined): string {
  const region = environment?.split('/').at(-1) ?? '';
  return region === '' || region === 'unknown-region' ? 'us-east-1' : region;
}
