import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { FakeClock } from 'cdk-sessions-client/testing';
import { SecretCredentials } from '../../../lib/client/redis/secret-credentials';
import { connectionsTo } from '../../support/redis-connections';
import { type RedisServer, startRedisServer } from '../../support/redis-server';

const SECOND = 1000;
const OLD = 'the-old-password-0001';
const NEW = 'the-new-password-0002';

/** A secret that counts how often it is read, and whose reads can be made to fail. */
class Secret {
  reads = 0;
  fault: Error | undefined;
  text: string;

  constructor(password: string) {
    this.text = JSON.stringify({ password });
  }

  set password(password: string) {
    this.text = JSON.stringify({ password });
  }

  readonly read = async (): Promise<string> => {
    this.reads += 1;
    await new Promise(setImmediate);
    if (this.fault !== undefined) {
      throw this.fault;
    }
    return this.text;
  };
}

let clock: FakeClock;
let secret: Secret;
let source: SecretCredentials;

beforeEach(() => {
  clock = new FakeClock();
  secret = new Secret(OLD);
  source = new SecretCredentials(secret.read, 'web', clock.read);
});

/** What fifty connections at once make of a question. */
function fifty<T>(ask: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 50 }, ask));
}

describe('a password', () => {
  test('is read once for all connections that need it at the same time, and not again', async () => {
    expect(await fifty(() => source.current())).toEqual(Array(50).fill({ username: 'web', password: OLD }));
    await source.current();
    expect(secret.reads).toBe(1);
  });

  test('goes without a user if it is the token that all share', async () => {
    const shared = new SecretCredentials(secret.read, undefined, clock.read);
    expect(await shared.current()).toEqual({ password: OLD });
  });

  test('that cannot be read is an error for all who wait for it, and is read again by the next', async () => {
    secret.fault = new Error('down');
    await expect(fifty(() => source.current())).rejects.toThrow('down');
    expect(secret.reads).toBe(1);
    secret.fault = undefined;
    expect(await source.current()).toEqual({ username: 'web', password: OLD });
  });

  test.each([
    ['no JSON', OLD],
    ['another field', JSON.stringify({ secret: OLD })],
    ['none that ElastiCache takes', JSON.stringify({ password: `${OLD} with blanks` })],
  ])('is in no error about a secret that holds %s', async (_, text) => {
    secret.text = text;
    const error = await source.current().catch((fault: unknown) => fault);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('password-0001');
  });
});

describe('a password that the server refused', () => {
  const refused = (password: string) => source.refused({ username: 'web', password });

  beforeEach(async () => {
    await source.current();
    clock.advance(10 * SECOND);
  });

  test('is read again once, whoever comes first, and there is another one', async () => {
    secret.password = NEW;
    expect(await fifty(() => refused(OLD))).toEqual(Array(50).fill(true));
    expect(await source.current()).toEqual({ username: 'web', password: NEW });
    expect(secret.reads).toBe(2);
  });

  test('is read again once, and there is none', async () => {
    expect(await fifty(() => refused(OLD))).toEqual(Array(50).fill(false));
    expect(secret.reads).toBe(2);
  });

  test('is not read again within ten seconds', async () => {
    await refused(OLD);
    secret.password = NEW;
    clock.advance(10 * SECOND - 1);
    expect(await refused(OLD)).toBe(false);
    expect(secret.reads).toBe(2);
    clock.advance(1);
    expect(await refused(OLD)).toBe(true);
    expect(secret.reads).toBe(3);
  });

  test('and has been replaced meanwhile is not read again', async () => {
    secret.password = NEW;
    await refused(OLD);
    expect(await refused(OLD)).toBe(true);
    expect(secret.reads).toBe(2);
  });

  test('and cannot be read again is an error, and is read again by the next', async () => {
    secret.fault = new Error('down');
    await expect(refused(OLD)).rejects.toThrow('down');
    secret.fault = undefined;
    secret.password = NEW;
    expect(await source.current()).toEqual({ username: 'web', password: NEW });
  });
});

describe('with a real server', () => {
  let server: RedisServer;
  const everything = ['on', '~*', '+@all'];

  beforeEach(async () => {
    server = await startRedisServer();
    await server.command('ACL', 'SETUSER', 'web', 'reset', ...everything, `>${OLD}`);
  });

  afterEach(() => server.stop());

  const connect = () => {
    const transport = connectionsTo(server, { ca: server.ca, credentials: source });
    return (key: string) => transport.send(key, ['SET', key, 'value']).then(String);
  };

  const rotate = async () => {
    secret.password = NEW;
    await server.command('ACL', 'SETUSER', 'web', 'reset', ...everything, `>${NEW}`);
    clock.advance(10 * SECOND);
  };

  test('a password that is rotated under way costs one read, and no command', async () => {
    const set = connect();
    expect(await set('before')).toBe('OK');
    await rotate();
    await server.command('CLIENT', 'KILL', 'USER', 'web');
    await pause(100);
    expect(await Promise.all(Array.from({ length: 50 }, (_, index) => set(`after-${index}`)))).toEqual(
      Array(50).fill('OK'),
    );
    expect(secret.reads).toBe(2);
  });

  test('one that is rotated costs ten connections that are refused at once one read as well', async () => {
    await source.current();
    await rotate();
    expect(await Promise.all(Array.from({ length: 10 }, () => connect()('after')))).toEqual(Array(10).fill('OK'));
    expect(secret.reads).toBe(2);
  });

  test('a wrong one is the error of who waits, told without it', async () => {
    secret.password = NEW;
    const error = await connect()('key').catch((fault: unknown) => fault);
    expect(error).toMatchObject({ outcome: 'refused', word: 'WRONGPASS' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(NEW);
  });

  test('a connection that is told NOAUTH is made anew, and no command fails', async () => {
    await server.command('ACL', 'SETUSER', 'default', 'reset');
    const transport = connectionsTo(server, { ca: server.ca, credentials: source });
    await transport.send('key', ['RESET']);
    expect(String(await transport.send('key', ['SET', 'key', 'value']))).toBe('OK');
    expect(secret.reads).toBe(1);
  });
});
