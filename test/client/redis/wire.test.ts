import type { LookupFunction } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { RedisFailure } from 'cdk-sessions-client/redis';
import { Wire } from '../../../lib/client/redis/wire';
import { type Answer, FakeRedis } from '../../support/fake-redis';
import { startRedisServer } from '../../support/redis-server';

/** What is to be done once a test is over, the last first. */
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

async function wireTo(answer: Answer): Promise<{ wire: Wire; server: FakeRedis }> {
  const server = await FakeRedis.start(answer);
  cleanups.push(() => server.stop());
  const wire = new Wire(server);
  cleanups.push(() => wire.destroy('the test is over'));
  await wire.connected;
  return { wire, server };
}

const GET = ['GET', 'key'] as const;

function failures(answers: readonly Promise<unknown>[]): Promise<unknown[]> {
  return Promise.all(answers.map((answer) => answer.catch((failure: unknown) => failure)));
}

test('a real server is spoken to over TLS, and replies are what they are', async () => {
  const { host, port, ca, command, stop } = await startRedisServer();
  cleanups.push(stop);
  await command('ACL', 'SETUSER', 'mïa', 'on', '~*', '+@all', '>pässword');
  const wire = new Wire({ host, port, tls: { ca } });
  await wire.connected;
  const bytes = Buffer.of(0, 13, 10, 0xfe, 0xff);
  const answers = await failures([
    wire.send(['AUTH', 'mïa', 'pässword']),
    wire.send(['SET', 'key', bytes]),
    wire.send(['GET', 'key']),
    wire.send(['GET', 'none']),
    wire.send(['STRLEN', 'key']),
    wire.send(['EVAL', "return {1, {'two', false}, {err = 'ERR three'}}", 0]),
    wire.send(['NONE']),
  ]);
  expect(answers).toEqual([
    Buffer.from('OK'),
    Buffer.from('OK'),
    bytes,
    null,
    5,
    [1, [Buffer.from('two'), null], new RedisFailure('refused', 'ERR three')],
    new RedisFailure('refused', "ERR unknown command 'NONE'"),
  ]);
  expect({ answered: wire.answered, unanswered: wire.unanswered }).toEqual({ answered: 7, unanswered: 0 });
  wire.destroy('the test is over');
});

test('what a turn of the event loop has to send leaves in one piece', async () => {
  const { wire, server } = await wireTo(() => '+OK\r\n');
  const pieces: number[] = [];
  for (const socket of server.sockets) {
    socket.on('data', (piece: Buffer) => pieces.push(piece.length));
  }
  await Promise.all([wire.send(GET), wire.send(GET), Promise.resolve().then(() => wire.send(GET))]);
  expect(pieces).toEqual([3 * '*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n'.length]);
});

test('of an end those who were sent and those who were not are told apart', async () => {
  const { wire, server } = await wireTo(() => undefined);
  const sent = wire.send(GET);
  await pause(20);
  const unsent = wire.send(GET);
  wire.destroy('it was the end');
  expect(await failures([sent, unsent, wire.send(GET)])).toEqual([
    new RedisFailure('lost', 'it was the end'),
    new RedisFailure('unsent', 'it was the end'),
    new RedisFailure('unsent', 'the connection has ended'),
  ]);
  await pause(20);
  expect(server.commands).toHaveLength(1);
});

test.each([
  ['a reply that is none', 'what?\r\n', 'the server sent what is no reply'],
  ['one reply too many', '+OK\r\n+OK\r\n', 'the server sent a reply to nothing'],
])('%s ends the connection: what comes after it would go to the wrong command', async (_, text, reason) => {
  const { wire } = await wireTo((_command, socket) => void setTimeout(() => socket.write(text), 10));
  const first = await failures([wire.send(GET)]);
  expect(wire.open).toBe(false);
  const failure = new RedisFailure('lost', reason);
  expect(first).toEqual(text.startsWith('+') ? [Buffer.from('OK')] : [failure]);
});

test('an end by the server, and a reset, are told', async () => {
  const ended = await wireTo((_, socket) => void socket.end());
  const reset = await wireTo((_, socket) => void socket.resetAndDestroy());
  expect(await failures([ended.wire.send(GET), reset.wire.send(GET)])).toEqual([
    new RedisFailure('lost', 'the server ended the connection'),
    new RedisFailure('lost', 'read ECONNRESET'),
  ]);
});

test('a name that leads to several addresses, none of which answers, is told by its code', async () => {
  const server = await FakeRedis.start(() => undefined);
  const { port } = server;
  await server.stop();
  const lookup: LookupFunction = (_name, _options, found) =>
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ]);
  const wire = new Wire({ host: 'sessions.example.com', port, tls: { lookup } });
  await expect(wire.connected).rejects.toEqual(new RedisFailure('unsent', 'ECONNREFUSED'));
});

test('a connection that is given up before it is made is told to whoever waits for it', async () => {
  const server = await FakeRedis.start(() => undefined);
  cleanups.push(() => server.stop());
  const wire = new Wire(server);
  const waiting = wire.connected.catch((failure: unknown) => failure);
  wire.destroy('it took too long');
  expect(await waiting).toEqual(new RedisFailure('unsent', 'it took too long'));
  await expect(wire.send(GET)).rejects.toMatchObject({ outcome: 'unsent' });
});

test('more than a server takes is not kept: the rest is refused until it has', async () => {
  const { wire, server } = await wireTo(() => '+OK\r\n');
  for (const socket of server.sockets) {
    socket.pause();
  }
  const large = ['SET', 'key', Buffer.alloc(9 * 1024 * 1024)] as const;
  const taken = [wire.send(large), wire.send(large)];
  await expect(wire.send(GET)).rejects.toEqual(new RedisFailure('unsent', '16777216 bytes wait to be sent already'));
  for (const socket of server.sockets) {
    socket.resume();
  }
  expect(await Promise.all(taken)).toEqual([Buffer.from('OK'), Buffer.from('OK')]);
  expect(await wire.send(GET)).toEqual(Buffer.from('OK'));
});

test('one that is retired ends with the last answer', async () => {
  const { wire } = await wireTo(() => '+OK\r\n');
  const answers = [wire.send(GET), wire.send(GET)];
  wire.retire();
  expect(await Promise.all(answers)).toHaveLength(2);
  expect(wire.open).toBe(false);
});
