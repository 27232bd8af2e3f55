import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Invocation } from '../../lib/local/instance.js';
import { InstancePool, type InstancePoolOptions } from '../../lib/local/instances.js';
import { removeFolders, temporaryFolder } from './fixture.js';

const pools: InstancePool[] = [];
const lines: string[] = [];

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.stop()));
  lines.length = 0;
});
afterAll(removeFolders);

interface FunctionOptions extends Partial<InstancePoolOptions> {
  readonly file?: string;
  readonly handler?: string;
}

/** A pool of instances of one source file. */
async function poolOf(
  source: string,
  { file = 'index.js', handler = 'index.handler', ...options }: FunctionOptions = {},
) {
  const taskRoot = await temporaryFolder();
  await writeFile(path.join(taskRoot, file), source);
  const pool = new InstancePool({
    taskRoot,
    environment: { PATH: process.env['PATH'] ?? '', LAMBDA_TASK_ROOT: taskRoot, _HANDLER: handler },
    functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:mine',
    timeout: 10_000,
    maxInstances: 4,
    maxWaiting: 100,
    log: (line) => lines.push(line),
    ...options,
  });
  pools.push(pool);
  return pool;
}

function value(outcome: Invocation): unknown {
  return outcome.kind === 'result' ? JSON.parse(outcome.payload) : outcome;
}

/** Answers with its process, after as long as the event says. */
const SLOW = 'exports.handler = (event) => new Promise((done) => setTimeout(() => done(process.pid), event.ms ?? 0));';

describe('handlers', () => {
  test.each([
    ['async', 'exports.handler = async (event) => ({ got: event.a });'],
    ['with a callback', 'exports.handler = (event, context, callback) => { callback(null, { got: event.a }); };'],
    [
      'with a callback that does not wait for the event loop',
      `exports.handler = (event, context, callback) => {
         context.callbackWaitsForEmptyEventLoop = false;
         setInterval(() => {}, 1000);
         callback(null, { got: event.a });
       };`,
    ],
  ])('%s answer', async (_, source) => {
    const pool = await poolOf(source);
    expect(value(await pool.invoke({ a: 1 }))).toEqual({ got: 1 });
    expect(value(await pool.invoke({ a: 2 }))).toEqual({ got: 2 });
  });

  test('with a callback answer when nothing is left to wait for', async () => {
    const pool = await poolOf(
      `let late = false;
       exports.handler = (event, context, callback) => { callback(null, { get late() { return late; } }); setTimeout(() => { late = true; }, 50); };`,
    );
    expect(value(await pool.invoke({}))).toEqual({ late: true });
  });

  test.each([
    ['an ES module', 'index.mjs', 'export const handler = async () => "esm";', '"esm"'],
    ['an ES module with top-level await', 'index.mjs', 'await 0; export const handler = async () => 1;', '1'],
    ['a CommonJS module', 'index.cjs', 'exports.handler = async () => "cjs";', '"cjs"'],
    ['a handler that is nested', 'index.js', 'exports.handler = { then: 1, web: async () => 1 };', '1'],
  ])('may be in %s', async (what, file, source, payload) => {
    const handler = what === 'a handler that is nested' ? 'index.handler.web' : 'index.handler';
    const pool = await poolOf(source, { file, handler });
    expect(await pool.invoke({})).toEqual({ kind: 'result', payload });
  });

  test('answer each event once: what is left of one does not answer the next', async () => {
    const pool = await poolOf(
      `const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
       exports.handler = async (event, context, callback) => {
         context.callbackWaitsForEmptyEventLoop = false;
         if (event.name === 'first') {
           callback(null, 'first');
           await pause(100);
           return 'late';
         }
         await pause(300);
         return event.name;
       };`,
    );
    expect(value(await pool.invoke({ name: 'first' }))).toBe('first');
    expect(value(await pool.invoke({ name: 'second' }))).toBe('second');
  });

  test('that answer nothing answer null', async () => {
    const pool = await poolOf('exports.handler = async () => {};');
    expect(await pool.invoke({})).toEqual({ kind: 'result', payload: 'null' });
  });

  test('get the context that Lambda documents', async () => {
    const pool = await poolOf(
      'exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });',
      { timeout: 5000 },
    );
    expect(value(await pool.invoke({}))).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:mine',
      left: expect.any(Number),
    });
  });

  test('do not see that they are children of the runner', async () => {
    const pool = await poolOf('exports.handler = async () => [typeof process.send, Object.keys(process.env).sort()];');
    expect(value(await pool.invoke({}))).toEqual([
      'undefined',
      ['AWS_LAMBDA_LOG_STREAM_NAME', 'LAMBDA_TASK_ROOT', 'PATH', '_HANDLER'],
    ]);
  });

  test('write lines that are told with the instance that wrote them', async () => {
    const pool = await poolOf('exports.handler = async () => { console.log("one\\ntwo"); console.error("three"); };');
    await pool.invoke({});
    await pool.stop();
    expect(lines.map((line) => line.replace(/^#[0-9a-f]{8} /, ''))).toEqual(
      expect.arrayContaining(['one', 'two', 'three']),
    );
  });
});

