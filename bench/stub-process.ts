import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** Calls, and the capacity units that DynamoDB would charge for them. */
export interface Consumption {
  readonly reads: number;
  /** All that were tried. */
  readonly writes: number;
  /** Those of them whose condition did not hold. */
  readonly refusedWrites: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

export const NOTHING_CONSUMED: Consumption = { reads: 0, writes: 0, refusedWrites: 0, readUnits: 0, writeUnits: 0 };

/** A stub of DynamoDB that runs. */
export interface Stub {
  readonly endpoint: string;
  /** What was consumed since this was asked for last. */
  consumption(): Promise<Consumption>;
  stop(): void;
}

/** Starts the stub in a process of its own, so that its work is not taken for a client's. */
export async function startStub(): Promise<Stub> {
  const child = fork(join(__dirname, 'stub-dynamodb.js'));
  const [{ port }] = (await once(child, 'message')) as [AddressInfo];
  return {
    endpoint: `http://127.0.0.1:${port}`,
    consumption: async () => {
      child.send('consumption');
      const [consumption] = (await once(child, 'message')) as [Consumption];
      return consumption;
    },
    stop: () => child.disconnect(),
  };
}
