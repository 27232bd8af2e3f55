import type { Socket } from 'node:net';
import { slotOf } from '../../lib/client/redis/slot';
import { FakeRedis } from './fake-redis';

/** Some slots, and the primary that has them. */
export interface FakeSlots {
  readonly first: number;
  readonly last: number;
  readonly host: string | null;
  readonly port: number;
}

/** What a node says to a command for a key, on which of its connections; nothing, if it is its name as always. */
type Says = (key: string, connection: number) => string | undefined;

/** Nodes that tell of slots what a test wants them to, and answer each command with their own names. */
export class FakeCluster {
  static async start(names: readonly string[]): Promise<FakeCluster> {
    const cluster = new FakeCluster();
    for (const name of names) {
      await cluster.add(name);
    }
    return cluster;
  }

  /** What every node tells. */
  slots: readonly FakeSlots[] = [];
  readonly #nodes = new Map<string, FakeNode>();

  async add(name: string): Promise<void> {
    this.#nodes.set(name, await FakeNode.start(name, () => slotsReply(this.slots)));
  }

  node(name: string): FakeNode {
    const node = this.#nodes.get(name);
    if (node === undefined) {
      throw new Error(`there is no node ${name}`);
    }
    return node;
  }

  /** How often any node was asked who has which slot. */
  discoveries(): number {
    return [...this.#nodes.values()].reduce((sum, node) => sum + node.discoveries(), 0);
  }

  /** What a node says of a key whose slot another one has. */
  moved(key: string, name: string, host: string = this.node(name).host): string {
    return `-MOVED ${slotOf(key)} ${host}:${this.node(name).port}\r\n`;
  }

  /** What a node says of a key that has moved to another one ahead of its slot. */
  ask(key: string, name: string, host: string = this.node(name).host): string {
    return `-ASK ${slotOf(key)} ${host}:${this.node(name).port}\r\n`;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#nodes.values()].map((node) => node.stop()));
  }
}

/** One node. */
export class FakeNode {
  static async start(name: string, slots: () => string): Promise<FakeNode> {
    const connections: Socket[] = [];
    const server = await FakeRedis.start((command, socket) => {
      if (!connections.includes(socket)) {
        connections.push(socket);
      }
      return node.#answer(command, socket, connections.indexOf(socket) + 1);
    });
    const node = new FakeNode(server, name, slots);
    return node;
  }

  readonly host: string;
  readonly port: number;
  #says: Says | undefined;
  #tells: string | undefined;
  #greetsAfter = 0;
  #stopped: Promise<void> | undefined;

  private constructor(
    private readonly server: FakeRedis,
    private readonly name: string,
    private readonly slots: () => string,
  ) {
    this.host = server.host;
    this.port = server.port;
  }

  get commands(): readonly (readonly string[])[] {
    return this.server.commands;
  }

  get sockets(): ReadonlySet<Socket> {
    return this.server.sockets;
  }

  get connections(): number {
    return this.server.connections;
  }

  /** The keys that it was asked for. */
  keys(): readonly (string | undefined)[] {
    return this.commands.filter(([name]) => name === 'GET').map(([, key]) => key);
  }

  /** How often it was asked who has which slot. */
  discoveries(): number {
    return this.commands.filter(([name]) => name === 'CLUSTER').length;
  }

  /** What it says from now on. */
  says(says: Says | undefined): void {
    this.#says = says;
  }

  /** What it tells who asks for slots. An empty text is silence. */
  tells(reply: string | undefined): void {
    this.#tells = reply;
  }

  /** How long it takes to make a connection, in milliseconds. */
  greetsAfter(milliseconds: number): void {
    this.#greetsAfter = milliseconds;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.server.stop();
    return this.#stopped;
  }

  #answer([name = '', key = '']: readonly string[], socket: Socket, connection: number): string | undefined {
    switch (name.toUpperCase()) {
      case 'CLIENT':
        setTimeout(() => socket.write('+OK\r\n'), this.#greetsAfter);
        return undefined;
      case 'ASKING':
        return '+OK\r\n';
      case 'CLUSTER':
        return this.#tells ?? this.slots();
      default:
        return this.#says?.(key, connection) ?? `+${this.name}\r\n`;
    }
  }
}

/** The reply of CLUSTER SLOTS, without replicas. */
function slotsReply(slots: readonly FakeSlots[]): string {
  const ranges = slots.map(({ first, last, host, port }) => {
    const name = host === null ? '$-1\r\n' : `$${host.length}\r\n${host}\r\n`;
    return `*3\r\n:${first}\r\n:${last}\r\n*3\r\n${name}:${port}\r\n$2\r\nid\r\n`;
  });
  return `*${ranges.length}\r\n${ranges.join('')}`;
}
