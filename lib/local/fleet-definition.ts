import type { Resource } from './assembly.js';

/** What runs as one process of each member of a service. */
export interface Program {
  /** Tells it from the other programs of its service: the container's or the unit's name. */
  readonly name: string;
  /** The program and its arguments, as they are run here with this environment. */
  readonly command: (environment: Readonly<Record<string, string>>) => readonly string[];
  /**
   * The folder of this machine in which it runs.
   * @default - an empty one of its own
   */
  readonly folder?: string;
  /** What the template sets, resolved. */
  readonly variables: Readonly<Record<string, string>>;
  /**
   * Where it listens in AWS.
   * @default - it does not listen
   */
  readonly port?: number;
}

/** Which program of a member is behind a target group. */
export interface Registration {
  readonly targetGroupArn: string;
  /** The program's name. */
  readonly program: string;
}

/** A service of which several members run at once: tasks of ECS, or instances of an Auto Scaling group. */
export interface FleetDefinition {
  readonly resource: Resource;
  readonly kind: 'ecs-service' | 'auto-scaling-group';
  readonly name: string;
  /** How many members it has. */
  readonly desired: number;
  /** How few and how many members AWS would let it have. */
  readonly minimum: number;
  readonly maximum: number;
  readonly programs: readonly Program[];
  readonly registrations: readonly Registration[];
  /** How long a member has to end after SIGTERM, in milliseconds. */
  readonly stopTimeout: number;
  /** Whether SIGTERM goes to all processes of a member, as it does from systemd, or to its programs only. */
  readonly stopsAll: boolean;
  /** What about it is otherwise than on AWS. */
  readonly limits: readonly string[];
}
