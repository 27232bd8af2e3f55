import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServerAddress } from './health-check.js';
import { type Health, HealthMonitor, type HealthPace } from './health-monitor.js';
import { type Candidate, slowStartShare } from './target-choice.js';
import type { ServerGroup } from './target-group.js';

/** A server that can be registered in a target group. */
export interface ServerTarget extends ServerAddress {
  /** What it is called: the same id means the same target, for cookies too. */
  readonly id: string;
}

/** The state of a target (ELB user guide, "Target health status"). */
export type TargetState = Health | 'draining';

/** Ends a request at once, whatever it is at. */
export type Cut = () => void;

/** A target in a target group, from its registration until its last request is over. */
export class Member implements Candidate {
  /** The connections to it that wait for their next request. */
  readonly agent: Agent;
  private readonly monitor: HealthMonitor;
  private readonly requests = new Set<Cut>();
  private draining = false;
  private slowSince: number | undefined;
  private idle: (() => void) | undefined;

  constructor(
    readonly group: ServerGroup,
    readonly target: ServerTarget,
    pace: HealthPace,
    onChange: (member: Member, fault: string | undefined) => void,
  ) {
    // A load balancer does not validate the certificates of targets.
    this.agent =
      group.protocol === 'HTTPS'
        ? new SecureAgent({ keepAlive: true, rejectUnauthorized: false })
        : new Agent({ keepAlive: true });
    this.monitor = new HealthMonitor(group.healthCheck, target, pace, (_, fault) => onChange(this, fault));
  }

  get state(): TargetState {
    return this.draining ? 'draining' : this.monitor.health;
  }

  get outstanding(): number {
    return this.requests.size;
  }

  get share(): number {
    return slowStartShare(this.slowSince, this.group.slowStart, performance.now());
  }

  /** Enters slow start mode, or leaves it. */
  startSlowly(slowly: boolean): void {
    this.slowSince = slowly ? performance.now() : undefined;
  }

  /** Counts a request. @returns what to call when it is over */
  begin(cut: Cut): () => void {
    this.requests.add(cut);
    return () => {
      this.requests.delete(cut);
      if (this.requests.size === 0) {
        this.idle?.();
      }
    };
  }

  /** Takes no new requests, and settles when those under way are over, or were cut when the delay was. */
  async drain(): Promise<void> {
    this.draining = true;
    this.monitor.stop();
    if (this.requests.size > 0) {
      const over = new AbortController();
      const idle = new Promise<void>((resolve) => {
        this.idle = resolve;
      });
      const late = delay(this.group.deregistrationDelay, undefined, { signal: over.signal }).catch(() => {});
      await Promise.race([idle, late]);
      over.abort();
    }
    this.close();
  }

  /** Cuts what is under way. */
  close(): void {
    this.draining = true;
    this.monitor.stop();
    for (const cut of [...this.requests]) {
      cut();
    }
    this.idle?.();
    this.agent.destroy();
  }
}
