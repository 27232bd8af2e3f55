import { inspect } from 'node:util';
import { RedisStore } from 'cdk-sessions-client/redis';
import { FakeClock } from 'cdk-sessions-client/testing';
import { IamCredentials } from '../../../lib/client/redis/iam-credentials';
import { type Answer, afterHandshake, FakeRedis } from '../../support/fake-redis';
import { connectionsTo, credentialsOf } from '../../support/redis-connections';
import { type RedisServer, startRedisServer } from '../../support/redis-server';
import { engineOf, HOUR, START, Visitor } from '../support';

const PASSWORD = 'password-of-web-0001';
const VALUE = 'value-in-session-01';
const KEY = Buffer.alloc(32, 7);
const CREDENTIALS = credentialsOf('web', PASSWORD);

/** Everything that an error holds, meant to be seen or not, on a line. */
function allOf(error: unknown): string {
  return inspect(error, { depth: 20, showHidden: true, breakLength: Number.POSITIVE_INFINITY });
}

/** A secret in each form in which Node would show it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, bytes.toString('base64'), bytes.toString('hex'), bytes.toString('hex').replace(/..(?!$)/g, '$& ')];
}

/** Saves a session, which must fail, and gives the error. */
async function failureOf(store: RedisStore): Promise<unknown> {
  const session = { value: Buffer.from(VALUE), version: 'v1', expiresAt: START + HOUR, deadline: START + HOUR };
  return store.write(KEY, session, 'absent').then(
    () => Promise.reject(new Error('the save did not fail')),
    (error: unknown) => error,
  );
}

function expectNoSecret(error: unknown, ...secrets: readonly string[]): void {
  const text = allOf(error);
  for (const form of [VALUE, PASSWORD, ...secrets].flatMap(formsOf)) {
    expect(text).not.toContain(form);
  }
}

describe('what a real server refuses', () => {
  let server: RedisServer;

  beforeEach(async () => {
    server = await startRedisServer();
    await server.command('ACL', 'SETUSER', 'web', 'on', '~*', '+@all', `>${PASSWORD}`);
  });
  afterEach(() => server.stop());

  test.each<[string, readonly string[], RegExp]>([
    ['a password', ['ACL', 'SETUSER', 'web', 'resetpass', '>another-password-01'], /WRONGPASS/],
    ['a user', ['ACL', 'SETUSER', 'web', 'off'], /WRONGPASS/],
    ['a command', ['ACL', 'SETUSER', 'web', '-evalsha'], /NOPERM/],
    ['a key', ['ACL', 'SETUSER', 'web', 'resetkeys'], /NOPERM/],
    ['a script', ['ACL', 'SETUSER', 'web', '-eval'], /NOPERM/],
    ['a save, for want of memory', ['CONFIG', 'SET', 'maxmemory', '1'], /OOM/],
    ['what is inside a script', ['ACL', 'SETUSER', 'web', '-set'], /user executing the script/],
  ])('is an error that holds neither password nor session: %s', async (_, command, reason) => {
    await server.command(...command);
    const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
    const error = await failureOf(new RedisStore({ transport, clock: () => START }));
    expect(allOf(error)).toMatch(reason);
    expectNoSecret(error);
  });

  test('is an error of a request that holds neither either', async () => {
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const clock = new FakeClock();
    const transport = connectionsTo(server, { ca: server.ca, credentials: CREDENTIALS });
    const engine = engineOf({
      store: new RedisStore({ transport, clock: clock.read }),
      clock,
      hooks: { storeError() {} },
    });
    const error = await new Visitor(engine)
      .request((session) => session.set('user', VALUE))
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expectNoSecret(error);
  });
});

describe('an error holds neither password nor session when a server', () => {
  test.each<[string, Answer]>([
    ['ends the connection before its answer', afterHandshake((_, socket) => void socket.destroy())],
    ['ends the connection in its answer', afterHandshake((_, socket) => void socket.end('$5\r\nhal'))],
    ['does not answer', afterHandshake(() => undefined)],
    ['answers what is no answer', afterHandshake(() => `what? ${VALUE}\r\n`)],
    [
      'repeats what it was sent',
      afterHandshake((words) => `-ERR unknown, with args beginning with: ${words.join()}\r\n`),
    ],
    ['ends the connection as it is authenticated', (_, socket) => void socket.destroy()],
    ['does not authenticate', () => undefined],
    ['repeats what it was told in AUTH', (words) => `-ERR unknown, with args beginning with: ${words.join()}\r\n`],
  ])('%s', async (_, answer) => {
    const server = await FakeRedis.start(answer);
    try {
      const transport = connectionsTo(server, { credentials: CREDENTIALS });
      expectNoSecret(await failureOf(new RedisStore({ transport, clock: () => START })));
    } finally {
      await server.stop();
    }
  });
});

test('a token of IAM that is refused is in no error, nor are the credentials that it was signed with', async () => {
  const server = await FakeRedis.start(() => '-WRONGPASS invalid username-password pair or user is disabled.\r\n');
  try {
    const request = { cache: 'sessions', user: 'web', serverless: false, region: 'us-east-1' };
    const keys = { accessKeyId: 'AKID-0001', secretAccessKey: 'secret-access-key', sessionToken: 'session-token' };
    const credentials = new IamCredentials(
      request,
      async () => keys,
      () => START,
    );
    const error = await failureOf(
      new RedisStore({ transport: connectionsTo(server, { credentials }), clock: () => START }),
    );
    expect(error).toMatchObject({ word: 'WRONGPASS' });
    expectNoSecret(error, 'X-Amz-Signature', ...Object.values(keys));
  } finally {
    await server.stop();
  }
});