describe('errors are those of one request', () => {
  test.each<[string, string, Partial<Invocation>]>([
    ['throws', 'throw new TypeError("no")', { errorType: 'TypeError', errorMessage: 'no' }],
    ['throws what is no error', 'throw "text"', { errorType: 'string', errorMessage: 'text' }],
    ['answers with what has no JSON', 'return { a: 1n }', { errorType: 'Runtime.MarshalError' }],
    ['exits', 'process.exit(3)', { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('status 3') }],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', { errorType: 'Runtime.ExitError' }],
    ['waits for ever', 'await new Promise(() => {})', { errorType: 'Runtime.NodejsExit' }],
    [
      'leaves a rejection',
      'Promise.reject(new Error("x")); await new Promise((r) => setTimeout(r, 500))',
      {
        errorType: 'Runtime.UnhandledPromiseRejection',
      },
    ],
    [
      'throws elsewhere',
      'setTimeout(() => { throw new RangeError("y") }); await new Promise((r) => setTimeout(r, 500))',
      {
        errorType: 'RangeError',
      },
    ],
    ['answers with more than 6 MB', 'return "x".repeat(7e6)', { errorType: 'Function.ResponseSizeTooLarge' }],
  ])('a handler that %s', async (_, body, expected) => {
    const pool = await poolOf(`exports.handler = async (event) => { if (event.fail) { ${body} } return 'fine'; };`);
    expect(await pool.invoke({ fail: true })).toMatchObject({ kind: 'error', ...expected });
    expect(value(await pool.invoke({}))).toBe('fine');
  });

  test('a handler that times out, even when it never lets go', async () => {
    const pool = await poolOf('exports.handler = async (event) => { while (event.fail) {} return process.pid; };', {
      timeout: 300,
    });
    expect(await pool.invoke({ fail: true })).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/^[0-9a-f-]{36} Task timed out after 0\.30 seconds$/),
    });
    expect(value(await pool.invoke({}))).toEqual(expect.any(Number));
  });

  test.each<[string, string, FunctionOptions, Partial<Invocation>]>([
    ['throws while it is loaded', 'throw new Error("at start")', {}, { errorMessage: 'at start' }],
    ['exits while it is loaded', 'process.exit(0)', {}, { errorType: 'Runtime.ExitError' }],
    ['has no such module', '', { handler: 'web.handler' }, { errorType: 'Runtime.ImportModuleError' }],
    ['has no such export', '', { handler: 'index.web' }, { errorMessage: 'index.web is undefined or not exported' }],
    ['is no syntax', 'export const', {}, { errorType: 'SyntaxError' }],
  ])('a function that %s', async (_, source, options, expected) => {
    const pool = await poolOf(source, options);
    expect(await pool.invoke({})).toMatchObject({ kind: 'error', ...expected });
    expect(lines.join('\n')).not.toBe('');
  });
});

describe('instances', () => {
  test('serve one request at a time, and more of them start under load, up to the limit', async () => {
    const pool = await poolOf(SLOW, { maxInstances: 3 });
    const pids = await Promise.all(Array.from({ length: 9 }, () => pool.invoke({ ms: 200 })));
    expect(new Set(pids.map(value)).size).toBe(3);
  });

  test('are used again', async () => {
    const pool = await poolOf(SLOW);
    const first = value(await pool.invoke({}));
    expect(value(await pool.invoke({}))).toBe(first);
  });

  test('are taken most recently used first', async () => {
    const pool = await poolOf(SLOW, { maxInstances: 2 });
    await Promise.all([pool.invoke({ ms: 1000 }), pool.invoke({ ms: 1000 })]);
    const [short, long] = await Promise.all([pool.invoke({ ms: 1 }), pool.invoke({ ms: 300 })]);
    expect(value(short)).not.toBe(value(long));
    expect(value(await pool.invoke({}))).toBe(value(long));
  });

  test('are retired after so many requests', async () => {
    const pool = await poolOf(SLOW, { recycleEvery: 2 });
    const pids: unknown[] = [];
    for (let request = 0; request < 6; request += 1) {
      pids.push(value(await pool.invoke({})));
    }
    expect(new Set(pids).size).toBe(3);
  });

  test('finish their request when they are recycled, and new requests get fresh ones', async () => {
    const pool = await poolOf(SLOW);
    const before = value(await pool.invoke({}));
    const running = pool.invoke({ ms: 300 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const recycled = pool.recycle();
    const after = pool.invoke({});
    expect(value(await running)).toBe(before);
    await recycled;
    expect(() => process.kill(Number(before), 0)).toThrow('ESRCH');
    expect(value(await after)).not.toBe(before);
  });

  test('answer every request with its own answer, however often they are recycled', async () => {
    const pool = await poolOf('exports.handler = (e) => new Promise((r) => setTimeout(r, e.ms, e.name));', {
      maxInstances: 3,
    });
    const requests = Array.from({ length: 60 }, (_, name) => ({ name, ms: (name * 7) % 20 }));
    const recycling = (async () => {
      for (let round = 0; round < 4; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        await pool.recycle();
      }
    })();
    const answers = await Promise.all(requests.map((request) => pool.invoke(request)));
    expect(answers.map(value)).toEqual(requests.map(({ name }) => name));
    await recycling;
  });

  test('leave no process behind when the pool stops', async () => {
    const pool = await poolOf(SLOW);
    const pid = Number(value(await pool.invoke({})));
    const running = pool.invoke({ ms: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await pool.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect((await running).kind).toBe('error');
  });

  test('throttle when all are busy and enough requests wait', async () => {
    const pool = await poolOf(SLOW, { maxInstances: 1, maxWaiting: 1 });
    const kinds = (await Promise.all([1, 2, 3, 4].map(() => pool.invoke({ ms: 50 })))).map(({ kind }) => kind);
    expect(kinds).toEqual(['result', 'result', 'throttled', 'throttled']);
    expect(lines).toContain('throttled: all 1 instances are busy and 1 requests wait for them');
  });

  test('throttle everything where none is reserved', async () => {
    const pool = await poolOf(SLOW, { maxInstances: 0, maxWaiting: 0 });
    expect((await pool.invoke({})).kind).toBe('throttled');
  });
});
