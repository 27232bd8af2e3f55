import { setTimeout as pause } from 'node:timers/promises';
import { LocalError, messageOf } from './errors.js';
import type { FleetDefinition } from './fleet-definition.js';
import { FleetMember, type PreparedProgram } from './fleet-member.js';
import type { LocalMember, LocalService } from './local-service.js';
import { located } from './support.js';
import type { Targets } from './targets.js';

/** How fast a service reacts, in milliseconds. */
export interface FleetPace {
  /** From the end of a member until it is noticed, deregistered and replaced. */
  readonly notice: number;
  /** How long a member must have run for its end to be no failure to start. */
  readonly lasting: number;
  /** Until the first new attempt after a failure; each one after that takes twice as long. */
  readonly retry: number;
  readonly longestRetry: number;
  /** How long a member may take to listen before what may be wrong is told. */
  readonly patience: number;
  /** How long a member has to end when the whole run does. */
  readonly farewell: number;
}

/** ECS notices what ended within seconds, and waits longer and longer for what fails to start ("service throttle logic"). */
export const FLEET_PACE: FleetPace = {
  notice: 1000,
  lasting: 10_000,
  retry: 1000,
  longestRetry: 30_000,
  patience: 10_000,
  farewell: 2000,
};

/** What a fleet needs of the run around it. */
export interface FleetOptions {
  readonly programs: readonly PreparedProgram[];
  readonly targets: Pick<Targets, 'register' | 'deregister' | 'state'>;
  readonly log: (line: string) => void;
  readonly pace: FleetPace;
}

/** More than that would not show anything else, and are soon too many for a laptop. */
export const MOST_MEMBERS = 50;

/** After so many failures in a row it is told that nothing stays up, once, and no longer how each one ended. */
const FAILURES_TOLD = 3;

/** How often it is looked whether all have settled, in milliseconds. */
const SETTLING_TRIES = 20;

