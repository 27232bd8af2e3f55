// @ts-check
/**
 * Runs inside an instance: loads the handler and invokes it, one event at a time, as Lambda's Node.js runtime does.
 *
 * The instance speaks to its pool over the IPC channel of `child_process`. This file is plain JavaScript because it
 * is started as it lies there, whether the runner was built or not.
 *
 * @typedef {{ requestId: string, event: unknown, deadline: number, functionArn: string }} InvokeMessage
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { boundPackages } from './worker-packages.mjs';

const send = process.send?.bind(process);
const channel = process.channel;
if (send === undefined || channel === undefined || channel === null) {
  throw new Error('this script is started by the runner');
}
// Libraries tell by it whether they run in a cluster's worker; in Lambda they do not.
process.send = undefined;

// Ctrl-C reaches the whole group of processes: the runner ends its instances itself.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit());

const { LAMBDA_TASK_ROOT: taskRoot = '', _HANDLER: handlerName = '' } = process.env;
const { LAMBDA_RUNTIME_DIR: runtimeRoot = taskRoot } = process.env;

/** @type {InvokeMessage | undefined} */
let current;

/** @param {object} message @param {() => void} [sent] */
function tell(message, sent) {
  send?.(message, sent);
}

/**
 * Answers an event, unless it was answered before: what is left of an earlier one must not answer the next.
 *
 * @param {InvokeMessage} message
 * @param {object} outcome
 */
function finish(message, outcome) {
  if (current === message) {
    current = undefined;
    channel?.ref();
    tell({ kind: 'done', outcome });
  }
}

/** @param {unknown} thrown @param {string} [type] */
function errorOutcome(thrown, type) {
  return types.isNativeError(thrown)
    ? { kind: 'error', errorType: type ?? thrown.name, errorMessage: thrown.message, stack: thrown.stack ?? '' }
    : { kind: 'error', errorType: type ?? typeof thrown, errorMessage: String(thrown), stack: '' };
}

/** @param {InvokeMessage} message @param {unknown} thrown @param {string} [type] */
function fail(message, thrown, type) {
  finish(message, errorOutcome(thrown, type));
}

/** @param {InvokeMessage} message @param {unknown} result */
function succeed(message, result) {
  let payload;
  try {
    payload = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    fail(message, error, 'Runtime.MarshalError');
    return;
  }
  // A function or a symbol has no JSON.
  finish(message, { kind: 'result', payload: payload ?? 'null' });
}

/**
 * Tells of an error outside of the handler's own flow, then ends: Lambda does not reuse such an instance.
 *
 * @param {unknown} thrown
 * @param {string} [type]
 */
function crash(thrown, type) {
  const outcome = errorOutcome(thrown, type);
  if (current === undefined) {
    console.error(outcome.stack === '' ? outcome.errorMessage : outcome.stack);
    process.exit(129);
  }
  tell({ kind: 'done', outcome, ends: true }, () => process.exit(129));
  current = undefined;
}

/** @returns {Promise<Function>} */
async function loadHandler() {
  const folder = path.dirname(handlerName);
  const [module = '', ...exportPath] = path.basename(handlerName).split('.');
  const base = path.resolve(taskRoot, folder, module);
  const file = ['', '.js', '.mjs', '.cjs'].map((extension) => base + extension).find((name) => existsSync(name));
  if (file === undefined || exportPath.length === 0) {
    throw named('Runtime.ImportModuleError', `the handler ${handlerName} names no module of the function's code`);
  }
  /** @type {any} */
  let found = await loadModule(file);
  for (const name of exportPath) {
    found = found?.[name];
  }
  if (typeof found !== 'function') {
    throw named('Runtime.HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  return found;
}

/** @param {string} file */
async function loadModule(file) {
  boundPackages(runtimeRoot);
  return isModule(file) ? import(pathToFileURL(file).href) : createRequire(file)(file);
}

/**
 * Whether a file is an ES module: by its extension, or by the nearest package.json of the function's code.
 *
 * @param {string} file
 */
function isModule(file) {
  if (!file.endsWith('.js')) {
    return file.endsWith('.mjs');
  }
  for (let folder = path.dirname(file); folder.startsWith(taskRoot); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) {
      return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
    }
  }
  return false;
}

/** @param {string} name @param {string} message */
function named(name, message) {
  return Object.assign(new Error(message), { name });
}

/** @param {InvokeMessage} message */
function contextOf({ requestId, deadline, functionArn }) {
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env['AWS_LAMBDA_FUNCTION_NAME'],
    functionVersion: process.env['AWS_LAMBDA_FUNCTION_VERSION'],
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'],
    logGroupName: process.env['AWS_LAMBDA_LOG_GROUP_NAME'],
    logStreamName: process.env['AWS_LAMBDA_LOG_STREAM_NAME'],
    invokedFunctionArn: functionArn,
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

/** What to do when nothing is left to wait for, which decides how a callback's answer leaves. */
let whenIdle = () => {};
process.on('beforeExit', () => whenIdle());

/** @param {Function} handler @param {InvokeMessage} message */
function invoke(handler, message) {
  current = message;
  const context = contextOf(message);
  // The channel must not count as something that the handler is waiting for.
  channel?.unref();
  whenIdle = () => succeed(message, null);
  /** @param {unknown} error @param {unknown} result */
  const callback = (error, result) => {
    const settle = () => (error === null || error === undefined ? succeed(message, result) : fail(message, error));
    if (current === message && context.callbackWaitsForEmptyEventLoop) {
      whenIdle = settle;
    } else {
      settle();
    }
  };
  try {
    const result = handler(message.event, context, callback);
    if (typeof result?.then === 'function') {
      whenIdle = () => crash(named('Runtime.NodejsExit', 'a promise that the handler waits for was never settled'));
      result.then(
        (/** @type {unknown} */ value) => succeed(message, value),
        (/** @type {unknown} */ error) => fail(message, error),
      );
    }
  } catch (error) {
    fail(message, error);
  }
}

process.on('uncaughtException', (error) => crash(error));
process.on('unhandledRejection', (reason) => crash(reason, 'Runtime.UnhandledPromiseRejection'));

try {
  const handler = await loadHandler();
  process.on('message', (/** @type {InvokeMessage} */ message) => invoke(handler, message));
  tell({ kind: 'ready' });
} catch (error) {
  const { errorType, errorMessage, stack } = errorOutcome(error);
  tell({ kind: 'init-error', outcome: { kind: 'error', errorType, errorMessage, stack } }, () => process.exit(1));
}
