import { RedisStore, type RedisTransport } from 'cdk-sessions-client/redis';
import { type Cost, costPerRun, type Way } from './cpu.js';
import { begin, engineOn } from './ours.js';
import type { RedisPeers } from './redis-peers.js';
import { printTable } from './table.js';
import { visitorData } from './visitor-data.js';

const REPETITION = { rounds: 25, runsPerRound: 1000 };

/** Twice as many as requests are under way. */
const VISITORS = 128;

/** A kind of request, by hand, by us and by the peer, and what ours may cost. */
interface Comparison {
  readonly title: string;
  readonly byHand: Way;
  readonly ours: Way;
  readonly peers: Way;
  /** What else is worth a look. */
  readonly others: readonly Way[];
  /** How many times what it costs by hand, in CPU time and in time. */
  readonly mostByHand: number;
  /** How much of the CPU time of the peer. */
  readonly mostOfPeer: number;
}

/** Prints what a request costs, with so many under way at the same time. */
export async function printRedisCosts(transport: RedisTransport, peers: RedisPeers, inFlight: number): Promise<void> {
  for (const comparison of await comparisons(transport, peers)) {
    await printComparison(comparison, inFlight);
  }
}

async function comparisons(transport: RedisTransport, peers: RedisPeers): Promise<Comparison[]> {
  const engine = engineOn(new RedisStore({ transport }), Date.now);
  // Several visitors: requests of one that change her session at the same time would be saved together.
  const cookies = await Promise.all(
    Array.from({ length: VISITORS }, async () => [await begin(engine, visitorData(1024))]),
  );
  let turn = 0;
  const load = () => engine.load(cookies[turn++ % VISITORS] ?? []);
  return [
    {
      title: 'a request that reads only',
      byHand: { label: 'ioredis, GET', run: () => peers.get() },
      ours: { label: 'cdk-sessions', run: async () => engine.commit(await load()) },
      peers: { label: 'connect-redis, get and touch', run: () => peers.getAndTouchByStore() },
      others: [
        { label: 'ioredis, GET and JSON.parse', run: () => peers.getParsed() },
        {
          label: 'cdk-sessions, data looked at',
          run: async () => {
            const session = await load();
            session.get('clicks');
            return engine.commit(session);
          },
        },
      ],
      mostByHand: 1.3,
      mostOfPeer: 0.45,
    },
    {
      title: 'a request that changes the session',
      byHand: { label: 'ioredis, GET and SET, with JSON', run: () => peers.getAndSet() },
      ours: {
        label: 'cdk-sessions',
        run: async () => {
          const session = await load();
          session.update('clicks', (clicks = 0) => clicks + 1);
          return engine.commit(session);
        },
      },
      peers: { label: 'connect-redis, get and set', run: () => peers.getAndSetByStore() },
      others: [],
      mostByHand: 1.25,
      mostOfPeer: Number.POSITIVE_INFINITY,
    },
  ];
}

async function printComparison(comparison: Comparison, inFlight: number): Promise<void> {
  const { title, byHand, ours, peers, others, mostByHand, mostOfPeer } = comparison;
  // By hand twice, for what the difference between two measurements of the same thing is.
  const ways = [byHand, ours, peers, { ...byHand, label: `${byHand.label}, again` }, ...others];
  const costs = await costPerRun(ways, { ...REPETITION, inFlight });
  const [hand, , peer] = costs as [Cost, Cost, Cost];
  const rows = ways.map(({ label }, index) => {
    const { cpu, p50 } = costs[index] as Cost;
    const ratios = [cpu / hand.cpu, p50 / hand.p50, cpu / peer.cpu] as const;
    const measured = [label, cpu.toFixed(1), p50.toFixed(1), ...ratios.map((ratio) => ratio.toFixed(2))];
    const met = ratios[0] <= mostByHand && ratios[1] <= mostByHand && ratios[2] <= mostOfPeer;
    const target = `${mostByHand} by hand${mostOfPeer < 1 ? `, ${mostOfPeer} of peer` : ''}`;
    return ways[index] === ours ? [...measured, target, met ? 'met' : 'not met'] : [...measured, '', ''];
  });
  printTable(
    `${title}, 1 KB, on redis-server, ${inFlight} in flight, medians of ${REPETITION.rounds} interleaved rounds`,
    ['way', 'CPU µs', 'p50 µs', 'CPU to hand', 'p50 to hand', 'CPU to peer', 'at most', ''],
    rows,
  );
}
