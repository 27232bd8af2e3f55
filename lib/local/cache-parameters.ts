import { messageOf } from './errors.js';
import type { RedisServer } from './redis-server.js';

/**
 * The parameters that a group may change on a server of this machine: about its data, its memory, how long it waits, and
 * what it tells (ElastiCache user guide, "Valkey and Redis OSS parameters"). No group of ElastiCache has the others, or they
 * decide who reaches a server and what it writes where, which here is the runner's alone.
 */
const APPLIED =
  /^(?:active-?defrag|active-defrag-[a-z-]+|active-expire-effort|activerehashing|client-query-buffer-limit|commandlog-[a-z-]+|databases|(?:hash|list|set|zset)-(?:compress|max)-[a-z-]+|hll-sparse-max-bytes|latency-tracking|lazyfree-lazy-[a-z-]+|lfu-[a-z-]+|maxclients|maxmemory-[a-z-]+|notify-keyspace-events|proto-max-bulk-len|slowlog-[a-z-]+|stream-node-max-[a-z]+|tcp-keepalive|timeout|tracking-table-max-keys)$/;

/** Those that need replicas, a limit of memory, or files, which there are none of here. */
const WITHOUT_MEANING = /^(?:append.*|maxmemory|min-(?:replicas|slaves)-.*|repl-.*|reserved-memory.*)$/;

/** Sets a parameter of a cache on one of its nodes. Answers with why not, if it is not set. */
export async function setParameter(node: RedisServer, name: string, value: string): Promise<readonly string[]> {
  if (name === 'cluster-enabled') {
    // It was started so, or not.
    return [];
  }
  if (WITHOUT_MEANING.test(name)) {
    return [`its parameter ${name} is not applied: it is about what a cache does not have here`];
  }
  if (!APPLIED.test(name)) {
    return [
      `its parameter ${name} is not applied: here only those are that are about data, memory, time limits and events`,
    ];
  }
  try {
    await node.command('CONFIG', 'SET', name, value);
    return [];
  } catch (error) {
    return [`its parameter ${name} is not applied: ${messageOf(error)}`];
  }
}