/** Keeps as many members of a service running as it is to have. */
export class Fleet implements LocalService {
  readonly stack: string;
  readonly logicalId: string;
  readonly path: string;
  /** Those that start or run, the oldest first. */
  private readonly active = new Set<FleetMember>();
  private readonly leaving = new Set<FleetMember>();
  /** The members that somebody ended by a command. */
  private readonly killed = new WeakSet<FleetMember>();
  private desired: number;
  /** How often in a row nothing stayed up. */
  private failures = 0;
  private toldDown = false;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly definition: FleetDefinition,
    private readonly options: FleetOptions,
  ) {
    ({ stack: this.stack, logicalId: this.logicalId, path: this.path } = located(definition.resource));
    this.desired = Math.min(definition.desired, MOST_MEMBERS);
    this.fill();
  }

  get kind(): FleetDefinition['kind'] {
    return this.definition.kind;
  }

  get name(): string {
    return this.definition.name;
  }

  get members(): readonly LocalMember[] {
    const [registration] = this.definition.registrations;
    return [...this.active, ...this.leaving].map(({ id, ports, state }) => {
      const [port] = ports.values();
      const health =
        registration === undefined ? undefined : this.options.targets.state(registration.targetGroupArn, id);
      return { id, ...(port !== undefined && { port }), state, ...(health !== undefined && { health }) };
    });
  }

  async scale(count: number): Promise<void> {
    const { minimum, maximum } = this.definition;
    const most = Math.min(maximum, MOST_MEMBERS);
    if (!Number.isInteger(count) || count < minimum || count > most) {
      const expected = `a whole number from ${minimum} to ${most}`;
      throw new LocalError('ERR_LOCAL_OPTION', `the size of ${this.path} must be ${expected}, received ${count}`);
    }
    this.desired = count;
    const surplus = [...this.active].slice(count);
    this.fill();
    await Promise.all([...surplus.map((member) => this.take(member)), this.settled()]);
  }

  async stop(id: string): Promise<void> {
    const taken = this.take(this.member(id, this.active));
    this.fill();
    await taken;
  }

  async kill(id: string): Promise<void> {
    const member = this.member(id, new Set([...this.active, ...this.leaving]));
    this.killed.add(member);
    member.kill();
    await member.gone;
  }

  /** Replaces all members, one after the other, each when another one runs in its place. Ends early if that fails. */
  async recycle(): Promise<void> {
    for (const old of [...this.active]) {
      if (this.stopped || !this.active.has(old)) {
        continue;
      }
      const fresh = this.launch();
      if (!(await fresh.started)) {
        return;
      }
      await this.settled();
      // Meanwhile somebody may have stopped it, or scaled away the one that runs in its place.
      if (this.active.has(old)) {
        await this.stop(old.id);
      }
    }
  }

  /** Settles when all members run and were checked, or fail to start, or take longer than anybody would wait. */
  async settled(): Promise<void> {
    const deadline = Date.now() + this.options.pace.patience;
    const unsettled = () => this.members.some(({ state, health }) => state === 'starting' || health === 'initial');
    while (!this.stopped && this.retry === undefined && unsettled() && Date.now() < deadline) {
      await pause(SETTLING_TRIES);
    }
  }

  /** Ends all members. They have less time than AWS would give them. */
  async close(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    const time = Math.min(this.options.pace.farewell, this.definition.stopTimeout);
    await Promise.all([...this.active, ...this.leaving].map((member) => member.end(time)));
  }

  private member(id: string, among: ReadonlySet<FleetMember>): FleetMember {
    const found = [...among].find((member) => member.id === id);
    if (found === undefined) {
      const ids = [...among].map((member) => member.id).join(', ');
      throw new LocalError('ERR_LOCAL_OPTION', `${this.path} has no member ${id}: it has ${ids || 'none'}`);
    }
    return found;
  }

  private fill(): void {
    while (!this.stopped && this.retry === undefined && this.active.size < this.desired) {
      this.launch();
    }
  }

  private launch(): FleetMember {
    const { log, pace, programs } = this.options;
    const { stopTimeout, stopsAll } = this.definition;
    const member = new FleetMember({
      programs,
      stopTimeout,
      stopsAll,
      patience: pace.patience,
      log: (line) => log(`${this.path} ${line}`),
    });
    this.active.add(member);
    void this.follow(member);
    return member;
  }

  /** From the start of a member to its end by itself, or by `kill`. */
  private async follow(member: FleetMember): Promise<void> {
    // It may have been taken out since it started.
    if ((await member.started) && member.state === 'running') {
      this.register(member);
    }
    const began = Date.now();
    const how = await member.ended;
    if (this.stopped || !this.active.has(member)) {
      return;
    }
    const lasted = this.killed.has(member) || Date.now() - began >= this.options.pace.lasting;
    if (lasted) {
      await pause(this.options.pace.notice, undefined, { ref: false });
    }
    this.active.delete(member);
    void this.deregister(member);
    if (!this.stopped) {
      this.replace(member, how, lasted);
    }
  }

  private replace({ id }: FleetMember, how: string, lasted: boolean): void {
    const { log, pace } = this.options;
    if (!this.toldDown) {
      log(`${this.path} #${id} ended ${how}`);
    }
    if (lasted) {
      this.failures = 0;
      this.toldDown = false;
    } else if (this.retry === undefined) {
      const delay = Math.min(pace.retry * 2 ** this.failures, pace.longestRetry);
      this.failures += 1;
      this.retry = setTimeout(() => {
        this.retry = undefined;
        this.fill();
      }, delay);
    }
    if (!this.toldDown && this.failures >= FAILURES_TOLD && this.active.size === 0) {
      this.toldDown = true;
      log(
        `${this.path}: none of its processes stays up, the last one ended ${how}: it is tried again, ever less often`,
      );
    }
    this.fill();
  }

  /** Takes a member out: no new requests, then the end. */
  private async take(member: FleetMember): Promise<void> {
    this.active.delete(member);
    this.leaving.add(member);
    member.retire();
    await this.deregister(member);
    await member.end();
    this.leaving.delete(member);
  }

  private register({ id, ports }: FleetMember): void {
    for (const { targetGroupArn, program } of this.definition.registrations) {
      const port = ports.get(program);
      if (port !== undefined) {
        this.options.targets.register(targetGroupArn, { id, host: '127.0.0.1', port });
      }
    }
  }

  private async deregister({ id }: FleetMember): Promise<void> {
    const groups = this.definition.registrations.map(({ targetGroupArn }) => targetGroupArn);
    try {
      await Promise.all(groups.map((arn) => this.options.targets.deregister(arn, id)));
    } catch (error) {
      this.options.log(`${this.path} #${id} could not be deregistered: ${messageOf(error)}`);
    }
  }
}
