import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { documents, type Fence, fences, leadsSomewhere, localLinks } from './markdown';
import { typeErrors } from './snippets';

const typescript = documents()
  .flatMap(fences)
  .filter(({ language }) => language === 'ts');

test('the README is among the documents, with snippets of both sides', () => {
  const readme = typescript.filter(({ file }) => file === 'README.md');
  expect(readme.some(({ code }) => code.includes("from 'cdk-sessions'"))).toBe(true);
  expect(readme.some(({ code }) => code.includes("from 'cdk-sessions-client'"))).toBe(true);
});

test('every TypeScript snippet compiles', () => {
  const snippets = typescript.filter(({ shows }) => shows === undefined);
  expect(typeErrors(snippets)).toEqual([]);
}, 120_000);

test('a snippet that does not compile is found, on its line', () => {
  const snippet: Fence = {
    file: 'README.md',
    line: 10,
    language: 'ts',
    code: "import { SessionTable } from 'cdk-sessions';\n\nnew SessionTable(this, 1);\n",
    place: 'stack',
    shows: undefined,
  };
  expect(typeErrors([snippet])).toEqual([
    "README.md:12: Argument of type 'number' is not assignable to parameter of type 'string'.",
  ]);
}, 120_000);

const showing = typescript.filter(({ shows }) => shows !== undefined);

test.each(showing)('$file:$line shows the whole of $shows', ({ code, shows = '' }) => {
  expect(code).toBe(readFileSync(shows, 'utf8'));
});

describe.each(documents())('%s', (file) => {
  const text = readFileSync(file, 'utf8');
  const named = (command: RegExp) => [...text.matchAll(command)].map(([, name = '']) => name);

  test('every npm script that it names exists', () => {
    const { scripts } = manifest('.');
    const missing = named(/\bnpm (?:run )?((?<=run )[a-z]+(?::[a-z]+)*|test|start)\b/g).filter(
      (name) => scripts?.[name] === undefined,
    );
    expect(missing).toEqual([]);
  });

  test('every command that it runs by npx is installed here or a package of ours', () => {
    const ours = ['lib/client', 'lib/local'].flatMap((folder) => Object.keys(manifest(folder).bin ?? {}));
    const missing = named(/\bnpx ([a-z][a-z0-9-]*)/g).filter(
      (name) => !ours.includes(name) && !existsSync(join('node_modules/.bin', name)),
    );
    expect(missing).toEqual([]);
  });

  test('every link into the project leads somewhere', () => {
    expect(localLinks(file).filter((link) => !leadsSomewhere(file, link))).toEqual([]);
  });
});

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}
