import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CONTRACT_VERSION, type SessionContract } from '../../lib/contract/environment';
import { STANDARD_POLICY } from '../../lib/contract/policy';
import { RedisServer } from '../../lib/local/redis-server';
import { fences } from '../readme/markdown';
import { filesOf, Project, packAll, run, type Tarball, temporaryFolder } from './project';

const root = temporaryFolder();
const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const CDK_VERSIONS = {
  oldest: [`aws-cdk-lib@${devDependencies['aws-cdk-lib']}`, `constructs@${devDependencies['constructs']}`],
  newest: [devDependencies['aws-cdk-lib-latest'].replace('npm:', ''), 'constructs@10'],
};
const SDK = `@aws-sdk/client-dynamodb@${devDependencies['@aws-sdk/client-dynamodb']}`;
const ESBUILD = `esbuild@${devDependencies.esbuild}`;
const IOREDIS = `ioredis@${devDependencies.ioredis}`;
const IOVALKEY = `iovalkey@${devDependencies.iovalkey}`;
const EXPRESS = ['express', 'express-session', '@types/express', '@types/express-session'].map(
  (name) => `${name}@${devDependencies[name]}`,
);
const NODE_TYPES = `@types/node@${devDependencies['@types/node']}`;

let tarballs: ReadonlyMap<string, Tarball>;

beforeAll(async () => {
  tarballs = await packAll(root);
}, 180_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

function tarball(name: string): Tarball {
  const found = tarballs.get(name);
  if (!found) {
    throw new Error(`there is no package ${name}, there are ${[...tarballs.keys()].join(', ')}`);
  }
  return found;
}

const install = (name: string, ours: readonly string[], ...others: readonly string[]) =>
  new Project(root, name).install(...ours.map((each) => tarball(each).path), ...others);

describe.each([
  { name: 'cdk-sessions', attw: ['--exclude-entrypoints', '.jsii', 'environment.schema.json'] },
  { name: 'cdk-sessions-client', attw: [] },
  { name: 'cdk-sessions-local', attw: ['--profile', 'esm-only'] },
])('the tarball of $name', ({ name, attw }) => {
  const manifest = () => JSON.parse(read('package.json'));
  const read = (file: string) => readFileSync(join(tarball(name).folder, file), 'utf8');

  test('has the version, licence and repository of the whole', () => {
    const { version, license, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest()).toMatchObject({ version, license, repository: { type: 'git', url: repository.url } });
    expect(read('LICENSE')).toBe(readFileSync('LICENSE', 'utf8'));
  });

  test('has what publint and arethetypeswrong ask for', async () => {
    const bin = resolve('node_modules/.bin');
    await run(root, join(bin, 'publint'), 'run', tarball(name).path, '--strict');
    await run(root, join(bin, 'attw'), tarball(name).path, ...attw);
  }, 60_000);

  test('has no path of this machine, and no source map without its sources', () => {
    const files = filesOf(tarball(name).folder);
    expect(files.filter((file) => read(file).includes(resolve()))).toEqual([]);
    expect(files.filter((file) => lacksSources(join(tarball(name).folder, file)))).toEqual([]);
  });
});

/** Whether a file names a source map that is not there, or one whose sources are neither there nor in it. */
function lacksSources(file: string): boolean {
  const [, url] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(readFileSync(file, 'utf8')) ?? [];
  if (url === undefined) {
    return false;
  }
  const inline = /^data:application\/json;(?:charset=utf-?8;)?base64,/i;
  const path = join(dirname(file), url);
  if (!inline.test(url) && !existsSync(path)) {
    return true;
  }
  const map = inline.test(url) ? Buffer.from(url.replace(inline, ''), 'base64').toString() : readFileSync(path, 'utf8');
  const { sources, sourcesContent = [] } = JSON.parse(map);
  return sources.some((source: string, at: number) => !sourcesContent[at] && !existsSync(join(dirname(path), source)));
}

test('cdk-sessions is what the sources of its rooms compile to', () => {
  const compiled = ['constructs', 'contract'].flatMap((room) =>
    filesOf(resolve('lib', room))
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => ['.d.ts', '.js'].map((extension) => `dist/${room}/${file.replace(/\.ts$/, extension)}`)),
  );
  const rest = [
    '.jsii',
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'assets/rotate-cache-credentials/index.js',
    'assets/rotate-keys/index.js',
    'lib/contract/environment.schema.json',
    'package.json',
  ];
  expect(filesOf(tarball('cdk-sessions').folder)).toEqual([...compiled, ...rest].sort());
});

