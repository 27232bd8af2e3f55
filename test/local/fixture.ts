import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A stack of an assembly that a test writes by hand. */
export interface FixtureStack {
  readonly Resources?: Readonly<Record<string, unknown>>;
  readonly [section: string]: unknown;
}

/** How the assembly differs from the usual. */
export interface FixtureOptions {
  /** Folders of code, by the name of the asset: file names and their texts. */
  readonly assets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Folders of images, by the tag of the image: file names and their texts. */
  readonly images?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly environment?: string;
}

const folders: string[] = [];

/** A temporary folder that `removeFolders` takes away. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'local-test-'));
  folders.push(folder);
  return folder;
}

/** Takes away every folder that the tests of a file have made. */
export async function removeFolders(): Promise<void> {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
}

/** Writes a cloud assembly as the CDK would and answers with its folder. */
export async function writeAssembly(
  stacks: Readonly<Record<string, FixtureStack>>,
  { assets = {}, images = {}, environment = 'aws://unknown-account/unknown-region' }: FixtureOptions = {},
): Promise<string> {
  const folder = await temporaryFolder();
  const artifacts: Record<string, unknown> = {
    assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
  };
  for (const [name, template] of Object.entries(stacks)) {
    const templateFile = `${name}.template.json`;
    await writeFile(path.join(folder, templateFile), JSON.stringify(template));
    artifacts[name] = { type: 'aws:cloudformation:stack', environment, properties: { templateFile } };
  }
  const files: Record<string, unknown> = {};
  for (const [name, sources] of Object.entries({ ...assets, ...images })) {
    await mkdir(path.join(folder, name));
    for (const [file, text] of Object.entries(sources)) {
      await writeFile(path.join(folder, name, file), text);
    }
  }
  for (const name of Object.keys(assets)) {
    files[name] = { source: { path: name, packaging: 'zip' }, destinations: { here: { objectKey: `${name}.zip` } } };
  }
  const dockerImages = Object.fromEntries(
    Object.keys(images).map((tag) => [
      tag,
      { source: { directory: tag }, destinations: { here: { repositoryName: 'images', imageTag: tag } } },
    ]),
  );
  await writeFile(path.join(folder, 'assets.json'), JSON.stringify({ files, dockerImages }));
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify({ version: '48.0.0', artifacts }));
  return folder;
}

/** A function with code in its template. */
export function inlineFunction(source: string, properties: Readonly<Record<string, unknown>> = {}) {
  return {
    Type: 'AWS::Lambda::Function',
    Properties: { Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: source }, ...properties },
  };
}

/** A function URL in front of the function of that logical id. */
export function functionUrl(functionId: string, properties: Readonly<Record<string, unknown>> = {}) {
  return {
    Type: 'AWS::Lambda::Url',
    Properties: { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': [functionId, 'Arn'] }, ...properties },
  };
}

/** A table with one text for its key. */
export function table(properties: Readonly<Record<string, unknown>> = {}) {
  return {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: {
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      Replicas: [{ Region: 'us-east-1' }],
      ...properties,
    },
  };
}
