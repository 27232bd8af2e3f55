import type { RedisFailure } from '../stores/redis-transport.js';
import type { RedisNode } from './node.js';

/** Which node has which key. */
export interface Topology {
  /** The node that has a key, if that is known. */
  nodeOf(key: string): RedisNode | undefined;
  /** The node that has a key, asked for. */
  findNode(key: string): Promise<RedisNode>;
  /**
   * Learns from what a node answered, or from its silence. Gives the node that takes this one command instead, if it is
   * another one for this time only.
   */
  learn(failure: RedisFailure, node: RedisNode | undefined): RedisNode | undefined;
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

  learn({ word }: RedisFailure): undefined {
    if (word === 'READONLY' || word === 'NOAUTH') {
      this.node.discard();
    }
  }
}
