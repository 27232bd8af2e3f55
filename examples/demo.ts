/**
 * `npm run demo`: synthesizes a sample, runs the assembly on this machine, sends a visitor through the shop, and
 * stays up. `-- --help` says what it takes.
 */
import { AssertionError } from 'node:assert';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { inspect, parseArgs, promisify, styleText } from 'node:util';
import { type LocalCloud, LocalError, startLocal } from 'cdk-sessions-local';
import { findRedis } from '../lib/local/redis-program.js';
import { lookWith, Visitor } from './visitor.js';

/** A sample. */
interface Sample {
  readonly stack: string;
  /** Whether it has a cache. */
  readonly cache: boolean;
  readonly about: string;
}

/** By the names of their folders. */
const SAMPLES: ReadonlyMap<string, Sample> = new Map([
  ['serverless-shop', { stack: 'ServerlessShop', cache: false, about: 'sessions in DynamoDB, the default' }],
  [
    'redis-shop',
    { stack: 'RedisShop', cache: true, about: 'sessions in a cache: needs redis-server or valkey-server' },
  ],
]);

const USAGE = `Synthesizes a sample, runs it on this machine, sends a visitor through its shop, and stays up.

  npm run demo -- [sample] [options]

${[...SAMPLES].map(([name, { about }]) => `  ${name.padEnd(18)}${about}`).join('\n')}

  --port N          the port of the shop (default: any free port)
  --once            end after the visitor, with exit code 1 if a step failed
  --help            show this
`;

const ADDS_PER_TAB = 10;
const FIREFOX_ON_LINUX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

type Style = Parameters<typeof styleText>[0];
const paint = (style: Style, text: string) => (process.stdout.isTTY ? styleText(style, text) : text);
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs one step and prints what it showed. */
async function step(title: string, run: () => Promise<string>): Promise<void> {
  try {
    const showed = await run();
    console.log(`  ${paint('green', '✓')} ${title.padEnd(42)} ${paint('dim', showed)}`);
  } catch (error) {
    console.log(`  ${paint('red', '✗')} ${title}`);
    throw error;
  }
}

/** The same synthesis as that of a deployment, into a folder of its own: another demo may be running. */
async function synthesize(stack: string, assembly: string): Promise<void> {
  const cdk = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');
  const options = ['synth', stack, '--quiet', '--no-notices', '--output', assembly];
  await promisify(execFile)(process.execPath, [cdk, ...options], {
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  });
}

/** Which instances answer when several requests come at once. */
async function instances(visitor: Visitor): Promise<Set<string>> {
  const views = await Promise.all(Array.from({ length: 6 }, () => visitor.look()));
  return new Set(views.map(({ instance }) => instance));
}

/** Tells session ids apart without showing one. */
const fingerprint = (cookie = '') => createHash('sha256').update(cookie).digest('hex').slice(0, 8);
const list = (ids: Iterable<string>) => [...ids].join(', ');

/** What of a cache's commands is about connections, not about what is in it. The rest is. */
const ABOUT_CONNECTIONS = /^(?:acl|auth|client|cluster|command|config|hello|info|ping|script|select)\b/;

/** How many commands caches were given so far, those of scripts included. */
async function commandsOf({ caches }: LocalCloud): Promise<number> {
  const infos = await Promise.all(caches.map(({ command }) => command('INFO', 'commandstats')));
  const counts = [
    ...infos
      .flat()
      .join('\n')
      .matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm),
  ];
  return counts.reduce((sum, [, name = '', calls]) => sum + (ABOUT_CONNECTIONS.test(name) ? 0 : Number(calls)), 0);
}

