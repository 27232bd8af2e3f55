import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type AssemblyStack,
  readAssembly,
  resourcesOf,
  selectStacks,
  withoutNamesakes,
} from '../../lib/local/assembly.js';
import { removeFolders, temporaryFolder, writeAssembly } from './fixture.js';

afterAll(removeFolders);

test('reads stacks with their regions, templates and assets', async () => {
  const folder = await writeAssembly(
    { Web: { Resources: { Fn: { Type: 'AWS::Lambda::Function' } } } },
    { assets: { code: { 'index.js': '' } }, environment: 'aws://123456789012/eu-west-1' },
  );
  const [stack] = await readAssembly(folder);
  expect(stack).toMatchObject({ name: 'Web', artifactId: 'Web', region: 'eu-west-1' });
  expect(stack?.assets.get('code.zip')).toEqual({ path: path.join(folder, 'code'), packaging: 'zip' });
});

test('takes us-east-1 for a stack that is for any region', async () => {
  const [stack] = await readAssembly(await writeAssembly({ Web: {} }));
  expect(stack?.region).toBe('us-east-1');
});

test('reads nested assemblies, as stages make them', async () => {
  const folder = await temporaryFolder();
  await mkdir(path.join(folder, 'stages'));
  await rename(await writeAssembly({ Inner: {} }), path.join(folder, 'stages', 'assembly-Test'));
  const artifact = { type: 'cdk:cloud-assembly', properties: { directoryName: 'stages/assembly-Test' } };
  await writeFile(path.join(folder, 'manifest.json'), JSON.stringify({ artifacts: { Test: artifact } }));
  expect((await readAssembly(folder)).map(({ name }) => name)).toEqual(['Inner']);
});

test('names a resource by the path of its construct where the template tells it', async () => {
  const [stack] = await readAssembly(
    await writeAssembly({
      Web: {
        Resources: {
          A: { Type: 'T', Metadata: { 'aws:cdk:path': 'Web/Fn/Resource' } },
          B: { Type: 'T', Condition: 'IsProd', Properties: { X: 1 } },
        },
      },
    }),
  );
  expect(stack && resourcesOf(stack)).toMatchObject([
    { logicalId: 'A', type: 'T', path: 'Web/Fn', properties: {} },
    { logicalId: 'B', type: 'T', path: 'Web/B', properties: { X: 1 }, condition: 'IsProd' },
  ]);
});

test('selects stacks by name, and all when none is named', async () => {
  const stacks = await readAssembly(await writeAssembly({ A: {}, B: {} }));
  expect(selectStacks(stacks, undefined)).toHaveLength(2);
  expect(selectStacks(stacks, []).map(({ name }) => name)).toEqual(['A', 'B']);
  expect(selectStacks(stacks, ['B']).map(({ name }) => name)).toEqual(['B']);
});

test('fails for a stack that is not there, naming those that are', async () => {
  const stacks = await readAssembly(await writeAssembly({ A: {}, B: {} }));
  expect(() => selectStacks(stacks, ['C'])).toThrow('there is no stack C in the cloud assembly, which has: A, B');
});

describe('stacks of two stages that have one name', () => {
  const stack = (name: string, artifactId: string): AssemblyStack => ({
    name,
    artifactId,
    region: 'us-east-1',
    template: {},
    assets: new Map(),
    images: new Map(),
  });
  const stacks = [stack('Shop', 'DevShop'), stack('Shop', 'ProdShop'), stack('Net', 'Net')];

  test('cannot run side by side', () => {
    for (const names of [undefined, ['Shop'], ['DevShop', 'ProdShop']]) {
      expect(() => selectStacks(stacks, names)).toThrow(
        'the stacks DevShop and ProdShop are both named Shop: run one of them, selected by its artifact id',
      );
    }
  });

  test('run apart, and the one that does not run is not referred to', () => {
    const selected = selectStacks(stacks, ['ProdShop']);
    expect(selected.map(({ artifactId }) => artifactId)).toEqual(['ProdShop']);
    expect(withoutNamesakes(stacks, selected).map(({ artifactId }) => artifactId)).toEqual(['ProdShop', 'Net']);
  });
});

test('takes assets from where the CDK says that they are, be it outside of the folder', async () => {
  const folder = await writeAssembly({ Web: {} });
  const beside = { source: { path: '../asset.a', packaging: 'zip' }, destinations: { d: { objectKey: 'a.zip' } } };
  const unstaged = { source: { path: '/src/b', packaging: 'zip' }, destinations: { d: { objectKey: 'b.zip' } } };
  await writeFile(path.join(folder, 'assets.json'), JSON.stringify({ files: { beside, unstaged } }));
  const [stack] = await readAssembly(folder);
  expect(stack?.assets.get('a.zip')?.path).toBe(path.join(folder, '..', 'asset.a'));
  expect(stack?.assets.get('b.zip')?.path).toBe(path.resolve('/src/b'));
});

test('fails for a folder that is no cloud assembly, saying what to do', async () => {
  const folder = await temporaryFolder();
  await expect(readAssembly(folder)).rejects.toMatchObject({
    code: 'ERR_LOCAL_ASSEMBLY',
    message: expect.stringMatching(/is not a cloud assembly \(.*\): run "cdk synth" first/),
  });
});

test('fails for an assembly without stacks', async () => {
  await expect(readAssembly(await writeAssembly({}))).rejects.toThrow(/has no stacks$/);
});

test('finds the sources of images by the tags that they would have', async () => {
  const folder = await writeAssembly({ Web: {} });
  const destinations = { here: { repositoryName: 'images', imageTag: 'abc' }, there: { imageTag: 'def' } };
  const dockerImages = {
    one: { source: { directory: 'asset.one', dockerFile: 'web.Dockerfile', dockerBuildTarget: 'run' }, destinations },
    two: { source: { directory: '/src/two' }, destinations: { here: { imageTag: 'ghi' } } },
    three: { source: { executable: ['make', 'image'] }, destinations: { here: { imageTag: 'jkl' } } },
  };
  await writeFile(path.join(folder, 'assets.json'), JSON.stringify({ dockerImages }));
  const [stack] = await readAssembly(folder);
  const one = { folder: path.join(folder, 'asset.one'), dockerfile: 'web.Dockerfile', target: 'run' };
  expect([...(stack?.images ?? [])]).toEqual([
    ['abc', one],
    ['def', one],
    ['ghi', { folder: path.resolve('/src/two'), dockerfile: 'Dockerfile' }],
  ]);
});
