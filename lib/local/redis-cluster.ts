import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { LocalError } from './errors.js';
import { RedisServer, type RedisServerOptions } from './redis-server.js';

/** How to start a cluster. Everything but its size is said of each of its nodes. */
export interface RedisClusterOptions extends Omit<RedisServerOptions, 'cluster' | 'replicaOf' | 'password'> {
  /** How many primaries share the slots. Redis takes one as well, which then has them all. */
  readonly primaries: number;
  /**
   * How many replicas each primary has.
   * @default 0
   */
  readonly replicasPerPrimary?: number;
}

/** The slots that keys are spread over (Redis cluster specification, "Key distribution model"). */
const SLOTS = 16_384;

/** How long the nodes may take to agree, in milliseconds. */
const AGREEMENT = 30_000;

/** A cluster whose nodes all know of each other. Each of them can be asked, killed and restarted by itself. */
export class RedisCluster {
  /** @throws LocalError ERR_LOCAL_REDIS if a node does not start, or they do not agree. */
  static async start({ primaries, replicasPerPrimary = 0, ...each }: RedisClusterOptions): Promise<RedisCluster> {
    const password = randomBytes(24).toString('hex');
    // All of them are awaited, the failed and the others, since only what has started can be stopped.
    const outcomes = await Promise.allSettled(
      Array.from({ length: primaries * (1 + replicasPerPrimary) }, () =>
        RedisServer.start({ ...each, cluster: true, password }),
      ),
    );
    const nodes = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    try {
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) {
        throw failed.reason;
      }
      const [first, ...others] = nodes;
      if (first === undefined) {
        throw new LocalError('ERR_LOCAL_REDIS', `a cluster has at least one primary, received ${primaries}`);
      }
      const cluster = new RedisCluster([first, ...others.slice(0, primaries - 1)], others.slice(primaries - 1));
      await cluster.join();
      return cluster;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.stop()));
      throw error;
    }
  }

  private constructor(
    /** The nodes that have the slots at the beginning, in the order of these. */
    readonly primaries: readonly [RedisServer, ...RedisServer[]],
    /** The nodes that copy them: the first one copies the first primary, and so on, in turns. */
    readonly replicas: readonly RedisServer[],
  ) {}

  get nodes(): readonly [RedisServer, ...RedisServer[]] {
    return [...this.primaries, ...this.replicas];
  }

  /** Stops all nodes. May be called again. */
  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  private async join(): Promise<void> {
    const { primaries, replicas, nodes } = this;
    for (const [index, primary] of primaries.entries()) {
      const [first, next] = [index, index + 1].map((part) => Math.floor((part * SLOTS) / primaries.length));
      await primary.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await primary.command('CLUSTER', 'ADDSLOTSRANGE', String(first), String(Number(next) - 1));
    }
    const [seed, ...others] = nodes;
    for (const { port, busPort } of others) {
      await seed.command('CLUSTER', 'MEET', '127.0.0.1', String(port), String(busPort));
    }
    await this.until('knows all others', async (node) => (await infoOf(node, 'cluster_known_nodes')) === nodes.length);
    for (const [index, replica] of replicas.entries()) {
      const id = await primaries[index % primaries.length]?.command('CLUSTER', 'MYID');
      await replica.command('CLUSTER', 'REPLICATE', String(id));
    }
    await this.until('serves all slots', async (node) => {
      const info = String(await node.command('CLUSTER', 'INFO'));
      return info.includes('cluster_state:ok') && (await infoOf(node, 'cluster_size')) === primaries.length;
    });
    await this.until('knows all replicas', async (node) => {
      const known = String(await node.command('CLUSTER', 'NODES')).split('\n');
      return known.filter((line) => / (?:myself,)?slave /.test(line)).length === replicas.length;
    });
  }

  private async until(what: string, holds: (node: RedisServer) => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + AGREEMENT;
    for (const node of this.nodes) {
      while (!(await holds(node))) {
        if (Date.now() > deadline) {
          throw new LocalError('ERR_LOCAL_REDIS', `not every node of the cluster ${what}`);
        }
        await pause(50);
      }
    }
  }
}

async function infoOf(node: RedisServer, name: string): Promise<number> {
  const info = String(await node.command('CLUSTER', 'INFO'));
  return Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
}
