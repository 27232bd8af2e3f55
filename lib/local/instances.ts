import { Instance, type InstanceOptions, type Invocation } from './instance.js';

/** What a pool is made with. */
export interface InstancePoolOptions extends InstanceOptions {
  /** The most instances at once. */
  readonly maxInstances: number;
  /** How many requests may wait for one of them; those beyond are throttled. */
  readonly maxWaiting: number;
  /** An instance is retired after so many invocations. */
  readonly recycleEvery?: number;
}

interface Waiting {
  readonly event: unknown;
  readonly settle: (outcome: Invocation) => void;
}

/**
 * The instances of one function. An event goes to the idle instance that was used last; if none is idle another one
 * starts, up to the limit, and the event goes to whichever is free first. An instance that crashes, times out or was
 * told to retire is never used again.
 */
export class InstancePool {
  private readonly idle: Instance[] = [];
  private readonly busy = new Set<Instance>();
  private readonly starting = new Set<Instance>();
  private readonly waiting: Waiting[] = [];
  /** Busy instances that end with what they are doing. */
  private readonly retiring = new Set<Instance>();
  private stopped = false;

  constructor(private readonly options: InstancePoolOptions) {}

  /** Runs the function on an event. Never rejects: what goes wrong is told by the outcome. */
  invoke(event: unknown): Promise<Invocation> {
    return new Promise((resolve) => {
      const settle = (outcome: Invocation) => {
        if (outcome.kind !== 'result') {
          this.options.log(describe(outcome));
        }
        resolve(outcome);
      };
      this.waiting.push({ event, settle });
      this.dispatch();
    });
  }

  /** Retires every instance: idle ones at once, busy ones after their request. Settles when all are gone. */
  async recycle(): Promise<void> {
    const idle = this.idle.splice(0);
    const retired = [...idle, ...this.busy];
    for (const instance of this.busy) {
      this.retiring.add(instance);
    }
    await Promise.all([...idle.map((instance) => instance.kill()), ...retired.map((instance) => instance.exited)]);
  }

  /** Ends every instance now, and every request with an error. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { settle } of this.waiting.splice(0)) {
      settle({ kind: 'throttled', errorMessage: 'the runner is stopping' });
    }
    const all = [...this.idle.splice(0), ...this.busy, ...this.starting];
    await Promise.all(all.map((instance) => instance.kill()));
  }

  private dispatch(): void {
    while (this.waiting.length > 0) {
      const instance = this.idle.pop();
      if (instance === undefined) {
        break;
      }
      if (instance.alive) {
        const next = this.waiting.shift();
        if (next !== undefined) {
          void this.serve(instance, next);
        }
      }
    }
    const { maxInstances, maxWaiting } = this.options;
    while (this.starting.size < this.waiting.length && this.busy.size + this.starting.size < maxInstances) {
      void this.start();
    }
    while (this.waiting.length - this.starting.size > maxWaiting) {
      const errorMessage = `throttled: all ${maxInstances} instances are busy and ${maxWaiting} requests wait for them`;
      this.waiting.pop()?.settle({ kind: 'throttled', errorMessage });
    }
  }

  private async start(): Promise<void> {
    const instance = new Instance(this.options);
    this.starting.add(instance);
    const outcome = await instance.started;
    this.starting.delete(instance);
    if (this.stopped) {
      return;
    }
    if (outcome === 'ready') {
      this.idle.push(instance);
    } else {
      // As in Lambda, an error of initialization is the answer to a request.
      this.waiting.shift()?.settle(outcome);
    }
    this.dispatch();
  }

  private async serve(instance: Instance, { event, settle }: Waiting): Promise<void> {
    this.busy.add(instance);
    const outcome = await instance.invoke(event);
    this.busy.delete(instance);
    const { recycleEvery = Number.POSITIVE_INFINITY } = this.options;
    const retire = this.retiring.delete(instance) || instance.invocations >= recycleEvery || this.stopped;
    if (retire || !instance.alive) {
      void instance.kill();
    } else {
      this.idle.push(instance);
    }
    settle(outcome);
    if (!this.stopped) {
      this.dispatch();
    }
  }
}

function describe(outcome: Exclude<Invocation, { kind: 'result' }>): string {
  if (outcome.kind === 'throttled') {
    return outcome.errorMessage;
  }
  const { errorType, errorMessage, stack } = outcome;
  return stack === '' ? `${errorType}: ${errorMessage}` : stack;
}
