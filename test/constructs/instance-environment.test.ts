import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fn } from 'aws-cdk-lib';
import fc from 'fast-check';
import { environmentFileCommands } from '../../lib/constructs/instance-environment.js';
import { parseEnvironmentFile } from '../../lib/local/environment-file.js';
import { deployedStack } from '../support/stacks.js';
import { resolveIntrinsics } from '../support/template.js';

const VARIABLE = 'CDK_SESSIONS';
const TMPFILES = '/usr/bin/systemd-tmpfiles';
const CONTRACT = '{"version":1,"stores":{"primary":{"kind":"dynamodb","table":"shop"}}}';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'instance-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** The commands as CloudFormation hands them to an instance, for a folder that the test may write to. */
function commandsFor(value: string): string {
  const commands = deployedStack().resolve(environmentFileCommands(VARIABLE, value));
  return String(resolveIntrinsics(commands, { Resources: {} })).replaceAll('/etc/cdk-sessions', own());
}

const own = () => join(folder, 'cdk-sessions');
const file = () => join(own(), `${VARIABLE}.env`);
const run = (script: string, shell = 'bash') => execFileSync(shell, ['-c', script], { encoding: 'utf8' });

/** What an application finds that a shell starts, as supervisors other than systemd do. */
const readByShell = () => run(`. '${file()}'; printf %s "$${VARIABLE}"`);

/** The rules of systemd.exec(5). */
const readByRules = () => parseEnvironmentFile(readFileSync(file(), 'utf8'))[VARIABLE];

/** Systemd itself, where it is installed: it reads os-release by the same function, and tells what it says of `ID`. */
function readBySystemd(): string {
  mkdirSync(join(folder, 'etc'), { recursive: true });
  writeFileSync(join(folder, 'etc/os-release'), readFileSync(file(), 'utf8').replace(VARIABLE, 'ID'));
  writeFileSync(join(folder, 'tmpfiles.conf'), 'f+ /told - - - - %o\n');
  execFileSync(TMPFILES, [`--root=${folder}`, '--create', join(folder, 'tmpfiles.conf')]);
  return readFileSync(join(folder, 'told'), 'utf8');
}

const READERS: [string, () => string | undefined][] = [
  ['a shell', readByShell],
  ['the rules of systemd', readByRules],
];
if (existsSync(TMPFILES)) {
  READERS.push(['systemd itself', readBySystemd]);
}

describe.each(READERS)('an environment file, read by %s,', (_, read) => {
  test.each([
    ['a contract', CONTRACT],
    ['quotes', `"double" 'single' \`back\``],
    ['backslashes, also at the end', 'C:\\new\\"quoted\\"\\\\'],
    ['dollars and commands', `$HOME \${HOME} $(id) $((1+1)) !! %h %%`],
    ['lines', 'one\ntwo "2"\n\nthree=3\n# four'],
    ['spaces and signs around it', '  #;= a & b | c > d * ? ~  '],
    ['letters of the world', 'Grüße, 日本語, 🍪, ソ表'],
  ])('says what was written: %s', (_, value) => {
    run(commandsFor(value));
    expect(read()).toBe(value);
  });

  test('says what was written, whatever it is', () => {
    // A variable has no NUL, systemd takes no noncharacters of Unicode, and a contract has no newline at its end.
    const character = fc.oneof(
      fc.constantFrom('"', "'", '\\', '$', '`', '\n', ' ', '=', '#', '!', '%', '{', '}', '&'),
      fc
        .string({ unit: 'binary', minLength: 1, maxLength: 1 })
        .filter((text) => !/[\0\p{Noncharacter_Code_Point}]/u.test(text)),
    );
    const values = fc.string({ unit: character, minLength: 1 }).filter((text) => !text.endsWith('\n'));
    fc.assert(
      fc.property(values, (value) => {
        run(commandsFor(value));
        expect(read()).toBe(value);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the commands', () => {
  test('are for any POSIX shell', () => {
    run(commandsFor(CONTRACT), 'sh');
    expect(readByRules()).toBe(CONTRACT);
  });

  test('let nobody but their user read the file or look into the folder, whoever made that', () => {
    mkdirSync(own(), { mode: 0o755 });
    run(`umask 000\n${commandsFor(CONTRACT)}`);
    expect([own(), file()].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  });

  test('leave the mode of files to the script around them', () => {
    run(`umask 022\n${commandsFor(CONTRACT)}\ntouch '${join(folder, 'other')}'`);
    expect(statSync(join(folder, 'other')).mode & 0o777).toBe(0o644);
  });

  test('replace what an earlier launch wrote, and leave nothing else', () => {
    run(commandsFor('before'));
    run(commandsFor(CONTRACT));
    expect(readByRules()).toBe(CONTRACT);
    expect(readdirSync(own())).toEqual([`${VARIABLE}.env`]);
  });

  test('leave the old file as it is when the new one cannot be made, fail, and let the script go on', () => {
    run(commandsFor('before'));
    const broken = `sed() { return 1; }\n${commandsFor(CONTRACT)}\necho "then $?"`;
    expect(run(broken)).toBe('then 1\n');
    expect(readByRules()).toBe('before');
  });

  test('end a script that ends at the first failure', () => {
    expect(() => run(`set -e\nmktemp() { return 1; }\n${commandsFor(CONTRACT)}\nexit 0`)).toThrow('Command failed');
  });

  test('run nothing that a reference turns into', () => {
    const evil = `'; touch '${join(folder, 'evil')}'; '\n$(touch ${join(folder, 'evil')})`;
    const template = {
      Resources: {},
      Outputs: { Evil: { Value: evil, Export: { Name: 'evil' } } },
    };
    const commands = deployedStack().resolve(environmentFileCommands(VARIABLE, Fn.importValue('evil')));
    run(String(resolveIntrinsics(commands, template)).replaceAll('/etc/cdk-sessions', own()));
    expect(existsSync(join(folder, 'evil'))).toBe(false);
    expect(readByRules()).toBe(evil);
  });
});
