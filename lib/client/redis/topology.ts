import type { RedisFailure } from '../stores/redis-transport.js';
import type { RedisLink } from './link.js';
import type { RedisNode } from './node.js';
import { USELESS } from './useless.js';

/** Which node has which key. */
export interface Topology {
  /** The node that has a key, if that is known. */
  nodeOf(key: string): RedisNode | undefined;
  /** The node that has a key, asked for. */
  findNode(key: string): Promise<RedisNode>;
  /** All nodes that have keys, asked for. */
  findNodes(): Promise<readonly RedisNode[]>;
  /**
   * Learns from what a node answered, or from its silence. Gives the node that takes this one command instead, if it is
   * another one for this time only.
   */
  learn(failure: RedisFailure, origin: Origin): RedisNode | undefined;
}

/** Where a failure came from, as far as a command got. */
export interface Origin {
  readonly node?: RedisNode | undefined;
  readonly link?: RedisLink | undefined;
}

/** One server that has all keys: behind its name, after a failover, is another one. */
export class SingleNode implements Topology {
  constructor(private readonly node: RedisNode) {}

  nodeOf(): RedisNode {
    return this.node;
  }

  async findNode(): Promise<RedisNode> {
    return this.node;
  }

  async findNodes(): Promise<readonly RedisNode[]> {
    return [this.node];
  }

  learn({ word }: RedisFailure, { link }: Origin): undefined {
    if (link !== undefined && USELESS.has(word)) {
      this.node.discard(link);
    }
  }
}
