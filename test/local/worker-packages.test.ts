import { mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { InstancePool } from '../../lib/local/instances.js';
import { layOutRuntime } from '../../lib/local/task-root.js';
import { removeFolders, temporaryFolder } from './fixture.js';

const pools: InstancePool[] = [];

afterEach(() => Promise.all(pools.splice(0).map((pool) => pool.stop())));
afterAll(removeFolders);

const MARK = 'module.exports = { planted: true };';

async function install(folder: string, name: string, sources: Readonly<Record<string, string>>): Promise<void> {
  const home = path.join(folder, 'node_modules', name);
  await mkdir(home, { recursive: true });
  for (const [file, source] of Object.entries(sources)) {
    await writeFile(path.join(home, file), source);
  }
}

/** What a function in `<shared>/run/0/task` gets for each package, where anybody may have written into `shared`. */
async function loads(names: readonly string[], file: 'index.js' | 'index.mjs', load: string): Promise<unknown> {
  const shared = await realpath(await temporaryFolder());
  for (const name of ['@aws-sdk/client-dynamodb', '@aws-sdk/planted', 'planted', 'bundled']) {
    await install(shared, name, { 'index.js': MARK, 'deep.js': MARK });
  }
  const runtimeRoot = path.join(shared, 'run');
  const taskRoot = path.join(runtimeRoot, '0', 'task');
  await install(taskRoot, 'bundled', {
    'index.js':
      'try { module.exports = require("planted"); } catch (error) { module.exports = { missing: error.code }; }',
  });
  await layOutRuntime(runtimeRoot, [process.cwd()]);
  const handler = `async (names) => Promise.all(names.map(${load}))`;
  const exported = file === 'index.js' ? `exports.handler = ${handler};` : `export const handler = ${handler};`;
  await writeFile(path.join(taskRoot, file), exported);
  const pool = new InstancePool({
    taskRoot,
    environment: { LAMBDA_TASK_ROOT: taskRoot, LAMBDA_RUNTIME_DIR: runtimeRoot, _HANDLER: 'index.handler' },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:mine',
    timeout: 10_000,
    maxInstances: 1,
    maxWaiting: 0,
    log: () => {},
  });
  pools.push(pool);
  const outcome = await pool.invoke(names);
  return outcome.kind === 'result' ? JSON.parse(outcome.payload) : outcome;
}

const REQUIRE = `async (name) => {
  try { const { planted, missing } = require(name); return planted ?? missing ?? 'own'; } catch (error) { return error.code; }
}`;
const IMPORT = `async (name) => {
  try { const { default: { planted, missing } = {} } = await import(name); return planted ?? missing ?? 'own'; } catch (error) { return error.code; }
}`;

describe.each([
  ['require', 'index.js', REQUIRE, 'MODULE_NOT_FOUND'],
  ['import in CommonJS', 'index.js', IMPORT, 'ERR_MODULE_NOT_FOUND'],
  ['import', 'index.mjs', IMPORT, 'ERR_MODULE_NOT_FOUND'],
] as const)('%s', (_, file, load, missing) => {
  test('finds the runtime’s SDK, what is built in, and what lies beside the function', async () => {
    const own = ['@aws-sdk/client-dynamodb', '@smithy/types', 'node:path', 'path', `./${file}`];
    expect(await loads(own, file, load)).toEqual(own.map(() => 'own'));
  });

  test('finds no package that somebody has put above the folder of the run', async () => {
    const planted = ['planted', 'planted/deep.js', '@aws-sdk/planted'];
    expect(await loads(planted, file, load)).toEqual(planted.map(() => missing));
  });

  test('and neither does a package that the function brings along', async () => {
    expect(await loads(['bundled'], file, load)).toEqual(['MODULE_NOT_FOUND']);
  });
});
