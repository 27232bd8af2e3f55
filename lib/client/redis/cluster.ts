import { RedisFailure } from '../stores/redis-transport.js';
import { Backoff } from './backoff.js';
import type { RedisServer } from './link.js';
import { RedisNode, type RedisNodeContext } from './node.js';
import { SLOTS, slotOf } from './slot.js';
import type { Origin, Topology } from './topology.js';
import { USELESS } from './useless.js';
import type { RedisAddress } from './wire.js';
import { within } from './within.js';

/** The longest that one node may take to tell of the others, in milliseconds. Then another one is asked. */
const DISCOVERY_TIMEOUT = 500;

/** How long after one discovery another one waits that nobody waits for, in milliseconds. */
const DISCOVERY_PAUSE = 100;

/**
 * A cluster: which node has which slot it tells itself, and corrects whoever is wrong. Only primaries are asked, since a
 * replica may not know yet what was saved.
 */
export class ClusterNodes implements Topology {
  readonly #slots = new Array<RedisNode | undefined>(SLOTS);
  #nodes = new Map<string, RedisNode>();
  /** The one that all clients begin with. It is kept, so that attempts to reach it keep their distance. */
  readonly #first: RedisNode;
  #discovering: Promise<void> | undefined;
  #discoveredAt = Number.NEGATIVE_INFINITY;
  readonly #backoff = new Backoff();

  /** @param entry the address that leads to any of the nodes */
  constructor(
    private readonly entry: RedisServer,
    private readonly context: RedisNodeContext,
  ) {
    this.#first = new RedisNode(entry, context);
  }

  nodeOf(key: string): RedisNode | undefined {
    return this.#slots[slotOf(key)];
  }

  async findNode(key: string): Promise<RedisNode> {
    await this.#discover();
    const node = this.nodeOf(key);
    if (node === undefined) {
      throw new RedisFailure('unsent', `no node of the cluster has slot ${slotOf(key)}`);
    }
    return node;
  }

  async findNodes(): Promise<readonly RedisNode[]> {
    await this.#discover();
    return [...this.#nodes.values()];
  }

  learn(failure: RedisFailure, { node, link }: Origin): RedisNode | undefined {
    const { word } = failure;
    if (node !== undefined && (word === 'MOVED' || word === 'ASK')) {
      const { slot, address } = redirection(failure, node.server);
      const other = this.#node(address);
      if (word === 'ASK') {
        return other;
      }
      this.#slots[slot] = other;
    } else if (link !== undefined && USELESS.has(word)) {
      node?.discard(link);
    }
    // Where one slot moved, others did; and a node that does not answer may have been replaced.
    if (performance.now() - this.#discoveredAt > DISCOVERY_PAUSE) {
      this.#discover().catch(ignore);
    }
    return undefined;
  }

  #discover(): Promise<void> {
    this.#discovering ??= this.#ask().finally(() => {
      this.#discovering = undefined;
      this.#discoveredAt = performance.now();
    });
    return this.#discovering;
  }

  /**
   * Asks one node after another: first those that can be asked at once, last the one that all clients begin with. Any of
   * them may be cut off from the others and not know it, so that none is asked first each time.
   */
  async #ask(): Promise<void> {
    await this.#backoff.wait();
    const known = shuffled([...this.#nodes.values()]);
    const nodes = [...known.filter(({ link }) => link), ...known.filter(({ link }) => !link), this.#first];
    let failure: unknown;
    try {
      for (const node of nodes) {
        try {
          this.#apply(await slotsKnownTo(node), node.server);
          this.#backoff.succeeded();
          return;
        } catch (error) {
          failure = error;
        }
      }
    } finally {
      this.#first.release();
    }
    this.#backoff.failed();
    throw failure;
  }

  #apply(ranges: readonly SlotRange[], asked: RedisAddress): void {
    const before = this.#nodes;
    this.#nodes = new Map();
    this.#slots.fill(undefined);
    for (const { first, last, host, port } of ranges) {
      const address = { host: host === '' ? asked.host : host, port };
      const name = nameOf(address);
      const node = this.#nodes.get(name) ?? before.get(name) ?? this.#made(address);
      this.#nodes.set(name, node);
      this.#slots.fill(node, first, last + 1);
    }
    for (const [name, node] of before) {
      if (!this.#nodes.has(name)) {
        node.leave();
      }
    }
  }

  #node(address: RedisAddress): RedisNode {
    const name = nameOf(address);
    const node = this.#nodes.get(name) ?? this.#made(address);
    this.#nodes.set(name, node);
    return node;
  }

  #made(address: RedisAddress): RedisNode {
    return new RedisNode({ ...this.entry, ...address }, this.context);
  }
}

/** The slots of a primary. Without a host it is that of the node which told. */
interface SlotRange extends RedisAddress {
  readonly first: number;
  readonly last: number;
}

async function slotsKnownTo(node: RedisNode): Promise<readonly SlotRange[]> {
  const asked = async () => (node.link ?? (await node.connect())).send(['CLUSTER', 'SLOTS']);
  const ranges = rangesIn(await within(DISCOVERY_TIMEOUT, asked()));
  if (ranges.length === 0) {
    throw new RedisFailure('unsent', `${nameOf(node.server)} knows of no node that has slots`);
  }
  return ranges;
}

/** The reply of CLUSTER SLOTS: first slot, last slot, the primary, its replicas; a node is its host, its port and more. */
function rangesIn(reply: unknown): readonly SlotRange[] {
  return listIn(reply).map((range) => {
    const [first, last, primary] = listIn(range);
    const [host, port] = listIn(primary);
    return { first: Number(first), last: Number(last), host: knownHost(String(host ?? '')), port: Number(port) };
  });
}

function listIn(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/**
 * `MOVED 3999 host:port` or `ASK 3999 host:port`. Without a host it is that of the node which said so.
 *
 * @throws RedisFailure the same, if it leads nowhere
 */
function redirection(failure: RedisFailure, asked: RedisAddress): { slot: number; address: RedisAddress } {
  const [slot, place] = failure.message.split(' ').slice(1);
  const text = String(place);
  const colon = text.lastIndexOf(':');
  const host = knownHost(text.slice(0, colon)) || asked.host;
  const port = Number(text.slice(colon + 1));
  if (!isWholeBelow(SLOTS, Number(slot)) || port === 0 || !isWholeBelow(65_536, port)) {
    throw failure;
  }
  return { slot: Number(slot), address: { host, port } };
}

function isWholeBelow(end: number, value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < end;
}

/** A host that a node does not know is null, empty, or a question mark. */
function knownHost(host: string): string {
  return host === '?' ? '' : host;
}

function nameOf({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}

function ignore(): void {}

/** In an order of chance. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
