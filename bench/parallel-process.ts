import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { PageRequest } from './parallel-application.js';

/** What a process is given to do: requests to make at once, as the visitor with this cookie. */
export interface Work {
  readonly cookie: string;
  readonly requests: readonly PageRequest[];
}

/** How a request was served in the end. */
export interface Served {
  /**
   * How often it was answered with a 503 when it had loaded the session, and made again. Before, while so many processes
   * start, a machine may be too busy to answer a load in time: that changes nothing, and is not counted.
   */
  readonly savesRefused: number;
  /** From the moment at which the requests of all processes had loaded the session to the reply. */
  readonly milliseconds: number;
}

/** A process that runs `parallel-worker.ts`, step by step. Each step rejects if the process ends instead. */
export class ParallelProcess {
  readonly #child: ChildProcess;
  readonly #work: Work;
  readonly #ended = new AbortController();
  readonly #exit: Promise<void>;

  /** @param script the bundle of `parallel-worker.ts` */
  constructor(script: string, work: Work) {
    // The environment as this module sees it, since jest has one for each test file. What the SDK has to say of this
    // Node it says once, here.
    const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
    this.#child = fork(script, { env });
    this.#work = work;
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => {
      this.#ended.abort(new Error(`a process ended before its work was done, with ${signal ?? `code ${code}`}`));
    });
  }

  /** Waits until it is ready for work. */
  async ready(): Promise<void> {
    await this.#answer();
  }

  /** Makes it load the session in all its requests. */
  async load(): Promise<void> {
    this.#child.send(this.#work);
    await this.#answer();
  }

  /** Makes its requests go on, and tells how they were served. */
  async save(): Promise<readonly Served[]> {
    this.#child.send('go on');
    return (await this.#answer()) as Served[];
  }

  /** Ends it, whatever it is doing. */
  async stop(): Promise<void> {
    this.#child.kill();
    await this.#exit;
  }

  async #answer(): Promise<unknown> {
    const [message] = await once(this.#child, 'message', { signal: this.#ended.signal });
    return message;
  }
}
