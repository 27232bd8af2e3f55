import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { CommandReader } from './resp';

/** What a server answers to a command, as it is sent; nothing, if it keeps silent. */
export type Answer = (command: readonly string[], socket: Socket) => string | undefined;

/** A server that says what a test wants it to: for what a real one cannot be made to do. */
export class FakeRedis {
  /** @param port a certain one; otherwise one that is free */
  static async start(answer: Answer, port = 0): Promise<FakeRedis> {
    const server = createServer({ noDelay: true }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new FakeRedis(server, answer);
  }

  readonly host = '127.0.0.1';
  /** The commands that it got, those that prepare a connection included. */
  readonly commands: string[][] = [];
  /** The connections that it has, the oldest first. */
  readonly sockets = new Set<Socket>();
  /** How many connections were made to it. */
  connections = 0;

  private constructor(
    private readonly server: Server,
    answer: Answer,
  ) {
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      const reader = new CommandReader();
      socket.on('data', (chunk) => {
        for (const command of reader.read(chunk)) {
          this.commands.push(command);
          socket.write(answer(command, socket) ?? '');
        }
      });
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends all connections that there are. */
  disconnect(): void {
    for (const socket of this.sockets) {
      socket.destroy();
    }
  }

  async stop(): Promise<void> {
    this.server.close();
    this.disconnect();
    await once(this.server, 'close');
  }
}

/** Answers what prepares a connection, up to the first question whether it serves, and then what a test says. */
export function afterHandshake(answer: Answer): Answer {
  const asked = new WeakSet<Socket>();
  return (command, socket) => {
    const [name = ''] = command;
    const prepares = /^(CLIENT|AUTH)$/.test(name) || (/^(PEXPIRE|PING)$/.test(name) && !asked.has(socket));
    if (!/^(CLIENT|AUTH)$/.test(name)) {
      asked.add(socket);
    }
    return prepares ? '+OK\r\n' : answer(command, socket);
  };
}