test('the others are the bundles of their entry points, and the files that are started apart', () => {
  expect(bundles('cdk-sessions-client')).toEqual([
    'dist/dynamodb',
    'dist/express',
    'dist/express-session',
    'dist/index',
    'dist/memory',
    'dist/redis',
    'dist/testing',
  ]);
  const apart = [
    'bin/cdk-sessions-local.mjs',
    'dist/DynamoDBLoopback.java',
    'dist/worker-packages.mjs',
    'dist/worker-resolve.mjs',
    'dist/worker.mjs',
  ];
  expect(bundles('cdk-sessions-local')).toEqual([...apart, 'dist/cli', 'dist/index'].sort());
});

/** A package's files without those that npm wants: each bundle once for all its extensions, shared chunks left out. */
function bundles(name: string): readonly string[] {
  const own = filesOf(tarball(name).folder).filter((file) => !/^(package\.json|README\.md|LICENSE)$/.test(file));
  const entries = own.filter((file) => !/-[\w-]{8}\.(d\.c?ts|c?js)$/.test(file));
  return [...new Set(entries.map((file) => file.replace(/\.(d\.c?ts|c?js)$/, '')))].sort();
}

describe('cdk-sessions-client in an empty project', () => {
  const entries = {
    '.': 'createSessions',
    './memory': 'MemoryStore',
    './testing': 'FaultyStore',
    './dynamodb': 'DynamoDBStore',
    './redis': 'RedisStore',
    './express': 'expressSessions',
    './express-session': 'expressStore',
  };
  const specifier = (entry: string) => join('cdk-sessions-client', entry);
  let alone: Project;
  let withSdk: Project;

  beforeAll(async () => {
    alone = await install('client-alone', ['cdk-sessions-client']);
    withSdk = await install('client-with-sdk', ['cdk-sessions-client'], SDK, NODE_TYPES, IOREDIS, ...EXPRESS);
  }, 120_000);

  test('brings nothing else along', () => {
    expect(alone.installed()).toEqual(['cdk-sessions-client']);
  });

  test.each(['.', './memory', './redis', './testing', './express'] as const)(
    '%s is required and imported without the AWS SDK, a client of Redis and Express',
    async (entry) => {
      await loads(alone, entry);
    },
  );

  test.each(['.', './memory', './redis', './testing', './dynamodb', './express', './express-session'] as const)(
    '%s is required and imported beside the AWS SDK and express-session',
    async (entry) => {
      await loads(withSdk, entry);
    },
  );

  async function loads(project: Project, entry: keyof typeof entries): Promise<void> {
    const show = `console.log(JSON.stringify(typeof loaded.${entries[entry]}))`;
    const name = specifier(entry);
    expect(await project.json('--input-type=commonjs', '-e', `const loaded = require('${name}'); ${show}`)).toBe(
      'function',
    );
    expect(await project.json('--input-type=module', '-e', `import * as loaded from '${name}'; ${show}`)).toBe(
      'function',
    );
  }

  test.each([
    { resolution: 'node16', module: 'node16', files: ['uses.mts', 'uses.cts'] },
    { resolution: 'bundler', module: 'esnext', files: ['uses.ts'] },
    { resolution: 'node10', module: 'commonjs', files: ['uses.ts'] },
  ])(
    'type-checks under moduleResolution $resolution, libraries included',
    async ({ resolution, module, files }) => {
      for (const file of files) {
        withSdk.write(file, USES_CLIENT);
      }
      const compilerOptions = {
        strict: true,
        noEmit: true,
        esModuleInterop: true,
        skipLibCheck: false,
        target: 'es2022',
        types: ['node'],
        module,
        moduleResolution: resolution,
        ...(resolution === 'node10' && { ignoreDeprecations: '6.0' }),
      };
      withSdk.write(`tsconfig.${resolution}.json`, JSON.stringify({ compilerOptions, files }));
      await withSdk.run(resolve('node_modules/.bin/tsc'), '-p', `tsconfig.${resolution}.json`);
    },
    60_000,
  );
});

