import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from './errors.js';
import type { Program } from './fleet-definition.js';
import { freePort } from './free-port.js';
import { GuardedProcess } from './guarded-process.js';
import { isListening } from './listening.js';

/** A program with what this machine adds to it. */
export interface PreparedProgram extends Pick<Program, 'name' | 'command' | 'port'> {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What a member is started with. */
export interface MemberOptions {
  readonly programs: readonly PreparedProgram[];
  /** How long it has to end after SIGTERM, in milliseconds. */
  readonly stopTimeout: number;
  readonly stopsAll: boolean;
  /** How long it may take to listen before what may be wrong is told, in milliseconds. */
  readonly patience: number;
  readonly log: (line: string) => void;
}

/** `starting` until all of its programs listen that do so in AWS; `stopping` once it is to end. */
export type MemberState = 'starting' | 'running' | 'stopping';

/** How often it is tried whether it listens, in milliseconds. */
const LISTENING_TRIES = 25;

/** The variable that tells a program on which port to listen. */
export const PORT_VARIABLE = 'PORT';

/** A task of ECS or an instance: a process for each program, each with a port of its own. */
export class FleetMember {
  readonly id = randomUUID().slice(0, 8);
  /** Settles when it runs, or with `false` when it ended before. */
  readonly started: Promise<boolean>;
  /** Settles when the first of its processes is gone, with how that ended: the others are then ended as well. */
  readonly ended: Promise<string>;
  /** Settles when all of its processes are gone. */
  readonly gone: Promise<void>;
  private readonly taken = new Map<string, number>();
  private processes: readonly GuardedProcess[] = [];
  private current: MemberState = 'starting';
  private terminated = false;

  constructor(private readonly options: MemberOptions) {
    const begun = this.begin();
    this.ended = begun.then((reason) => reason ?? Promise.race(this.processes.map(({ exited }) => exited)));
    this.gone = this.ended.then(() => this.end());
    this.started = begun.then((reason) => reason === undefined && this.listens());
  }

  get state(): MemberState {
    return this.current;
  }

  /** The ports on which its programs listen here, by the programs' names. */
  get ports(): ReadonlyMap<string, number> {
    return this.taken;
  }

  /** From now on it is `stopping`, though nothing ends it yet. */
  retire(): void {
    this.current = 'stopping';
  }

  /** Ends it as AWS does: SIGTERM, and SIGKILL when the time is over. Settles when it is gone. May be called again. */
  async end(stopTimeout = this.options.stopTimeout): Promise<void> {
    this.retire();
    this.terminate();
    const over = new AbortController();
    const limit = pause(stopTimeout, undefined, { signal: over.signal }).then(
      () => this.kill(),
      () => {},
    );
    await Promise.all(this.processes.map(({ exited }) => exited));
    over.abort();
    await limit;
  }

  /** Ends it at once. */
  kill(): void {
    this.retire();
    for (const process of this.processes) {
      process.killAll('SIGKILL');
    }
  }

  /** Once: many programs take a second signal for impatience. */
  private terminate(): void {
    if (this.terminated) {
      return;
    }
    this.terminated = true;
    for (const process of this.processes) {
      if (this.options.stopsAll) {
        process.killAll('SIGTERM');
      } else {
        process.kill('SIGTERM');
      }
    }
  }

  /** Starts the processes. Answers with why there are not all of them, if there are not. */
  private async begin(): Promise<string | undefined> {
    const { programs } = this.options;
    try {
      for (const { name, port } of programs) {
        if (port !== undefined) {
          this.taken.set(name, await freePort());
        }
      }
      if (this.current === 'stopping') {
        return 'before it began';
      }
      for (const program of programs) {
        this.processes = [...this.processes, this.run(program)];
      }
      return undefined;
    } catch (error) {
      return `before it began: ${messageOf(error)}`;
    }
  }

  private run({ name, command, folder, environment: given }: PreparedProgram): GuardedProcess {
    const { programs, log } = this.options;
    const port = this.taken.get(name);
    const environment = { ...given, ...(port !== undefined && { [PORT_VARIABLE]: String(port) }) };
    const [first = '', ...argv] = command(environment);
    const who = programs.length === 1 ? `#${this.id}` : `#${this.id}/${name}`;
    return new GuardedProcess(first, argv, { folder, environment, onLine: (line) => log(`${who} ${line}`) });
  }

  private async listens(): Promise<boolean> {
    const complaint = Date.now() + this.options.patience;
    let complained = false;
    while (this.current === 'starting' && this.processes.every(({ running }) => running)) {
      const silent = await this.silent();
      if (silent.length === 0) {
        // What was found out may have changed while it was.
        if (this.state === 'starting') {
          this.current = 'running';
          return true;
        }
        break;
      }
      if (!complained && Date.now() > complaint) {
        complained = true;
        await Promise.all(silent.map((program) => this.complain(program)));
      }
      await pause(LISTENING_TRIES);
    }
    return false;
  }

  /** The programs that should listen and do not. */
  private async silent(): Promise<readonly PreparedProgram[]> {
    const programs = this.options.programs.filter(({ name }) => this.taken.has(name));
    const listening = await Promise.all(programs.map(({ name }) => isListening(this.taken.get(name) ?? 0)));
    return programs.filter((_, index) => !listening[index]);
  }

  private async complain({ name, port = 0 }: PreparedProgram): Promise<void> {
    const { log, patience } = this.options;
    const what = `#${this.id} ${name} does not listen on port ${this.taken.get(name)} after ${patience / 1000} s`;
    const why = (await isListening(port))
      ? `while somebody listens on ${port}, its port in AWS`
      : 'so it gets no requests';
    log(`${what}, ${why}: let it listen on the port that the variable ${PORT_VARIABLE} names, not on a fixed one`);
  }
}
