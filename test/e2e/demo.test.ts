import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Visitor } from '../../examples/visitor.js';

/** The demo as `npm run demo` runs it, but not on a terminal. */
class Demo {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;

  constructor(args: readonly string[], env = process.env) {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo.ts', ...args], { env });
    child.stdout.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.#child = child;
    this.ended = once(child, 'close').then(([code]) => code);
  }

  /** Waits until the output has something, and gives the first group of it. @throws if the demo ends before */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.stdout)?.[1];
      if (found !== undefined) {
        return found;
      }
      const ended = this.ended.then(() => 'ended');
      if ((await Promise.race([once(this.#child.stdout, 'data'), ended])) === 'ended') {
        throw new Error(`the demo ended without saying ${pattern}: ${this.stdout}${this.stderr}`);
      }
    }
  }

  /** Kills the servers of its caches, as a machine does that has no memory left. */
  async killServers(): Promise<void> {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,comm=']);
    const processes = stdout.split('\n').map((line) => line.trim().split(/\s+/));
    const own = processes.filter(
      ([, parent, name = '']) => Number(parent) === this.#child.pid && /(?:redis|valkey)-server/.test(name),
    );
    expect(own).not.toEqual([]);
    for (const [pid] of own) {
      process.kill(Number(pid), 'SIGKILL');
    }
  }

  interrupt(): void {
    this.#child.kill('SIGINT');
  }
}

test.each([
  ['a table', []],
  ['a cache', ['redis-shop']],
])(
  'takes the visitor of a shop with %s through every step and ends with 0, in plain text where no terminal is',
  async (store, sample) => {
    const demo = new Demo(['--once', ...sample]);
    const code = await demo.ended;
    expect({ code, stdout: demo.stdout, stderr: demo.stderr }).toMatchObject({ code: 0 });
    expect(demo.stdout.match(/✓/g)).toHaveLength(9);
    expect(demo.stdout).toContain(`no cookie set, the ${store.replace('a ', '')} not asked`);
    expect(demo.stdout).not.toContain('\u001b');
  },
);

test('shows what is lost with a server where sessions are in its memory, and what is not where they are shared', async () => {
  const demo = new Demo(['--once', 'sticky-legacy']);
  const code = await demo.ended;
  expect({ code, stdout: demo.stdout, stderr: demo.stderr }).toMatchObject({ code: 0 });
  const [inMemory = '', shared = ''] = demo.stdout.split('Sessions in a table');
  expect(inMemory).toMatch(/0 of 40 visitors who were there reach them/);
  expect(inMemory).toMatch(/signed out, 10 mugs lost/);
  expect(shared).toMatch(/still signed in, 10 mugs in the cart/);
});

test('stays up for visitors until it is interrupted', async () => {
  const demo = new Demo([]);
  const address = await demo.says(/stays open: (\S+)/);
  expect((await fetch(address)).status).toBe(200);
  demo.interrupt();
  expect(await demo.ended).toBe(0);
  await expect(fetch(address)).rejects.toThrow();
});

test('says what becomes of its cache while it is open, and what functions have to say about it', async () => {
  const demo = new Demo(['redis-shop']);
  const address = await demo.says(/stays open: (\S+)/);
  await demo.killServers();
  await demo.says(/(RedisShop\/\S+: a server of this cache ended by SIGKILL, .*: start the run again)/);
  await expect(new Visitor(address).add('bowl')).rejects.toThrow();
  await demo.says(/(RedisShop\/\S+ #\w+ cdk-sessions: ERR_\w+)/);
  demo.interrupt();
  expect(await demo.ended).toBe(0);
});

test('says with --help what it takes', async () => {
  const demo = new Demo(['--help']);
  expect(await demo.ended).toBe(0);
  for (const word of ['npm run demo -- [sample]', 'serverless-shop', 'redis-shop', '--port', '--once']) {
    expect(demo.stdout).toContain(word);
  }
});

test('looks for the server of a cache before it takes the time to synthesize', async () => {
  const demo = new Demo(['redis-shop'], { ...process.env, PATH: '/nonexistent' });
  expect(await demo.ended).toBe(1);
  expect(demo.stderr).toMatch(/apt-get install redis-server.* \(ERR_LOCAL_REDIS\)\n$/);
  expect(demo.stdout).toBe('');
});

test.each([
  [['--port', '70000'], 'port must be a whole number from 0 to 65535, received 70000 (ERR_LOCAL_OPTION)'],
  [['--twice'], "Unknown option '--twice'"],
  [
    ['corner-shop'],
    'expected one of the samples serverless-shop, redis-shop, fargate-shop, ec2-shop, sticky-legacy, received corner-shop',
  ],
])('says what is wrong with %j', async (args, message) => {
  const demo = new Demo(['--once', ...args]);
  expect(await demo.ended).toBe(1);
  expect(demo.stderr).toContain(message);
  expect(demo.stderr).not.toContain('    at ');
});
