import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onLines } from './lines.js';

/** What an invocation came to. A function that fails is an outcome like any other. */
export type Invocation =
  /** The handler's answer, as JSON. */
  | { readonly kind: 'result'; readonly payload: string }
  /** The function failed. The names of types are those that Lambda's runtime reports. */
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string; readonly stack: string }
  /** There was no instance for it: `errorMessage` says why. */
  | { readonly kind: 'throttled'; readonly errorMessage: string };

/** What an instance is started with. */
export interface InstanceOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly taskRoot: string;
  readonly functionArn: string;
  /** How long one invocation may take, in milliseconds. */
  readonly timeout: number;
  readonly log: (line: string) => void;
}

/**
 * Initialization has 10 s of its own; when they are over Lambda starts once more, within the timeout of the first
 * invocation (Lambda developer guide, "Understanding the Lambda execution environment lifecycle"). Here it is one try
 * with both times.
 */
const INITIALIZATION = 10_000;

/** Lambda's limit for answers, in bytes (Lambda developer guide, "Lambda quotas"). */
const LONGEST_RESULT = 6 * 1024 * 1024 + 100;

const WORKER = fileURLToPath(new URL('./worker.mjs', import.meta.url));

type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-error'; readonly outcome: Invocation }
  /** `ends`: the process exits next, although it has answered. */
  | { readonly kind: 'done'; readonly outcome: Invocation; readonly ends?: boolean };

/** One execution environment: a process that serves one event at a time. */
export class Instance {
  readonly id = randomUUID().slice(0, 8);
  /** How many events it was given. */
  invocations = 0;
  /** Settles when it can take events, or with the error that it started with. */
  readonly started: Promise<'ready' | Invocation>;
  /** Settles when the process is gone. */
  readonly exited: Promise<void>;

  private readonly process: ChildProcess;
  private settle: ((outcome: Invocation) => void) | undefined;
  private ending = false;

  constructor(private readonly options: InstanceOptions) {
    this.process = fork(WORKER, [], {
      cwd: options.taskRoot,
      env: { ...options.environment, AWS_LAMBDA_LOG_STREAM_NAME: `local/[$LATEST]${this.id}` },
      // None of the options of the runner's own process, such as a loader for TypeScript.
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      this.logLines(stream);
    }
    this.exited = new Promise((resolve) => {
      this.process.once('exit', () => resolve());
      this.process.once('error', () => resolve());
    });
    this.started = this.awaitStart();
    this.process.on('message', (message: WorkerMessage) => {
      if (message.kind === 'done') {
        this.ending ||= message.ends === true;
        this.settle?.(withinLimit(message.outcome));
      }
    });
    this.process.once('exit', (code, signal) => {
      const how = code === null ? `by ${signal}` : `with exit status ${code}`;
      this.settle?.(failure('Runtime.ExitError', `the runtime exited ${how} before the handler answered`));
    });
  }

  /** Whether the process still runs and can be given an event. */
  get alive(): boolean {
    return !this.ending && this.process.connected && this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Gives it an event. It must have started, and must not be busy. */
  invoke(event: unknown): Promise<Invocation> {
    this.invocations += 1;
    const { timeout, functionArn } = this.options;
    const requestId = randomUUID();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        const message = `${requestId} Task timed out after ${(timeout / 1000).toFixed(2)} seconds`;
        void this.kill();
        this.settle?.(failure('Sandbox.Timedout', message));
      }, timeout);
      this.settle = (outcome) => {
        clearTimeout(timer);
        this.settle = undefined;
        resolve(outcome);
      };
      this.process.send({ requestId, event, functionArn, deadline: Date.now() + timeout }, (error) => {
        if (error) {
          this.settle?.(failure('Runtime.ExitError', `the runtime is gone: ${error.message}`));
        }
      });
    });
  }

  /** Ends the process, as Lambda does: without notice. */
  kill(): Promise<void> {
    this.ending = true;
    this.process.kill('SIGKILL');
    return this.exited;
  }

  private awaitStart(): Promise<'ready' | Invocation> {
    return new Promise((resolve) => {
      const limit = INITIALIZATION + this.options.timeout;
      const timer = setTimeout(() => {
        resolve(failure('Sandbox.Timedout', `the function was not ready after ${limit / 1000} s`));
        void this.kill();
      }, limit);
      const settle = (outcome: 'ready' | Invocation) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      this.process.on('message', (message: WorkerMessage) => {
        if (message.kind === 'ready') {
          settle('ready');
        } else if (message.kind === 'init-error') {
          settle(message.outcome);
        }
      });
      this.process.once('error', (error) => settle(failure('Runtime.InvalidEntrypoint', error.message)));
      this.process.once('exit', (code, signal) =>
        settle(failure('Runtime.ExitError', `the runtime exited while it started (${signal ?? `status ${code}`})`)),
      );
    });
  }

  private logLines(stream: Readable | null): void {
    if (stream !== null) {
      onLines(stream, (line) => this.options.log(`#${this.id} ${line}`));
    }
  }
}

function withinLimit(outcome: Invocation): Invocation {
  return outcome.kind === 'result' && Buffer.byteLength(outcome.payload) > LONGEST_RESULT
    ? failure('Function.ResponseSizeTooLarge', 'the answer exceeds the 6 MB that Lambda permits')
    : outcome;
}

function failure(errorType: string, errorMessage: string): Invocation {
  return { kind: 'error', errorType, errorMessage, stack: '' };
}
