import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import { close, listen } from '../../lib/local/http.js';
import { functionUrl, inlineFunction, removeFolders, table, temporaryFolder, writeAssembly } from './fixture.js';
import { isRunning } from './processes.js';
import { ecsService, SERVER, taskDefinition } from './services.js';

const ROOT = path.join(__dirname, '..', '..');
const started: ChildProcess[] = [];

afterEach(() => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
  }
});
afterAll(removeFolders);

/** Starts the command from its sources, in a process of its own. */
async function cli(...argv: string[]) {
  // Its temporary files are not left behind when it is killed.
  const env = { ...process.env, TMPDIR: await temporaryFolder() };
  const child = spawn(process.execPath, ['--import', 'tsx', path.join(ROOT, 'lib/local/cli.ts'), ...argv], {
    cwd: ROOT,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of processes of its own, as a command has in a terminal.
    detached: true,
  });
  started.push(child);
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const says = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(output)?.[0];
      if (found !== undefined) {
        return found;
      }
      if (child.exitCode !== null) {
        throw new Error(`it ended without saying ${pattern}: ${output}${errors}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const ended = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, 'close');
    }
    return { code: child.exitCode, output, errors };
  };
  return { child, says, ended };
}

const assembly = () =>
  writeAssembly({
    Web: {
      Resources: {
        Fn: inlineFunction('exports.handler = async () => ({ statusCode: 200, body: String(process.pid) });'),
        Url: functionUrl('Fn'),
        Table: table(),
        Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name: 'mine', SecretString: 'open sesame' } },
        Queue: { Type: 'AWS::SQS::Queue' },
      },
    },
  });

test('says where the fronts are, which tables and secrets there are, and what cannot be run', async () => {
  const { child, says, ended } = await cli(await assembly());
  await says(/Ctrl-C stops/);
  child.kill('SIGTERM');
  const { code, output } = await ended();
  expect(code).toBe(0);
  expect(output).toMatch(
    /^http:\/\/localhost:\d+\/ {2}Web\/Url \(function-url\)\ntable Web-Table {2}Web\/Table\nsecret mine {2}Web\/Secret\n/,
  );
  expect(output).not.toContain('open sesame');
  expect(output).toContain('cannot run AWS::SQS::Queue Web/Queue: resources of this type do not run here\n');
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it and every instance', async (signal) => {
  const { child, says, ended } = await cli(await assembly());
  const url = await says(/http:\/\/localhost:\d+\//);
  await says(/Ctrl-C stops/);
  const pid = Number(await (await fetch(url)).text());
  expect(await isRunning(pid)).toBe(true);
  child.kill(signal);
  expect((await ended()).code).toBe(0);
  expect(await isRunning(pid)).toBe(false);
});

test('Ctrl-C, which reaches every process of the terminal, stops all of them without a word', async () => {
  const { child, says, ended } = await cli(await assembly());
  const url = await says(/http:\/\/localhost:\d+\//);
  await says(/Ctrl-C stops/);
  const pid = Number(await (await fetch(url)).text());
  process.kill(-Number(child.pid), 'SIGINT');
  const { code, output, errors } = await ended();
  expect(code).toBe(0);
  expect(output.endsWith('Ctrl-C stops\n')).toBe(true);
  expect(errors).toBe('');
  expect(await isRunning(pid)).toBe(false);
});

test('leaves no instance behind even when it is killed', async () => {
  const { child, says, ended } = await cli(await assembly());
  const url = await says(/http:\/\/localhost:\d+\//);
  await says(/Ctrl-C stops/);
  const pid = Number(await (await fetch(url)).text());
  child.kill('SIGKILL');
  await ended();
  for (let tries = 0; tries < 100 && (await isRunning(pid)); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await isRunning(pid)).toBe(false);
});

test.each(['SIGTERM', 'SIGKILL'] as const)('shows its caches, and leaves none behind after %s', async (signal) => {
  const Cache = {
    Type: 'AWS::ElastiCache::ServerlessCache',
    Properties: { Engine: 'valkey', ServerlessCacheName: 'mine' },
  };
  const User = {
    Type: 'AWS::ElastiCache::User',
    Properties: { UserId: 'mia', UserName: 'mia', AccessString: 'on', AuthenticationMode: { Type: 'iam' } },
  };
  const { child, says, ended } = await cli(await writeAssembly({ Web: { Resources: { Cache, User } } }));
  const line = await says(/^cache mine {2}Web\/Cache {2}localhost:\d+ \(TLS, cluster\)$/m);
  const port = Number(/:(\d+)/.exec(line)?.[1]);
  const opens = async () => {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  };
  expect(await opens()).toBe(true);
  await says(/Ctrl-C stops|to open/);
  child.kill(signal);
  const { output } = await ended();
  expect(output).toMatch(/^otherwise here: AWS::ElastiCache::ServerlessCache Web\/Cache: it has no snapshots/m);
  expect(output.match(/signatures of IAM/g)).toHaveLength(1);
  expect(output).not.toMatch(/cannot run/);
  for (let tries = 0; tries < 100 && (await opens()); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await opens()).toBe(false);
});

test('r and Enter recycles all instances', async () => {
  const { child, says } = await cli(await assembly());
  const url = await says(/http:\/\/localhost:\d+\//);
  await says(/Ctrl-C stops/);
  const before = await (await fetch(url)).text();
  child.stdin.write('r\n');
  await says(/all instances are recycled/);
  expect(await (await fetch(url)).text()).not.toBe(before);
});

describe('services', () => {
  /** One that has started a process of its own, which outlives it if nobody ends it. */
  const source = `${SERVER}
    const child = require('node:child_process').spawn('sleep', ['1000']);
    console.log('processes', process.pid, child.pid);
  `;
  const services = () =>
    writeAssembly(
      { Web: { Resources: { Shop: ecsService('Task', [], { DesiredCount: 1 }), Task: taskDefinition('image') } } },
      { images: { image: { Dockerfile: 'FROM node\nCMD ["node", "server.js"]', 'server.js': source } } },
    );

  test('are listed, scaled, stopped and killed by what is typed', async () => {
    const { child, says } = await cli(await services());
    const [id = ''] = /\w+$/.exec(await says(/^service Web-Shop {2}Web\/Shop\n {2}\w+/m)) ?? [];
    await says(/Ctrl-C stops/);
    child.stdin.write('scale 2\n');
    await says(
      new RegExp(`^service Web-Shop  Web/Shop\n  ${id} on 127.0.0.1:\\d+, running\n  \\w+ on .*, running$`, 'm'),
    );
    child.stdin.write(`stop ${id}\n`);
    await says(new RegExp(`^Web/Shop #${id} asked to end$`, 'm'));
    await says(new RegExp(`^${id} is gone$`, 'm'));
    child.stdin.write(`kill ${id}\n`);
    await says(new RegExp(`^there is no member ${id}: there are`, 'm'));
    child.stdin.write('scale shop\n');
    await says(/^scale must be told how many members there are to be, received shop$/m);
    child.stdin.write('r\n');
    await says(/^all instances are recycled$/m);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('and what they have started end with the run, by %s', async (signal) => {
    const { child, says, ended } = await cli(await services());
    const pids = (await says(/processes \d+ \d+/)).split(' ').slice(1).map(Number);
    await says(/Ctrl-C stops/);
    expect(await Promise.all(pids.map(isRunning))).toEqual([true, true]);
    child.kill(signal);
    await ended();
    for (let tries = 0; tries < 100 && (await Promise.all(pids.map(isRunning))).includes(true); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await Promise.all(pids.map(isRunning))).toEqual([false, false]);
  });
});

test('--help says what may be typed', async () => {
  const { output } = await (await cli('--help')).ended();
  expect(output).toMatch(/^ {2}scale \[SERVICE\] N {9}have N members/m);
});

test('--help says which browsers need --https', async () => {
  const { code, output } = await (await cli('--help')).ended();
  expect(code).toBe(0);
  expect(output).toMatch(/Safari does not: use --https there/);
});

test.each<[string[], string]>([
  [['--port', 'http'], '--port must be a whole number, received http'],
  [['--recycle-every', '0'], 'recycleEvery must be a whole number of at least 1, received 0'],
  [['--dynamodb', 'mysql'], '--dynamodb must be dynalite or local, received mysql'],
  [['a', 'b'], 'there can be one cloud assembly, received also b'],
  [['--nonsense'], "Unknown option '--nonsense'"],
])('%j is not understood: exit code 2', async (argv, message) => {
  const { code, errors } = await (await cli(...argv)).ended();
  expect(errors).toContain(`cdk-sessions-local: ${message}`);
  expect(errors.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});

test('what fails gives one clear line and exit code 1', async () => {
  const folder = await temporaryFolder();
  const { code, errors } = await (await cli(folder)).ended();
  expect(errors).toMatch(
    /^cdk-sessions-local: .* is not a cloud assembly .*: run "cdk synth" first.* \(ERR_LOCAL_ASSEMBLY\)\n$/,
  );
  expect(code).toBe(1);
});

test('a port in use gives one clear line and exit code 1', async () => {
  const taken = createServer();
  const port = await listen(taken, 0);
  const { code, errors } = await (await cli(await assembly(), '--port', String(port))).ended();
  await close(taken);
  expect(errors).toBe(
    `cdk-sessions-local: port ${port} is in use: stop what listens there, or choose another with --port (ERR_LOCAL_PORT)\n`,
  );
  expect(code).toBe(1);
});
