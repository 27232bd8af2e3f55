import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { isDeepStrictEqual } from 'node:util';
import type { FakeClock } from 'cdk-sessions-client/testing';
import type { AwsCredentials, IamTokenRequest } from '../../lib/client/redis/iam-token';
import { RedisServer } from '../../lib/local/redis-server';
import { presignedToken, readToken } from './presigned-token';
import { CommandReader, commandText } from './resp';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What ElastiCache allows for. https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html#auth-iam-limits */
const TOKEN_LIFE = 15 * MINUTE;
const CONNECTION_LIFE = 12 * HOUR;

/** The password by which the server behind is told that a token is good. */
const GOOD = 'good-token-0000000';

/** A role whose credentials are replaced every hour, on the hour, and count for nothing then. */
export class Role {
  constructor(private readonly clock: FakeClock) {}

  readonly credentials = async (): Promise<AwsCredentials> => this.#inHour(Math.floor(this.clock.now / HOUR));

  /** The credentials of this name, unless they have expired. */
  find(accessKeyId: string): AwsCredentials | undefined {
    const current = this.#inHour(Math.floor(this.clock.now / HOUR));
    return current.accessKeyId === accessKeyId ? current : undefined;
  }

  #inHour(hour: number): AwsCredentials {
    return { accessKeyId: `ASIA${hour}`, secretAccessKey: `secret/of+${hour}`, sessionToken: `session/of+${hour}==` };
  }
}

interface Admitted {
  readonly socket: Socket;
  at: number;
}

/**
 * A real server behind a door that does with tokens of IAM as ElastiCache does, by a clock of the test's: a token is
 * signed anew, by the SDK's own signer, and compared; a connection is ended twelve hours after its last one.
 */
export class IamCache {
  /** Why tokens were refused. */
  readonly refusals: string[] = [];
  /** How many tokens were good. */
  admissions = 0;
  /** How many connections were ended for their age. */
  ended = 0;
  readonly #connections = new Set<Admitted>();

  private constructor(
    private readonly clock: FakeClock,
    private readonly role: Role,
    private readonly request: IamTokenRequest,
    private readonly behind: RedisServer,
    private readonly door: Server,
  ) {
    door.on('connection', (socket) => this.#serve(socket));
  }

  static async start(clock: FakeClock, role: Role, request: IamTokenRequest): Promise<IamCache> {
    const rules = ['on', `>${GOOD}`, '~*', '+@all'];
    const behind = await RedisServer.start({ folder: tmpdir(), users: [{ name: request.user, rules }] });
    const door = createServer({ noDelay: true }).listen(0, '127.0.0.1');
    await once(door, 'listening');
    return new IamCache(clock, role, request, behind, door);
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return (this.door.address() as AddressInfo).port;
  }

  /** Lets time pass, and ends the connections whose time it was. Their clients have yet to notice. */
  elapse(milliseconds: number): void {
    this.clock.advance(milliseconds);
    for (const { socket, at } of this.#connections) {
      if (this.clock.now - at >= CONNECTION_LIFE) {
        this.ended += 1;
        socket.destroy();
      }
    }
  }

  async stop(): Promise<void> {
    this.door.close();
    for (const { socket } of this.#connections) {
      socket.destroy();
    }
    await this.behind.stop();
  }

  #serve(socket: Socket): void {
    const behind = connect({ port: this.behind.port, host: '127.0.0.1', noDelay: true });
    const connection: Admitted = { socket, at: this.clock.now };
    this.#connections.add(connection);
    const reader = new CommandReader();
    let passed = Promise.resolve();
    socket.on('data', (chunk) => {
      for (const command of reader.read(chunk)) {
        passed = passed.then(async () => {
          const passable = command[0] === 'AUTH' ? await this.#judge(command, connection) : command;
          behind.write(commandText(passable));
        });
      }
    });
    behind.pipe(socket);
    socket.on('error', () => socket.destroy());
    behind.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#connections.delete(connection);
      behind.destroy();
    });
  }

  /** The server behind answers in the token's place: in its turn, and in its own words. */
  async #judge([, user = '', token = '']: readonly string[], connection: Admitted): Promise<string[]> {
    const fault = await this.#faultOf(user, token);
    if (fault === undefined) {
      this.admissions += 1;
      connection.at = this.clock.now;
      return ['AUTH', user, GOOD];
    }
    this.refusals.push(fault);
    return ['AUTH', user, 'refused'];
  }

  async #faultOf(user: string, token: string): Promise<string | undefined> {
    const said = readToken(token);
    const signedAt = timeOf(String(said.query['X-Amz-Date']));
    const age = this.clock.now - signedAt;
    const credentials = this.role.find(String(said.query['X-Amz-Credential']).split('/', 1)[0] ?? '');
    if (user !== this.request.user) {
      return `another user: ${user}`;
    }
    if (!(age >= -1000 && age < TOKEN_LIFE)) {
      return `${age / MINUTE} minutes old`;
    }
    if (credentials === undefined) {
      return 'signed with credentials that have expired';
    }
    const expected = await presignedToken(this.request, credentials, signedAt);
    return isDeepStrictEqual(said, expected) ? undefined : 'another signature';
  }
}

/** `20300131T120005Z` */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
