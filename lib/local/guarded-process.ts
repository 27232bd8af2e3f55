import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { types } from 'node:util';
import { messageOf } from './errors.js';
import { onLines } from './lines.js';

/** How many of its last lines are kept, to tell why it ended. */
const LINES = 20;

/**
 * A shell that becomes the program, and leaves behind a guard who kills it, and all that it has started, when this process
 * is gone, however it went: then the pipe of the third descriptor ends. A line in the pipe sends the guard home. What ends
 * the program's group of processes gently must not end the guard, who is one of them.
 */
const GUARDED = `{ trap '' TERM; read -r _ <&3 || kill -KILL -$$; } >/dev/null 2>&1 & exec "$@" 3<&-`;

/** Where a program runs, and with what. */
export interface GuardedOptions {
  /** @default - the folder of this process */
  readonly folder?: string;
  /** @default - `PATH` of this process, and nothing else */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Takes each line that it writes.
   * @default - nobody does
   */
  readonly onLine?: (line: string) => void;
}

/**
 * A process that does not outlive this one, nor leaves behind what it has started itself, and that signals from a terminal
 * do not reach: who started it ends it. For POSIX systems.
 */
export class GuardedProcess {
  /** Settles when it is gone, or could not be started, with how it ended: `by SIGKILL`, `with exit code 1`. */
  readonly exited: Promise<string>;
  private readonly process: ChildProcess;
  private readonly lines: string[] = [];
  private ended = false;

  constructor(
    command: string,
    argv: readonly string[],
    private readonly options: GuardedOptions = {},
  ) {
    const { PATH = '' } = process.env;
    const { folder, environment = { PATH } } = options;
    this.process = spawn('/bin/sh', ['-c', GUARDED, 'sh', command, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: environment,
      ...(folder !== undefined && { cwd: folder }),
    });
    const [, stdout, stderr, guard] = this.process.stdio;
    for (const stream of [stdout, stderr]) {
      onLines(stream as Readable, (line) => this.keep(line));
    }
    // A guard who has gone already, with the process, needs no word.
    (guard as Writable).on('error', () => {});
    this.exited = this.untilGone().then((how) => {
      this.ended = true;
      this.killGroup('SIGKILL');
      (guard as Writable).end('\n');
      return how;
    });
  }

  /** Of the program itself, not of a shell around it. */
  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) {
      throw new Error('the process was not started');
    }
    return pid;
  }

  get running(): boolean {
    return !this.ended;
  }

  /** What it wrote last. */
  get output(): readonly string[] {
    return this.lines;
  }

  /** Sends it a signal. Does nothing if it is gone. */
  kill(signal: NodeJS.Signals): void {
    if (this.running) {
      this.process.kill(signal);
    }
  }

  /** Sends a signal to it and to all that it has started. Does nothing if it is gone. */
  killAll(signal: NodeJS.Signals): void {
    if (this.running) {
      this.killGroup(signal);
    }
  }

  private killGroup(signal: NodeJS.Signals): void {
    const { pid } = this.process;
    try {
      if (pid !== undefined) {
        process.kill(-pid, signal);
      }
    } catch (error) {
      // No process of the group is left.
      if (!(types.isNativeError(error) && 'code' in error && error.code === 'ESRCH')) {
        throw error;
      }
    }
  }

  private async untilGone(): Promise<string> {
    try {
      const [code, signal] = await once(this.process, 'exit');
      return signal === null ? `with exit code ${code}` : `by ${signal}`;
    } catch (error) {
      return `before it began: ${messageOf(error)}`;
    }
  }

  private keep(line: string): void {
    this.options.onLine?.(line);
    this.lines.push(line);
    this.lines.splice(0, this.lines.length - LINES);
  }
}
