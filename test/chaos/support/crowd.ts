import { setTimeout as pause } from 'node:timers/promises';
import { RedisStore, type RedisTransport } from 'cdk-sessions-client/redis';
import { SessionEngine } from '../../../lib/client/engine';
import { HookCaller } from '../../../lib/client/hooks';
import { STANDARD_POLICY } from '../../../lib/contract/policy';
import { type Data, Visitor } from '../../client/support';

/** How many visitors are active at the same time. */
export const VISITORS = 200;

/** What `createSessions` gives a call to the store unless it is told otherwise, in milliseconds. */
export const CALL_TIMEOUT = 2000;

/** The longest between two requests of a visitor, in milliseconds. */
const LONGEST_THOUGHT = 600;

/** A request: it adds its own number to the list in its visitor's session. Times are in milliseconds, by one clock. */
export interface Request {
  readonly visitor: number;
  /** No other request has it. */
  readonly number: number;
  readonly begunAt: number;
  /** When its session was loaded, or could not be. */
  readonly loadedAt: number;
  readonly endedAt: number;
  /** Why it failed. `undefined`: its visitor was told that it is saved. */
  readonly failure: unknown;
}

/** Visitors with a session each, who make one request after the other. */
export class Crowd {
  readonly requests: Request[] = [];
  readonly #visitors: readonly Visitor[];
  #number = 0;
  #walking: Promise<unknown> | undefined;
  #leaving = false;

  constructor(transport: RedisTransport) {
    const engine = new SessionEngine<Data>({
      store: new RedisStore({ transport }),
      policy: STANDARD_POLICY,
      clock: Date.now,
      callTimeout: CALL_TIMEOUT,
      hooks: new HookCaller({}),
    });
    this.#visitors = Array.from({ length: VISITORS }, () => new Visitor(engine));
  }

  /** Gives each a session, and sets them going. */
  async begin(): Promise<void> {
    await Promise.all(this.#visitors.map((_, visitor) => this.#request(visitor)));
    this.#walking = Promise.all(this.#visitors.map((_, visitor) => this.#walk(visitor)));
  }

  /** Waits until each has been served with a request that began after a time; at most for so many milliseconds. */
  async servedSince(time: number, patience: number): Promise<void> {
    const end = performance.now() + patience;
    for (;;) {
      const since = this.requests.filter(({ begunAt, failure }) => begunAt >= time && failure === undefined);
      const served = new Set(since.map(({ visitor }) => visitor));
      if (served.size === VISITORS) {
        return;
      }
      if (performance.now() > end) {
        const { failure } = this.requests.findLast(({ visitor }) => !served.has(visitor)) ?? {};
        const message = `${VISITORS - served.size} visitors are not served ${patience} ms after the fault`;
        throw new Error(message, { cause: failure });
      }
      await pause(50);
    }
  }

  /** Lets each finish the request that is under way. */
  async end(): Promise<void> {
    this.#leaving = true;
    await this.#walking;
  }

  /** The numbers in the session of each. */
  kept(): Promise<readonly (readonly number[])[]> {
    return Promise.all(this.#visitors.map(async (visitor) => (await visitor.see('list')) ?? []));
  }

  async #walk(visitor: number): Promise<void> {
    while (!this.#leaving) {
      await pause(Math.random() * LONGEST_THOUGHT);
      await this.#request(visitor);
    }
  }

  async #request(index: number): Promise<void> {
    const visitor = this.#visitors[index];
    const number = this.#number++;
    const begunAt = performance.now();
    let loadedAt: number | undefined;
    let failure: unknown;
    try {
      const session = await visitor?.load();
      loadedAt = performance.now();
      session?.update('list', (list = []) => [...list, number]);
      if (session !== undefined) {
        await visitor?.commit(session);
      }
    } catch (error) {
      failure = error;
    }
    const endedAt = performance.now();
    this.requests.push({ visitor: index, number, begunAt, loadedAt: loadedAt ?? endedAt, endedAt, failure });
  }
}
