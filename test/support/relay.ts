import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A port that leads to a server, and to another one when it is told to: what the name of an endpoint does after a
 * failover. Whoever is connected stays where they are, as with a name.
 */
export class Relay {
  /** @param target the port on loopback that it leads to */
  static async start(target: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server, target);
    server.on('connection', (socket) => relay.#join(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return relay;
  }

  /** A name that the certificates of servers on loopback are for. */
  readonly host = 'localhost';
  readonly #sockets = new Set<Socket>();
  /** How many connections were made, up to now. */
  connections = 0;

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {}

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('the relay does not listen');
    }
    return address.port;
  }

  /** From now on new connections lead to another port. */
  leadTo(target: number): void {
    this.target = target;
  }

  /** Resets all connections, as what stands between a client and a server does when it forgets about them. */
  reset(): void {
    for (const socket of this.#sockets) {
      socket.resetAndDestroy();
    }
  }

  async stop(): Promise<void> {
    this.server.close();
    this.reset();
    await once(this.server, 'close');
  }

  #join(client: Socket): void {
    this.connections++;
    const server = connect(this.target, '127.0.0.1');
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay();
      // How a connection ends shows on its other side.
      socket.on('error', () => other.resetAndDestroy());
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
