import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RedisAddress } from '../lib/client/redis/wire.js';

/** How a program keeps its sessions. */
export type ExpressWay = 'by hand' | 'cdk-sessions' | 'express-session, connect-redis';

/** What a program is told. */
export interface Placement {
  readonly way: ExpressWay;
  readonly address: RedisAddress;
}

/** A program that runs. */
export interface ExpressProgram {
  readonly way: ExpressWay;
  readonly port: number;
  stop(): void;
}

/** Starts a program in a process of its own, so that who asks it and who answers do not share a thread. */
export async function startProgram(placement: Placement): Promise<ExpressProgram> {
  const child = fork(join(__dirname, 'express-programs.js'), { env: { ...process.env, NODE_ENV: 'production' } });
  child.send(placement);
  const [port] = (await once(child, 'message')) as [number];
  return { way: placement.way, port, stop: () => child.disconnect() };
}
