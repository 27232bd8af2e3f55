import type { MemberState } from './fleet-member.js';
import type { Location } from './support.js';
import type { TargetState } from './targets.js';

/** A task of an ECS service, or an instance of an Auto Scaling group. */
export interface LocalMember {
  readonly id: string;
  /**
   * Where it listens on this machine; where its first program does that listens, if it has several.
   * @default - it does not listen
   */
  readonly port?: number;
  /** `starting` until it listens, `stopping` once it is to end. */
  readonly state: MemberState;
  /**
   * How its target group finds it; the first one, if it is in several.
   * @default - it is not registered
   */
  readonly health?: TargetState;
}

/** An ECS service, or an Auto Scaling group, that runs. */
export interface LocalService extends Location {
  readonly kind: 'ecs-service' | 'auto-scaling-group';
  readonly name: string;
  /** Those that start or run, and then those that are stopping. */
  readonly members: readonly LocalMember[];
  /**
   * Changes how many members it has. Settles when the new ones run, or fail to, and those that are too many are gone: the
   * youngest ones, each as by `stop`.
   *
   * @throws LocalError ERR_LOCAL_OPTION if AWS would not permit that number, or this machine could not carry it.
   */
  scale(count: number): Promise<void>;
  /**
   * Stops a member: it gets no new requests, may end those that it has, within the deregistration delay of its target
   * group, and then gets SIGTERM, and SIGKILL when its time is over. Another one takes its place meanwhile, as on AWS.
   * Settles when it is gone.
   *
   * @throws LocalError ERR_LOCAL_OPTION if there is no such member.
   */
  stop(id: string): Promise<void>;
  /**
   * Ends a member at once, as by a failing machine: requests fail until it is noticed, then another one takes its place.
   * Settles when it is gone.
   *
   * @throws LocalError ERR_LOCAL_OPTION if there is no such member.
   */
  kill(id: string): Promise<void>;
}