const USES_CLIENT = `
import { createSessions, SessionError, type SessionStore } from 'cdk-sessions-client';
import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { expressSessions, sessionOf } from 'cdk-sessions-client/express';
import { expressStore } from 'cdk-sessions-client/express-session';
import { MemoryStore } from 'cdk-sessions-client/memory';
import { RedisStore, redisTransport } from 'cdk-sessions-client/redis';
import { FaultyStore } from 'cdk-sessions-client/testing';
import express from 'express';
import expressSession from 'express-session';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { Cluster, Redis } from 'ioredis';

export const faulty: SessionStore = new FaultyStore(new MemoryStore());
export const stores: readonly SessionStore[] = [
  new MemoryStore(),
  new DynamoDBStore({ table: 'sessions' }),
  new RedisStore({ transport: redisTransport(new Redis({ lazyConnect: true, enableOfflineQueue: false })) }),
];
export const shared = createSessions({ redis: new Cluster(['localhost'], { lazyConnect: true }) });
const sessions = createSessions<{ cart: Record<string, number> }>({ store: new MemoryStore() });
export const handler = sessions.lambda(async (_event, session) => {
  // @ts-expect-error a cart is not a text: types that got lost on the way would let this pass
  session.set('cart', 'a text');
  return { statusCode: 200, body: String(session.get('cart')?.['sku-1']) };
});
export const app = express();
app.use(expressSessions(sessions, { shouldSave: (request, { locals }) => request.method === 'GET' && locals['failed'] !== true }));
app.use(expressSession({ store: expressStore(new MemoryStore()), secret: 'a secret' }));
app.get('/', (request, response) => {
  response.json(sessionOf(sessions, request).get('cart')?.['sku-1']?.toFixed());
});
const middleware = expressSessions(sessions);
createServer((request, response) => middleware(request, response, () => response.end()));
createHttp2Server((request, response) => middleware(request, response, () => response.end()));
export const code = (error: unknown) => (error instanceof SessionError ? error.code : undefined);
`;

describe('a handler that is bundled for a store in Redis', () => {
  const handler = (redis: string) => `
import { createSessions } from 'cdk-sessions-client';
${redis}
const sessions = createSessions<{ visits: number }>({ redis });
export const handler = sessions.lambda(async (_event, session) => {
  session.update('visits', (visits = 0) => visits + 1);
  return { statusCode: 200, body: String(session.get('visits')) };
});
`;
  const event = readFileSync(resolve('test/client/hosts/events/function-url.json'), 'utf8');
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start({ folder: root });
  });
  afterAll(() => server?.stop());

  /** Bundles it as NodejsFunction does, and has it answer one visitor twice. */
  async function visits(name: string, redis: string, ...libraries: readonly string[]): Promise<unknown> {
    const project = await install(name, ['cdk-sessions-client'], ESBUILD, ...libraries);
    project.write('web.ts', handler(redis));
    const options = ['--bundle', '--platform=node', '--target=node20', '--external:@aws-sdk/*', '--outfile=web.js'];
    await project.run('npx', 'esbuild', 'web.ts', ...options);
    rmSync(project.path('node_modules'), { recursive: true });
    const { host: endpoint, port } = server;
    const contract: SessionContract = {
      version: CONTRACT_VERSION,
      stores: { primary: { kind: 'redis', endpoint, port, cluster: false, tls: false } },
      policy: STANDARD_POLICY,
    };
    project.write(
      'visit.cjs',
      `process.env.CDK_SESSIONS = ${JSON.stringify(JSON.stringify(contract))};
const { handler, ready, end } = require('./web.js');
const visit = async () => {
  await ready;
  const { cookies: [cookie] } = await handler(${event}, {});
  return (await handler({ ...${event}, cookies: [cookie.split(';')[0]] }, {})).body;
};
visit().catch(({ code, message }) => ({ code, message })).then((answer) => console.log(JSON.stringify(answer))).finally(end);`,
    );
    return project.json('visit.cjs');
  }

  test('keeps sessions there with nothing else installed, and ends when it has answered', async () => {
    expect(await visits('redis-alone', 'const redis = undefined;')).toBe('2');
  }, 120_000);

  test.each([
    ['ioredis', IOREDIS],
    ['the oldest ioredis', 'ioredis@5.4.0'],
    ['iovalkey', IOVALKEY],
  ])(
    'keeps sessions there through a client of %s that it is given',
    async (name, library) => {
      const made = `import { Redis } from '${library.split('@')[0]}';
const redis = new Redis(${server.port}, { enableOfflineQueue: false, autoResendUnfulfilledCommands: false });
export const ready = new Promise((connected) => redis.on('ready', connected));
export const end = () => redis.disconnect();`;
      expect(await visits(`redis-with-${name.replaceAll(' ', '-')}`, made, library)).toBe('2');
    },
    120_000,
  );
});

