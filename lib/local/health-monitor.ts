import { setTimeout as delay } from 'node:timers/promises';
import { checkOnce, type HealthCheck, LONGEST_INTERVAL, type ServerAddress } from './health-check.js';

/** What checks have found out about a target. */
export type Health = 'initial' | 'healthy' | 'unhealthy';

/** How often targets are checked, in milliseconds. */
export interface HealthPace {
  /** Between the checks of a target that has not passed one yet. */
  readonly initial: number;
  /** Between others at most, whatever the template says. */
  readonly longest: number;
}

/** A server that starts is found in no time, and one that died within a few seconds. */
export const HEALTH_PACE: HealthPace = { initial: 250, longest: LONGEST_INTERVAL };

/**
 * Counts what checks came to (ELB user guide, "Health checks for Application Load Balancer target groups"): a new target
 * is healthy with its first success; thresholds count from then on. How often it may fail before that is up to who checks.
 */
export class HealthCount {
  private state: Health = 'initial';
  /** Checks in a row that speak against the state. */
  private against = 0;

  constructor(
    private readonly thresholds: Pick<HealthCheck, 'healthyThreshold' | 'unhealthyThreshold'>,
    /** How many checks in a row a new target must fail to be unhealthy. */
    private readonly firstTries: number,
  ) {}

  get health(): Health {
    return this.state;
  }

  /** Takes in one check. */
  record(passed: boolean): void {
    const confirmed = this.state === (passed ? 'healthy' : 'unhealthy');
    this.against = confirmed ? 0 : this.against + 1;
    if (passed && this.state === 'initial') {
      this.enter('healthy');
    } else if (this.against >= this.threshold()) {
      this.enter(passed ? 'healthy' : 'unhealthy');
    }
  }

  private threshold(): number {
    switch (this.state) {
      case 'initial':
        return this.firstTries;
      case 'healthy':
        return this.thresholds.unhealthyThreshold;
      case 'unhealthy':
        return this.thresholds.healthyThreshold;
    }
  }

  private enter(state: Health): void {
    this.state = state;
    this.against = 0;
  }
}

/**
 * Checks one target, again and again. A new target has as much time as on AWS to pass its first check, and is checked
 * often in it.
 */
export class HealthMonitor {
  private readonly count: HealthCount;
  private readonly ended = new AbortController();
  private told = false;

  constructor(
    private readonly check: HealthCheck,
    private readonly address: ServerAddress,
    private readonly pace: HealthPace,
    /** Is told when the health has changed, and of the first answer that is none of a healthy target; `fault` is what the last check found. */
    private readonly onChange: (health: Health, fault: string | undefined) => void,
  ) {
    this.count = new HealthCount(check, Math.ceil((check.interval * check.unhealthyThreshold) / pace.initial));
    void this.run();
  }

  get health(): Health {
    return this.count.health;
  }

  /** Ends the checks. */
  stop(): void {
    this.ended.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      const started = performance.now();
      const fault = await checkOnce(this.check, this.address, signal);
      if (signal.aborted) {
        return;
      }
      const before = this.health;
      this.count.record(fault === undefined);
      if (this.health !== before || this.answersWrongly(fault)) {
        this.told = true;
        this.onChange(this.health, fault);
      }
      const { initial, longest } = this.pace;
      const interval = this.health === 'initial' ? initial : Math.min(this.check.interval, longest);
      // Ends early, with an error that says nothing new, when the monitor is stopped.
      await delay(Math.max(0, interval - (performance.now() - started)), undefined, { signal }).catch(() => {});
    }
  }

  /** A server that does not listen yet will; one that answers with the wrong status keeps its visitors waiting for a minute. */
  private answersWrongly(fault: string | undefined): boolean {
    return !this.told && fault?.includes(' answers ') === true;
  }
}
