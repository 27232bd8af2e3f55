import { setParameter } from './cache-parameters.js';
import type { CacheUser } from './cache-users.js';
import type { CacheDefinition } from './caches.js';
import type { Certificate } from './certificate.js';
import { LocalError, messageOf } from './errors.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisServer } from './redis-server.js';
import { type Location, located, notRun, otherwise, type Unsupported } from './support.js';

/** A cache that runs. */
export interface LocalCache extends Location {
  /** The id of a replication group, the name of a serverless cache. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** Whether keys are spread over nodes, of which this is the first. */
  readonly cluster: boolean;
  /** Runs a command on each of its nodes, as somebody who may do everything, and answers with what each of them says. */
  command(...words: readonly string[]): Promise<readonly unknown[]>;
}

/** A cache with what stands behind it. */
export interface RunningCache extends LocalCache {
  readonly definition: CacheDefinition;
}

/** The caches of a run. */
export interface RunningCaches {
  readonly running: readonly RunningCache[];
  /** What of them cannot be run, or runs otherwise, found out by trying. */
  readonly unsupported: readonly Unsupported[];
  stop(): Promise<void>;
}

/** Where caches run, and with what. */
export interface CacheServersOptions {
  /** A folder of the run. */
  readonly folder: string;
  /** For those that speak TLS. */
  readonly certificate: () => Promise<Certificate>;
  /** Takes a line about each server that ends by itself. */
  readonly log: (line: string) => void;
}

interface Outcome {
  readonly cache?: RunningCache;
  readonly unsupported: readonly Unsupported[];
}

/**
 * Starts a server, or a cluster, for each cache.
 *
 * @throws LocalError ERR_LOCAL_REDIS if there is no server on this machine, or one does not start, having stopped the others.
 */
export async function startCaches(
  definitions: readonly CacheDefinition[],
  options: CacheServersOptions,
): Promise<RunningCaches> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
  };
  // All of them are awaited, the failed and the others, since only what has started can be stopped.
  const outcomes = await Promise.allSettled(definitions.map((each) => startCache(each, options, stops)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const fulfilled = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  return {
    running: fulfilled.flatMap(({ cache }) => (cache === undefined ? [] : [cache])),
    unsupported: fulfilled.flatMap((outcome) => outcome.unsupported),
    stop,
  };
}

async function startCache(
  definition: CacheDefinition,
  { folder, certificate, log }: CacheServersOptions,
  stops: (() => Promise<void>)[],
): Promise<Outcome> {
  const { resource, name, tls, cluster, shards, engine } = definition;
  const onCrash = (how: string) =>
    log(`${resource.path}: a server of this cache ended ${how}, and the sessions in it are gone: start the run again`);
  // Nobody is let in before those are there who may.
  const options = { folder, users: [], onCrash, ...(tls && { certificate: await certificate() }) };
  const started = cluster
    ? await RedisCluster.start({ ...options, primaries: shards })
    : await RedisServer.start(options);
  stops.push(() => started.stop());
  const nodes = started instanceof RedisCluster ? started.nodes : ([started] as const);
  const [first] = nodes;
  const { version } = first.program;
  const reasons = new Set(version === engine ? [] : [`it runs in ${version} here, not in ${engine}`]);
  try {
    for (const node of nodes) {
      for (const reason of await configure(node, definition)) {
        reasons.add(reason);
      }
    }
  } catch (error) {
    if (!(error instanceof LocalError) || error.code !== 'ERR_LOCAL_TEMPLATE') {
      throw error;
    }
    await started.stop();
    return { unsupported: [notRun(resource, error.message)] };
  }
  const { host, port } = first;
  const command = (...words: readonly string[]) => Promise.all(nodes.map((node) => node.command(...words)));
  return {
    cache: { ...located(resource), name, host, port, tls, cluster, command, definition },
    unsupported: [...reasons].map((reason) => otherwise(resource, reason)),
  };
}

/** Gives a node its users and its parameters. Answers with what of them it does not take. */
async function configure(node: RedisServer, { users, parameters }: CacheDefinition): Promise<readonly string[]> {
  const reasons: string[] = [];
  for (const user of users) {
    reasons.push(...(await setUser(node, user)));
  }
  for (const [name, value] of Object.entries(parameters)) {
    reasons.push(...(await setParameter(node, name, value)));
  }
  return reasons;
}

/** Gives a node a user, without the rules for commands that the node does not have: nobody can call those anyway. */
async function setUser(node: RedisServer, { name, rules }: CacheUser): Promise<readonly string[]> {
  const unknown: string[] = [];
  for (;;) {
    try {
      await node.command('ACL', 'SETUSER', name, 'reset', ...rules.filter((rule) => !unknown.includes(rule)));
      return unknown.length === 0
        ? []
        : [
            `its user ${name} has no rule for ${unknown.join(', ')} here: ${node.program.version} knows no such command`,
          ];
    } catch (error) {
      // What is thrown carries the rules, passwords included: only its message may go on.
      const message = messageOf(error);
      const [, rule = ''] = /modifier '([+-][^']*)': Unknown command/.exec(message) ?? [];
      if (!rules.includes(rule) || unknown.includes(rule)) {
        throw new LocalError('ERR_LOCAL_TEMPLATE', `its user ${name} has rules that are none: ${message}`);
      }
      unknown.push(rule);
    }
  }
}
