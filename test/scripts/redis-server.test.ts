import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bin-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Puts a command into the only folder where the script finds any. */
function command(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

function bringServer() {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/redis-server.mjs')], {
    env: { PATH: folder },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** A package manager that notes what it is told, and makes a server when it is told to install one. */
function packageManager(name: string): void {
  const server = join(folder, 'redis-server');
  command(
    name,
    `echo "$@" >> ${folder}/told; case "$1" in install) echo exit > ${server}; /bin/chmod 755 ${server};; esac`,
  );
}

test('a server that is there is left alone', () => {
  command('valkey-server', 'exit 0');
  packageManager('apt-get');
  expect(bringServer()).toEqual({ status: 0, stdout: '', stderr: '' });
});

test('one that is not there is installed by the package manager of the system', () => {
  packageManager('apt-get');
  command('sudo', 'shift; if [ "$1" = true ]; then exit 0; fi; exec "$@"');
  expect(bringServer()).toMatchObject({ status: 0, stdout: expect.stringContaining('apt-get installs it') });
  expect(readFileSync(join(folder, 'told'), 'utf8').split('\n')).toEqual([
    '--version',
    'update -qq',
    'install -y -qq --no-install-recommends redis-server',
    '',
  ]);
});

test.each([
  ['without a package manager', () => {}],
  ['with one that fails', () => command('dnf', '[ "$1" = --version ]')],
])('%s it says how to get one', (_, prepare) => {
  prepare();
  command('sudo', 'exit 0');
  expect(bringServer()).toMatchObject({ status: 1, stderr: expect.stringContaining('apt-get install redis-server') });
});
