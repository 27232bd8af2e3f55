import { LocalError } from './errors.js';
import { HEALTH_PACE, type HealthPace } from './health-monitor.js';
import { TargetChoice } from './target-choice.js';
import type { ServerGroup } from './target-group.js';
import { Member, type ServerTarget, type TargetState } from './target-member.js';

export type { ServerTarget, TargetState } from './target-member.js';

interface RunningGroup {
  readonly group: ServerGroup;
  readonly choice: TargetChoice<Member>;
  members: readonly Member[];
}

/** The servers behind the target groups of a run. */
export class Targets {
  private readonly groups: ReadonlyMap<string, RunningGroup>;

  constructor(
    groups: readonly ServerGroup[],
    private readonly log: (line: string) => void,
    private readonly pace: HealthPace = HEALTH_PACE,
  ) {
    this.groups = new Map(
      groups.map((group) => [group.arn, { group, choice: new TargetChoice(group.algorithm), members: [] }]),
    );
  }

  /** Whether servers can be registered in a target group of this ARN. */
  has(targetGroupArn: string): boolean {
    return this.groups.has(targetGroupArn);
  }

  /**
   * Registers a server. Its health checks begin; it gets requests once it has passed one. One that is draining is
   * registered anew.
   *
   * @throws LocalError ERR_LOCAL_TEMPLATE if there is no target group for servers of this ARN, or if the id is taken.
   */
  register(targetGroupArn: string, target: ServerTarget): void {
    const running = this.running(targetGroupArn);
    if (active(running, target.id) !== undefined) {
      throw new LocalError('ERR_LOCAL_TEMPLATE', `${target.id} is already registered in ${targetGroupArn}`);
    }
    const member = new Member(running.group, target, this.pace, (changed, fault) =>
      this.changed(running, changed, fault),
    );
    running.members = [...running.members, member];
  }

  /**
   * Takes a server out: it gets no new requests, sticky ones included. Settles when the requests under way are over; when
   * the deregistration delay is, they are cut (ELB user guide, "Deregistration delay"). Does nothing if it is not
   * registered.
   */
  async deregister(targetGroupArn: string, id: string): Promise<void> {
    const running = this.running(targetGroupArn);
    const member = active(running, id);
    if (member !== undefined) {
      await member.drain();
      running.members = running.members.filter((each) => each !== member);
    }
  }

  /** The state of a server; `undefined` if it is not, or no longer, registered. */
  state(targetGroupArn: string, id: string): TargetState | undefined {
    return this.groups.get(targetGroupArn)?.members.findLast(({ target }) => target.id === id)?.state;
  }

  /**
   * Chooses the target of a request: the healthy one of this id, or else the next one by the algorithm. While no target
   * is healthy and some are unhealthy, these get the requests ("fail open"). `undefined` if there is none.
   */
  choose(targetGroupArn: string, stuckTo: string | undefined): Member | undefined {
    const { members, choice } = this.running(targetGroupArn);
    const healthy = members.filter(({ state }) => state === 'healthy');
    const candidates = healthy.length > 0 ? healthy : members.filter(({ state }) => state === 'unhealthy');
    return candidates.find(({ target }) => target.id === stuckTo) ?? choice.next(candidates);
  }

  /** Ends the health checks and cuts the requests under way. */
  async stop(): Promise<void> {
    for (const running of this.groups.values()) {
      for (const member of running.members) {
        member.close();
      }
      running.members = [];
    }
  }

  private running(targetGroupArn: string): RunningGroup {
    const running = this.groups.get(targetGroupArn);
    if (running === undefined) {
      throw new LocalError('ERR_LOCAL_TEMPLATE', `there is no target group for servers of the ARN ${targetGroupArn}`);
    }
    return running;
  }

  /**
   * "Newly registered targets enter slow start mode only when there is at least one healthy target that is not in slow
   * start mode" (ELB user guide, "Slow start mode"); one that becomes healthy again enters it again.
   */
  private changed(running: RunningGroup, member: Member, fault: string | undefined): void {
    const others = running.members.filter((each) => each !== member && each.state === 'healthy' && each.share === 1);
    member.startSlowly(member.state === 'healthy' && others.length > 0);
    const why = fault === undefined ? '' : `: ${fault}`;
    this.log(`${running.group.resource.path}: the target ${member.target.id} is ${member.state}${why}`);
  }
}

function active({ members }: RunningGroup, id: string): Member | undefined {
  return members.find(({ target, state }) => target.id === id && state !== 'draining');
}