describe.each(['oldest', 'newest'] as const)('a CDK app of ten lines, with the %s aws-cdk-lib', (version) => {
  const handler = fences('README.md').find(({ code }) => code.includes('export const handler'));
  const synthesized = () => project.path('cdk.out');
  let project: Project;

  beforeAll(async () => {
    const ours = ['cdk-sessions', 'cdk-sessions-client'];
    project = await install(`app-${version}`, ours, ...CDK_VERSIONS[version], ESBUILD);
    if (!handler) {
      throw new Error('README.md must have a snippet with the handler');
    }
    project.write('web.ts', handler.code);
    project.write('app.mjs', APP);
    await project.run('node', 'app.mjs');
  }, 180_000);

  test('synthesizes a table, and a function that knows it', () => {
    const { Resources } = JSON.parse(readFileSync(join(synthesized(), 'Example.template.json'), 'utf8'));
    const resources = Object.values<{ Type: string }>(Resources);
    expect(resources).toContainEqual(expect.objectContaining({ Type: 'AWS::DynamoDB::GlobalTable' }));
    expect(resources).toContainEqual(
      expect.objectContaining({
        Type: 'AWS::Lambda::Function',
        Properties: expect.objectContaining({ Environment: { Variables: { CDK_SESSIONS: expect.anything() } } }),
      }),
    );
  });

  test('bundles the handler without further setting: small, without CDK, the AWS SDK left to the runtime', () => {
    const bundle = readFileSync(bundled(), 'utf8');
    console.info(`the README's handler, bundled with aws-cdk-lib ${version}: ${statSync(bundled()).size} bytes`);
    expect(statSync(bundled()).size).toBeLessThan(200_000);
    expect(bundle).not.toMatch(/aws-cdk-lib|node_modules\/(?!cdk-sessions-client\/)/);
    const required = [...bundle.matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(([, name = '']) => name);
    const others = required.filter((name) => !name.startsWith('node:')).sort();
    expect([...new Set(others)]).toEqual([
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-secrets-manager',
      '@aws-sdk/credential-providers',
    ]);
  });

  test('the bundled handler, not attached to a store, says which call is missing', async () => {
    const event = readFileSync(resolve('test/client/hosts/events/function-url.json'), 'utf8');
    const answer = await project.json(
      '-e',
      `require(${JSON.stringify(bundled())}).handler(${event}, {}).catch(({ code, message }) => console.log(JSON.stringify({ code, message })))`,
    );
    expect(answer).toEqual({
      code: 'ERR_SESSION_CONFIG',
      message: expect.stringContaining(
        'CDK_SESSIONS is missing: attach the function, service or group to a store in its stack, as in sessions.attachFunction(fn)',
      ),
    });
  });

  test('synthesizes a cache that is not about sessions, as docs/elasticache.md shows it', async () => {
    project.write('api.ts', 'export const handler = async () => ({ statusCode: 204 });');
    project.write('prices.mjs', inStack(plainCache('ts')));
    await project.run('node', 'prices.mjs');
    const { Resources } = JSON.parse(readFileSync(project.path('prices.out/Prices.template.json'), 'utf8'));
    const resources = Object.values<{ Type: string }>(Resources);
    expect(resources).toContainEqual(
      expect.objectContaining({
        Type: 'AWS::ElastiCache::ReplicationGroup',
        Properties: expect.objectContaining({ CacheNodeType: 'cache.t4g.small', MultiAZEnabled: true }),
      }),
    );
    expect(resources).toContainEqual(
      expect.objectContaining({
        Type: 'AWS::Lambda::Function',
        Properties: expect.objectContaining({ Environment: { Variables: { PRICES: expect.anything() } } }),
      }),
    );
  }, 60_000);

  function bundled(): string {
    const [bundle, ...others] = filesOf(synthesized()).filter((file) => file.endsWith('/index.js'));
    if (bundle === undefined || others.length > 0) {
      throw new Error(`the assembly must have one bundle, received ${[bundle, ...others].join(', ')}`);
    }
    return join(synthesized(), bundle);
  }
});

const APP = `import { App, Stack } from 'aws-cdk-lib';
import { Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { SessionTable } from 'cdk-sessions';

const app = new App({ outdir: 'cdk.out' });
const stack = new Stack(app, 'Example');
const web = new NodejsFunction(stack, 'Web', { entry: 'web.ts', runtime: Runtime.NODEJS_24_X });
new SessionTable(stack, 'Sessions').attachFunction(web);
app.synth();
`;

/** The snippet of docs/elasticache.md with a cache of something else than sessions. */
function plainCache(language: string): string {
  const found = fences('docs/elasticache.md').find((fence) => fence.language === language && /price/.test(fence.code));
  if (!found) {
    throw new Error(`docs/elasticache.md must have a snippet in ${language} with a cache of prices`);
  }
  return found.code;
}

/** A snippet that is in a stack, as an app of its own. */
function inStack(snippet: string): string {
  const [imports, code] = [true, false].map((wanted) =>
    snippet
      .split('\n')
      .filter((line) => line.startsWith('import ') === wanted)
      .join('\n'),
  );
  return `${imports}
import { App, Stack } from 'aws-cdk-lib';
class Prices extends Stack { constructor(...given) { super(...given); ${code} } }
const app = new App({ outdir: 'prices.out' });
new Prices(app, 'Prices');
app.synth();
`;
}

describe('cdk-sessions in Python, as jsii-pacmak generates it', () => {
  const folder = join(root, 'python');
  const generated = join(folder, 'python/src/cdk_sessions/__init__.py');
  const app = join(folder, 'prices.py');
  let python: string;

  beforeAll(async () => {
    await run('.', resolve('node_modules/.bin/jsii-pacmak'), '--code-only', '--target', 'python', '--outdir', folder);
    python = readFileSync(generated, 'utf8');
    writeFileSync(app, plainCache('python'));
  }, 60_000);

  test('has all that the app of docs/elasticache.md takes from it', () => {
    const code = plainCache('python');
    const [, imported = ''] = /^from cdk_sessions import (.+)$/m.exec(code) ?? [];
    expect(imported.split(', ')).toContain('SessionReplicationGroup');
    for (const name of imported.split(', ')) {
      expect(python).toMatch(new RegExp(`^class ${name}\\(`, 'm'));
    }
    const members = [...code.matchAll(/\b(?:CacheNodeType|EvictionPolicy|CacheAuthentication)\.(\w+)/g)];
    for (const [, member] of members) {
      expect(python).toMatch(new RegExp(`^ {4}(?:def )?${member}\\b`, 'm'));
    }
    const given = [...code.matchAll(/^ {4}(\w+)=/gm)].map(([, name]) => name);
    expect(given).toHaveLength(4);
    expect(optionsOf('SessionReplicationGroup')).toEqual(expect.arrayContaining(given));
  });

  test('has every option of a replication group', () => {
    const props = readFileSync('lib/constructs/session-replication-group-props.ts', 'utf8');
    const options = [...props.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = '']) => snakeCase(name));
    expect(options.length).toBeGreaterThan(25);
    expect(optionsOf('SessionReplicationGroup')).toEqual(expect.arrayContaining(options));
  });

  const compiles = hasPython() ? test : test.skip;

  compiles('compiles, and so does the app', async () => {
    await run(folder, 'python3', '-m', 'py_compile', generated, app);
  });

  /** The options of a class's constructor. */
  function optionsOf(name: string): readonly string[] {
    const [, parameters = ''] =
      new RegExp(`^class ${name}\\([^]*?def __init__\\(([^]*?)\\) -> None:`, 'm').exec(python) ?? [];
    return [...parameters.matchAll(/^ +(\w+): /gm)].map(([, option = '']) => option);
  }
});

/** A name as jsii spells it in Python. */
function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function hasPython(): boolean {
  return spawnSync('python3', ['--version']).status === 0;
}

describe('cdk-sessions-local in an empty project', () => {
  let project: Project;

  beforeAll(async () => {
    project = await install('local', ['cdk-sessions-local']);
  }, 120_000);

  test('brings neither CDK nor the client along', () => {
    expect(project.installed()).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(aws-cdk-lib|constructs|cdk-sessions|cdk-sessions-client)$/)]),
    );
  });

  test('runs by npx', async () => {
    expect(await project.run('npx', '--no', 'cdk-sessions-local', '--', '--help')).toContain(
      'cdk-sessions-local [assembly]',
    );
  });
});
