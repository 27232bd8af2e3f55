/**
 * `npm run demo`: synthesizes a sample, runs the assembly on this machine, sends a visitor through the shop, and
 * stays up. `-- --help` says what it takes.
 */
import { AssertionError } from 'node:assert';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inspect, parseArgs, promisify } from 'node:util';
import { type LocalCloud, LocalError, startLocal } from 'cdk-sessions-local';
import { COMMANDS, runTyped } from '../lib/local/commands.js';
import { findRedis } from '../lib/local/redis-program.js';
import { commandsOf } from './cache-commands.js';
import { list, paint } from './narration.js';
import { stickyVisit } from './sticky-visit.js';
import { visit } from './visit.js';

/** What a visitor does in a sample. */
type Script = (cloud: LocalCloud, shop: string, calls: () => Promise<number>) => Promise<void>;

/** A sample. */
interface Sample {
  /** Its stack, and others that it is compared with. */
  readonly stacks: readonly string[];
  /** Whether it has a cache. */
  readonly cache?: boolean;
  readonly script: Script;
  readonly about: string;
}

/** By the names of their folders. */
const SAMPLES: ReadonlyMap<string, Sample> = new Map<string, Sample>([
  [
    'serverless-shop',
    { stacks: ['ServerlessShop'], script: visit, about: 'in a function, sessions in DynamoDB: the default' },
  ],
  [
    'redis-shop',
    {
      stacks: ['RedisShop'],
      cache: true,
      script: visit,
      about: 'in a function, sessions in a cache: needs redis-server or valkey-server',
    },
  ],
  ['fargate-shop', { stacks: ['FargateShop'], script: visit, about: 'on Express in containers, sessions in DynamoDB' }],
  ['ec2-shop', { stacks: ['Ec2Shop'], script: visit, about: 'on Express on instances, sessions in DynamoDB' }],
  [
    'sticky-legacy',
    {
      stacks: ['StickyLegacy', 'FargateShop'],
      script: stickyVisit,
      about: 'what one leaves behind: sessions in memory, lost with their server',
    },
  ],
]);

const USAGE = `Synthesizes a sample, runs it on this machine, sends a visitor through its shop, and stays up.

  npm run demo -- [sample] [options]

${[...SAMPLES].map(([name, { about }]) => `  ${name.padEnd(18)}${about}`).join('\n')}

  --port N          the port of the shop (default: any free port)
  --once            end after the visitor, with exit code 1 if a step failed
  --help            show this
`;

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** The same synthesis as that of a deployment, into a folder of its own: another demo may be running. */
async function synthesize(stacks: readonly string[], assembly: string): Promise<void> {
  const cdk = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const options = ['synth', ...stacks, '--quiet', '--no-notices', '--output', assembly];
  await promisify(execFile)(process.execPath, [cdk, ...options], {
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
}

/** Says what went wrong in a step, or in what the steps stand on. */
function report(error: unknown): void {
  if (error instanceof AssertionError) {
    const [said] = error.message.split('\n');
    const lines = [said, `expected: ${inspect(error.expected)}`, `received: ${inspect(error.actual)}`];
    console.log(paint('red', lines.map((line) => `    ${line}`).join('\n')));
  } else {
    const code = error instanceof LocalError ? ` (${error.code})` : '';
    console.error(paint('red', `${error instanceof Error ? error.message : String(error)}${code}`));
  }
  process.exitCode = 1;
}

/** Says what was wrong with what was typed. */
function tell(error: unknown): void {
  console.log(error instanceof Error ? error.message : String(error));
}

/** Keeps the shop open until somebody closes it. */
async function stayUp(cloud: LocalCloud, shop: string, interrupted: Promise<void>): Promise<void> {
  console.log(`\nThe shop stays open: ${paint(['bold', 'underline'], shop)}`);
  console.log(paint('dim', `Type a command and Enter, or Ctrl-C, which closes the shop:\n${COMMANDS}`));
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on('line', (line) => {
    runTyped(line, cloud).then((said) => console.log(said), tell);
  });
  await interrupted;
  keyboard.close();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { once: { type: 'boolean' }, port: { type: 'string', default: '0' }, help: { type: 'boolean' } },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [name = 'serverless-shop', ...others] = positionals;
  const sample = SAMPLES.get(name);
  if (sample === undefined || others.length > 0) {
    throw new Error(`expected one of the samples ${list(SAMPLES.keys())}, received ${positionals.join(' ')}`);
  }

  if (sample.cache) {
    // Before the synthesis, which takes a while.
    await findRedis();
  }
  const assembly = await mkdtemp(join(tmpdir(), 'cdk-sessions-demo-'));
  try {
    await run(sample, assembly, Number(values.port), values.once === true);
  } finally {
    await rm(assembly, { recursive: true, force: true });
  }
}

async function run({ stacks, script }: Sample, assembly: string, port: number, once: boolean): Promise<void> {
  const begun = performance.now();
  console.log(`${paint('bold', 'cdk synth')} ${stacks.join(' ')}`);
  await synthesize(stacks, assembly);
  console.log(paint('dim', `  into ${assembly} in ${seconds(begun)}`));

  // From here on there is something to stop, whenever the interruption comes.
  const interrupted = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  const started = performance.now();
  let calls = 0;
  let open = false;
  const cloud = await startLocal({
    assembly,
    stacks,
    port,
    // Until the shop is open, the steps say what happens.
    log: (line) => open && console.log(paint('dim', line)),
    onCall: () => {
      calls += 1;
    },
  });
  try {
    const [front] = cloud.fronts;
    assert.ok(front, 'the stack has a front');
    console.log(`${paint('bold', 'cdk-sessions-local')} ${assembly}`);
    console.log(paint('dim', `  ${front.url} in ${seconds(started)}`));
    for (const { path, reason, runs } of cloud.unsupported) {
      console.log(paint('dim', `  ${runs ? 'otherwise here:' : 'cannot run'} ${path}: ${reason}`));
    }
    console.log();
    const asked = async () => calls + (await commandsOf(cloud));
    await Promise.race([script(cloud, front.url, asked).catch(report), interrupted]);
    if (!once) {
      open = true;
      await stayUp(cloud, front.url, interrupted);
    }
  } finally {
    await cloud.stop();
  }
}

main().catch(report);
