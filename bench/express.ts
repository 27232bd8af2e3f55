import { tmpdir } from 'node:os';
import { RedisServer } from '../lib/local/redis-server.js';
import { type ExpressWay, startProgram } from './express-process.js';
import { Visitors } from './http-load.js';
import { printTable } from './table.js';

const WAYS: readonly ExpressWay[] = ['by hand', 'cdk-sessions', 'express-session, connect-redis'];
const ROUNDS = 15;
const WARM_UP = 3;
const REQUESTS_PER_ROUND = 2000;

/** As many visitors as have a request under way. */
const VISITORS = 32;

/** How many times as many requests per second as by hand, and as the peer, are asked for. */
const LEAST = { byHand: 0.9, peer: 1.7 };

/**
 * Prints how many requests per second one Express program serves on a real `redis-server`, with its sessions in three ways:
 * with `expressSessions`, with GET and SET written by hand over ioredis, and with express-session and connect-redis.
 */
export async function printExpress(): Promise<void> {
  const server = await RedisServer.start({ folder: tmpdir() });
  const { host, port } = server;
  const programs = await Promise.all(WAYS.map((way) => startProgram({ way, address: { host, port } })));
  const visitors = await Promise.all(programs.map((program) => Visitors.begin(program.port, VISITORS)));
  try {
    for (const [path, title] of [
      ['/read', 'reads only'],
      ['/modify', 'changes the session'],
    ] as const) {
      printRates(title, await ratesOf(visitors, path));
    }
  } finally {
    for (const stopped of [...visitors, ...programs]) {
      stopped.stop();
    }
    await server.stop();
  }
}

/** Requests per second of each, round by round, in which they take turns. */
async function ratesOf(all: readonly Visitors[], path: string): Promise<readonly (readonly number[])[]> {
  const rounds: number[][] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const rates: number[] = [];
    for (const turn of all.keys()) {
      // Each round begins with another one.
      const index = (round + turn) % all.length;
      rates[index] = (await all[index]?.load(path, REQUESTS_PER_ROUND)) ?? Number.NaN;
    }
    if (round >= WARM_UP) {
      rounds.push(rates);
    }
  }
  return rounds;
}

function printRates(title: string, rounds: readonly (readonly number[])[]): void {
  // Compared within each round: what else the machine does comes and goes, and hits one round as a whole.
  const against = (index: number, other: number) =>
    median(rounds.map((rates) => (rates[index] ?? Number.NaN) / (rates[other] ?? Number.NaN)));
  const rows = WAYS.map((way, index) => {
    const [toHand, toPeer] = [against(index, 0), against(index, 2)];
    const rate = median(rounds.map((rates) => rates[index] ?? Number.NaN));
    const measured = [way, rate.toFixed(0), toHand.toFixed(2), toPeer.toFixed(2)];
    const met = toHand >= LEAST.byHand && toPeer >= LEAST.peer;
    const target = `${LEAST.byHand} of hand, ${LEAST.peer} of peer`;
    return way === 'cdk-sessions' ? [...measured, target, met ? 'met' : 'not met'] : [...measured, '', ''];
  });
  printTable(
    `an Express request that ${title}, 1 KB, on redis-server, ${VISITORS} in flight, medians of ${ROUNDS} interleaved rounds`,
    ['way', 'requests/s', 'to hand', 'to peer', 'at least', ''],
    rows,
  );
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