/** The visitor's way through the shop. Each step throws an AssertionError if it did not show what it should. */
async function visit(cloud: LocalCloud, shop: string, calls: () => Promise<number>): Promise<void> {
  const visitor = new Visitor(shop);
  const store = cloud.caches.length > 0 ? 'cache' : 'table';
  const held = async () => (await visitor.cookie())?.value;
  const full = { mug: ADDS_PER_TAB, vase: ADDS_PER_TAB };
  let anonymous: string | undefined;
  let signedIn: string | undefined;
  let forgotten: string | undefined;

  await step('A visitor opens the shop', async () => {
    const page = await visitor.fetch('/');
    assert.equal(page.status, 200, 'the page is there');
    assert.equal(await held(), undefined, 'nothing is stored, so no cookie is set');
    assert.equal(await calls(), 0, `the ${store} is not asked`);
    return `no cookie set, the ${store} not asked`;
  });
  await step('adds to the cart', async () => {
    await visitor.add('bowl');
    await visitor.remove('bowl');
    anonymous = await held();
    assert.ok(anonymous, 'the first change sets a cookie');
    assert.notEqual(await calls(), 0, `the ${store} has it`);
    return `session ${fingerprint(anonymous)} begins`;
  });
  await step('adds from two tabs at once', async () => {
    const adds = Array.from({ length: ADDS_PER_TAB }, () => [visitor.add('mug'), visitor.add('vase')]);
    await Promise.all(adds.flat());
    const { cart } = await visitor.look();
    assert.deepEqual(cart, full, 'every add is counted');
    return `${2 * ADDS_PER_TAB} adds in parallel, ${cart['mug']} + ${cart['vase']} in the cart`;
  });
  await step('signs in', async () => {
    await visitor.signIn('Mia');
    signedIn = await held();
    const { name, cart } = await visitor.look();
    assert.equal(name, 'Mia', 'the session knows the name');
    assert.notEqual(signedIn, anonymous, 'the session has a new id');
    assert.deepEqual(cart, full, 'the cart is kept');
    return `session ${fingerprint(anonymous)} is now ${fingerprint(signedIn)}, the cart is kept`;
  });
  await step('signs in at the library, out from home', async () => {
    const library = new Visitor(shop, FIREFOX_ON_LINUX);
    await library.signIn('Mia');
    forgotten = (await library.cookie())?.value;
    const places = (await visitor.signedIn()).map(({ label }) => label);
    assert.deepEqual(places.toSorted(), ['A browser', 'Firefox on Linux'], 'the page lists both places');
    await visitor.signOutElsewhere();
    const [there, here] = [await library.look(), await visitor.look()];
    assert.deepEqual([there.name, here.name], [undefined, 'Mia'], 'only the other place is signed out');
    return 'Firefox on Linux is signed out at once, this browser is not';
  });
  let before = new Set<string>();
  await step('has every instance recycled under her', async () => {
    before = await instances(visitor);
    await cloud.recycle();
    return `${list(before)} gone`;
  });
  await step('finds the cart again', async () => {
    const after = await instances(visitor);
    const { name, cart } = await visitor.look();
    assert.deepEqual(
      [...after].filter((id) => before.has(id)),
      [],
      'no instance is left from before',
    );
    assert.equal(name, 'Mia', 'she is still signed in');
    assert.deepEqual(cart, full, 'the cart is kept');
    return `answered by ${list(after)}`;
  });
  await step('signs out and finds it gone', async () => {
    await visitor.signOut();
    const { name, cart } = await visitor.look();
    assert.equal(name, undefined, 'nobody is signed in');
    assert.deepEqual(cart, {}, 'the cart is gone');
    assert.equal(await held(), undefined, 'the cookie is gone');
    return 'no name, no cart, no cookie';
  });
  await step('replays her old cookies', async () => {
    for (const value of [anonymous, signedIn, forgotten]) {
      const { name, cart } = await lookWith(shop, `__Host-session=${value}`);
      assert.deepEqual({ name, cart }, { name: undefined, cart: {} }, 'an ended session is found by nobody');
    }
    return 'none finds anything';
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

/** Keeps the shop open until somebody closes it. */
async function stayUp(cloud: LocalCloud, shop: string, interrupted: Promise<void>): Promise<void> {
  console.log(`\nThe shop stays open: ${paint(['bold', 'underline'], shop)}`);
  console.log(paint('dim', 'r + Enter recycles every instance, Ctrl-C closes the shop.'));
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on('line', (line) => {
    if (line.trim() === 'r') {
      cloud.recycle().then(() => console.log('Every instance is fresh.'), report);
    }
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
    await run(sample.stack, assembly, Number(values.port), values.once === true);
  } finally {
    await rm(assembly, { recursive: true, force: true });
  }
}

async function run(stack: string, assembly: string, port: number, once: boolean): Promise<void> {
  const begun = performance.now();
  console.log(`${paint('bold', 'cdk synth')} ${stack}`);
  await synthesize(stack, assembly);
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
    stacks: [stack],
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
    await Promise.race([visit(cloud, front.url, asked).catch(report), interrupted]);
    if (!once) {
      open = true;
      await stayUp(cloud, front.url, interrupted);
    }
  } finally {
    await cloud.stop();
  }
}

main().catch(report);
