import { lookup } from 'node:dns/promises';
import { connect, type TLSSocket } from 'node:tls';

/** Where a cache is. */
export interface CacheAddress {
  readonly endpoint: string;
  readonly port: number;
  /**
   * Who vouches for its certificate, in PEM.
   * @default - the authorities that Node trusts
   */
  readonly ca?: string;
}

/** What somebody says to be let in; nothing, if they just try. */
export interface Credentials {
  /** @default - whoever has the token */
  readonly user?: string;
  readonly password?: string;
}

/** How long a node may take to answer, in milliseconds. */
const PATIENCE = 5_000;

/** Tries who is let in by a cache, and who is not, over TLS with a certificate that must be good. */
export class CacheDoor {
  constructor(private readonly address: CacheAddress) {}

  /** Whether every node that the endpoint stands for lets them in: `undefined` if only some do. */
  async admits(credentials: Credentials): Promise<boolean | undefined> {
    const nodes = await lookup(this.address.endpoint, { all: true });
    const answers = await Promise.all(nodes.map(({ address }) => this.nodeAdmits(address, credentials)));
    return answers.every((answer) => answer === answers[0]) ? answers[0] : undefined;
  }

  private async nodeAdmits(host: string, { user, password }: Credentials): Promise<boolean> {
    const { endpoint, port, ca } = this.address;
    const authenticate = password === undefined ? [] : [['AUTH', ...(user === undefined ? [] : [user]), password]];
    const commands = [...authenticate, ['PING']];
    const socket = connect({ host, port, servername: endpoint, ca, timeout: PATIENCE });
    try {
      const replies = await talk(socket, commands);
      return replies.every(isWelcome);
    } finally {
      socket.destroy();
    }
  }
}

/**
 * Says commands, and answers with the first line of each reply. Of the Redis serialization protocol only as much as that
 * takes: https://valkey.io/topics/protocol/
 */
function talk(socket: TLSSocket, commands: readonly (readonly string[])[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    let received = '';
    socket.setEncoding('utf8');
    socket.on('secureConnect', () => socket.write(commands.map(encoded).join('')));
    socket.on('data', (chunk: string) => {
      received += chunk;
      const lines = received.split('\r\n').slice(0, -1);
      if (lines.length >= commands.length) {
        resolve(lines);
      }
    });
    socket.on('timeout', () => reject(new Error(`the cache did not answer within ${PATIENCE} ms`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the cache closed the connection')));
  });
}

function encoded(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;
}

/** @throws if the reply is about something else than who may come in. The message has its first word, which is a code. */
function isWelcome(reply: string): boolean {
  const [code = ''] = reply.split(' ');
  switch (code) {
    case '+OK':
    case '+PONG':
    // Who may not call PING was let in before.
    case '-NOPERM':
      return true;
    case '-NOAUTH':
    case '-WRONGPASS':
      return false;
    default:
      throw new Error(`the cache must say who may come in, received ${code.replace(/[^\w-]/g, '')}`);
  }
}
