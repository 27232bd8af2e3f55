import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a command to its end. @throws Error with all that it printed, if it fails */
export async function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await execute(command, args, { cwd: folder, env: environment() });
    return stdout + stderr;
  } catch (error) {
    const printed = ['stdout', 'stderr'].map((stream) => Reflect.get(Object(error), stream));
    throw new Error(`${command} ${args.join(' ')} failed:\n${printed.join('')}`, { cause: error });
  }
}

/** What a user's shell has: neither this repository's npm run, nor jest. */
function environment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_(?!config_(registry|cache)$)|NODE_ENV$|JEST_|CDK_|AWS_)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  // CDK's own validation of templates takes seconds, and the samples' tests have it on.
  return { ...Object.fromEntries(kept), CDK_VALIDATION: 'false', FORCE_COLOR: '0' };
}

/** A packed package. */
export interface Tarball {
  readonly name: string;
  /** The file that npm would publish. */
  readonly path: string;
  /** Where its content is unpacked. */
  readonly folder: string;
}

/** Builds the packages of this repository anew, and packs them into a folder. */
export async function packAll(into: string): Promise<ReadonlyMap<string, Tarball>> {
  rmSync('dist', { recursive: true, force: true }); // tsdown cleans its output, jsii leaves files of deleted sources
  await Promise.all(
    ['build:constructs', 'build:client', 'build:local'].map((script) => run('.', 'npm', 'run', script)),
  );
  const tarballs = await Promise.all(['.', 'lib/client', 'lib/local'].map((folder) => pack(folder, into)));
  return new Map(tarballs.map((tarball) => [tarball.name, tarball]));
}

async function pack(source: string, into: string): Promise<Tarball> {
  const { name, version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8'));
  await run(source, 'npm', 'pack', '--pack-destination', into);
  const path = join(into, `${name}-${version}.tgz`);
  const folder = join(into, name);
  mkdirSync(folder);
  await run(folder, 'tar', '-xzf', path, '--strip-components=1');
  return { name, path, folder };
}

/** The files below a folder, in order. */
export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** An empty project in a folder of its own, as `npm init` would start it. */
export class Project {
  readonly folder: string;

  constructor(root: string, name: string) {
    this.folder = join(root, name);
    this.write('package.json', JSON.stringify({ name, private: true }));
  }

  /** Installs from tarballs and the registry, as a user would. */
  async install(...packages: readonly string[]): Promise<this> {
    await this.run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages);
    return this;
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    writeFileSync(this.path(path), text);
  }

  path(...segments: readonly string[]): string {
    return resolve(this.folder, ...segments);
  }

  run(command: string, ...args: readonly string[]): Promise<string> {
    return run(this.folder, command, ...args);
  }

  /** Runs a script that prints JSON, and reads that. */
  async json(...args: readonly string[]): Promise<unknown> {
    return JSON.parse(await this.run('node', ...args));
  }

  /** The packages that are installed, scoped ones as `@scope/name`. */
  installed(): readonly string[] {
    const { packages } = JSON.parse(readFileSync(this.path('package-lock.json'), 'utf8'));
    return Object.keys(packages)
      .filter((path) => path !== '')
      .map((path) => path.replace(/^.*node_modules\//, ''));
  }
}

/** A folder that lies outside of the repository, so that nothing resolves into it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'cdk-sessions-packages-'));
}
