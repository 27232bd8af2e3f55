import { type Application, application, type PageRequest } from './parallel-application.js';
import { ParallelProcess, type Served } from './parallel-process.js';

/** How many processes serve how many requests each: of a page that sets a key, one for each request, or counts in one. */
export interface ParallelLoad {
  readonly processes: number;
  readonly requestsEach: number;
  readonly path: '/set' | '/count';
}

/**
 * One visitor whose requests are served by many processes at once. They and this process find the store as deployed
 * functions do, by `CDK_SESSIONS` and the AWS SDK's own variables in the environment.
 */
export class ParallelVisit {
  /**
   * Begins the visitor's session and starts the processes.
   *
   * @param script the bundle of `parallel-worker.ts`
   */
  static async begin(script: string, load: ParallelLoad): Promise<ParallelVisit> {
    const browse = application();
    const { cookie } = await browse({ path: '/set', query: { key: 'begun', value: '1' } });
    if (cookie === undefined) {
      throw new Error('a session that was begun got no cookie');
    }
    return new ParallelVisit(script, load, browse, cookie);
  }

  readonly #keys: readonly string[];
  readonly #processes: readonly ParallelProcess[];

  private constructor(
    script: string,
    { processes, requestsEach, path }: ParallelLoad,
    private readonly browse: Application,
    private readonly cookie: string,
  ) {
    const numbers = [...Array(processes * requestsEach).keys()];
    const keyOf = (number: number) => (path === '/set' ? `request-${number}` : 'count');
    const requests = numbers.map(
      (number): PageRequest => ({ path, query: { key: keyOf(number), value: String(number) } }),
    );
    this.#keys = ['begun', ...new Set(numbers.map(keyOf))];
    this.#processes = [...Array(processes).keys()].map((process) => {
      const first = process * requestsEach;
      return new ParallelProcess(script, { cookie, requests: requests.slice(first, first + requestsEach) });
    });
  }

  /** Makes all requests in all processes at once. @throws Error if one of them is not served in the end */
  async serve(): Promise<readonly Served[]> {
    await Promise.all(this.#processes.map((process) => process.ready()));
    await Promise.all(this.#processes.map((process) => process.load()));
    return (await Promise.all(this.#processes.map((process) => process.save()))).flat();
  }

  /** What the session holds of what it began with and of all that the requests may have put there. */
  async held(): Promise<Readonly<Record<string, number>>> {
    const { body } = await this.browse({ path: '/look', query: { keys: this.#keys.join(',') } }, this.cookie);
    return JSON.parse(body);
  }

  /** Ends the processes, whatever they are doing. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.stop()));
  }
}
