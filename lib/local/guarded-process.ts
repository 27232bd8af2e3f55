import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { messageOf } from './errors.js';

/** How many of its last lines are kept, to tell why it ended. */
const LINES = 20;

/**
 * A shell that becomes the program, and leaves behind a guard who kills it when this process is gone, however it went:
 * then the pipe of the third descriptor ends. A line in the pipe sends the guard home.
 */
const GUARDED = `{ read -r _ <&3 || kill -KILL $$; } >/dev/null 2>&1 & exec "$@" 3<&-`;

/**
 * A process that does not outlive this one, and that signals from a terminal do not reach: who started it ends it.
 * For POSIX systems.
 */
export class GuardedProcess {
  /** Settles when it is gone, or could not be started, with how it ended: `by SIGKILL`, `with exit code 1`. */
  readonly exited: Promise<string>;
  private readonly process: ChildProcess;
  private readonly lines: string[] = [];
  private ended = false;

  constructor(command: string, argv: readonly string[]) {
    const { PATH } = process.env;
    this.process = spawn('/bin/sh', ['-c', GUARDED, 'sh', command, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: { PATH },
    });
    const [, stdout, stderr, guard] = this.process.stdio;
    for (const stream of [stdout, stderr]) {
      createInterface({ input: stream as Readable }).on('line', (line) => this.keep(line));
    }
    // A guard who has gone already, with the process, needs no word.
    (guard as Writable).on('error', () => {});
    this.exited = this.untilGone().then((how) => {
      this.ended = true;
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

  private async untilGone(): Promise<string> {
    try {
      const [code, signal] = await once(this.process, 'exit');
      return signal === null ? `with exit code ${code}` : `by ${signal}`;
    } catch (error) {
      return `before it began: ${messageOf(error)}`;
    }
  }

  private keep(line: string): void {
    this.lines.push(line);
    this.lines.splice(0, this.lines.length - LINES);
  }
}
