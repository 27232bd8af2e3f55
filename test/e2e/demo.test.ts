import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The demo as `npm run demo` runs it, but not on a terminal. */
class Demo {
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessWithoutNullStreams;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    const child = spawn(process.execPath, ['--import', 'tsx', 'examples/demo.ts', ...args]);
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
    const demo = new Demo('--once', ...sample);
    const code = await demo.ended;
    expect({ code, stdout: demo.stdout, stderr: demo.stderr }).toMatchObject({ code: 0 });
    expect(demo.stdout.match(/✓/g)).toHaveLength(9);
    expect(demo.stdout).toContain(`no cookie set, the ${store.replace('a ', '')} not asked`);
    expect(demo.stdout).not.toContain('\u001b');
  },
);

test('stays up for visitors until it is interrupted', async () => {
  const demo = new Demo();
  const address = await demo.says(/stays open: (\S+)/);
  expect((await fetch(address)).status).toBe(200);
  demo.interrupt();
  expect(await demo.ended).toBe(0);
  await expect(fetch(address)).rejects.toThrow();
});

test.each([
  [['--port', '70000'], 'port must be a whole number from 0 to 65535, received 70000'],
  [['--twice'], "Unknown option '--twice'"],
  [['corner-shop'], 'expected one of the samples serverless-shop, redis-shop, received corner-shop'],
])('says what is wrong with %j', async (args, message) => {
  const demo = new Demo('--once', ...args);
  expect(await demo.ended).toBe(1);
  expect(demo.stderr).toContain(message);
  expect(demo.stderr).not.toContain('    at ');
});
