import { setTimeout as pause } from 'node:timers/promises';
import type { RedisFailure, RedisTransport } from 'cdk-sessions-client/redis';
import { RedisLink } from '../../../lib/client/redis/link';
import { SLOTS, slotOf } from '../../../lib/client/redis/slot';
import type { RedisAddress } from '../../../lib/client/redis/wire';
import { FakeCluster, type FakeNode } from '../../support/fake-cluster';
import { connectionsTo } from '../../support/redis-connections';

let cluster: FakeCluster;
let transport: RedisTransport;

beforeEach(async () => {
  cluster = await FakeCluster.start(['entry', 'a', 'b']);
  cluster.slots = halves();
  transport = connect(cluster.node('entry'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await cluster.stop();
});

function connect(entry: RedisAddress): RedisTransport {
  return connectionsTo({ host: entry.host, port: entry.port }, { cluster: true });
}

/** The first half of the slots to one node, the other half to another. */
function halves(first = cluster.node('a'), second = cluster.node('b')) {
  return [
    { first: 0, last: SLOTS / 2 - 1, ...addressOf(first) },
    { first: SLOTS / 2, last: SLOTS - 1, ...addressOf(second) },
  ];
}

function addressOf({ host, port }: FakeNode): { host: string | null; port: number } {
  return { host, port };
}

const KEYS = Array.from({ length: 200 }, (_, index) => `session:${index}`);
const [ofA = '', ofB = ''] = [0, 1].map((half) => KEYS.find((key) => Math.floor((2 * slotOf(key)) / SLOTS) === half));

function get(key: string): Promise<unknown> {
  return transport.send(key, ['GET', key]).then(String);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await pause(10);
  }
}

/** How a command fails. */
function failureOf(key: string): Promise<RedisFailure | undefined> {
  return transport.send(key, ['GET', key]).then(
    () => undefined,
    (failure: RedisFailure) => failure,
  );
}

test('each command goes to the node that has its key, and who has which slot is asked once, however many begin together', async () => {
  const served = await Promise.all(KEYS.map(get));
  expect(served).toEqual(KEYS.map((key) => (slotOf(key) < SLOTS / 2 ? 'a' : 'b')));
  expect(cluster.discoveries()).toBe(1);
  expect(cluster.node('entry').keys()).toEqual([]);
});

test('the entry point is left when it has told who has what', async () => {
  await get(ofA);
  await until(() => cluster.node('entry').sockets.size === 0);
  expect(cluster.node('a').sockets.size).toBe(1);
  expect(cluster.node('b').connections).toBe(0);
});

test('a slot that has moved is looked for where its old node says, and not at the old node again', async () => {
  expect(await get(ofA)).toBe('a');
  await cluster.add('new');
  cluster.node('a').says(() => cluster.moved(ofA, 'new'));
  cluster.slots = halves(cluster.node('new'));
  expect(await get(ofA)).toBe('new');
  const before = cluster.node('a').keys().length;
  expect(await Promise.all([get(ofA), get(ofA)])).toEqual(['new', 'new']);
  expect(cluster.node('a').keys()).toHaveLength(before);
});

test('where one slot moved, who has the others is asked, and connections to nodes that left are ended', async () => {
  await Promise.all([get(ofA), get(ofB)]);
  cluster.node('a').says(() => cluster.moved(ofA, 'b'));
  cluster.slots = halves(cluster.node('b'), cluster.node('b'));
  // Who asked a moment ago does not ask again.
  await pause(150);
  await get(ofA);
  await until(() => cluster.node('a').sockets.size === 0);
  expect(cluster.discoveries()).toBe(2);
  expect(cluster.node('b').sockets.size).toBe(1);
});

test('a connection to a node that left while it was made is ended as well', async () => {
  await get(ofB);
  await cluster.add('new');
  cluster.node('a').greetsAfter(400);
  cluster.node('a').says((key) => cluster.moved(key, 'new'));
  const reply = get(ofA);
  // Who asked a moment ago does not ask again.
  await pause(150);
  cluster.slots = halves(cluster.node('new'));
  let asked = 0;
  cluster.node('b').says(() => (asked++ === 0 ? '-TRYAGAIN later\r\n' : undefined));
  await get(ofB);
  await until(() => cluster.discoveries() === 2);
  expect(await reply).toBe('new');
  await until(() => cluster.node('a').sockets.size === 0);
});

test('however many commands are told at once that their slots moved, who has what is asked once', async () => {
  await Promise.all(KEYS.map(get));
  await pause(150);
  cluster.node('a').says((key) => cluster.moved(key, 'b'));
  cluster.slots = halves(cluster.node('b'), cluster.node('b'));
  expect(new Set(await Promise.all(KEYS.map(get)))).toEqual(new Set(['b']));
  expect(cluster.discoveries()).toBe(2);
});

test('for a key that is just moving, the other node is asked this once, with ASKING before', async () => {
  await get(ofA);
  cluster.node('a').says(() => cluster.ask(ofA, 'b'));
  expect(await get(ofA)).toBe('b');
  expect(
    cluster
      .node('b')
      .commands.slice(-2)
      .map(([name]) => name),
  ).toEqual(['ASKING', 'GET']);
  cluster.node('a').says(undefined);
  expect(await get(ofA)).toBe('a');
  expect(cluster.discoveries()).toBe(1);
});

test.each([null, '', '?'])('a node that is announced with the host %j is where the one is that told', async (host) => {
  cluster.slots = halves().map((range) => ({ ...range, host }));
  expect(await get(ofA)).toBe('a');
  cluster.node('a').says(() => cluster.ask(ofA, 'b', host ?? ''));
  expect(await get(ofA)).toBe('b');
  cluster.node('a').says(() => cluster.moved(ofA, 'b', host ?? ''));
  expect(await get(ofA)).toBe('b');
});

test('nodes that each say that the other has a slot are not asked over and over', async () => {
  await get(ofA);
  const before = performance.now();
  cluster.node('a').says(() => cluster.moved(ofA, 'b'));
  cluster.node('b').says(() => cluster.moved(ofA, 'a'));
  expect(await failureOf(ofA)).toMatchObject({ outcome: 'refused', word: 'MOVED' });
  const seconds = (performance.now() - before) / 1000;
  // A handful at once, and then one in 50 ms; who has what, at most ten times a second.
  expect(cluster.node('a').keys().length + cluster.node('b').keys().length).toBeLessThan(10 + 40 * seconds);
  expect(cluster.discoveries()).toBeLessThan(3 + 10 * seconds);
});

test('while no node has a slot, the others are served; when one has it, it is as well', async () => {
  cluster.slots = halves().slice(1);
  expect(await get(ofB)).toBe('b');
  expect(await failureOf(ofA)).toMatchObject({
    outcome: 'unsent',
    message: `no node of the cluster has slot ${slotOf(ofA)}`,
  });
  cluster.slots = halves();
  expect(await get(ofA)).toBe('a');
});

test.each([
  ['none', '*0\r\n'],
  ['something else', ':1\r\n'],
])('an entry point that knows of %s yet is asked again', async (_, reply) => {
  cluster.node('entry').tells(reply);
  const { port } = cluster.node('entry');
  expect(await failureOf(ofA)).toMatchObject({
    outcome: 'unsent',
    message: `127.0.0.1:${port} knows of no node that has slots`,
  });
  cluster.node('entry').tells(undefined);
  expect(await get(ofA)).toBe('a');
});

test('an entry point that refuses to tell fails the command at once, in its words', async () => {
  cluster.node('entry').tells('-NOPERM no permission to run CLUSTER SLOTS\r\n');
  expect(await failureOf(ofA)).toMatchObject({ outcome: 'refused', word: 'NOPERM' });
  expect(cluster.discoveries()).toBe(1);
});

test('when a node is gone, another one that is connected tells who took its place', async () => {
  await Promise.all([get(ofA), get(ofB)]);
  await cluster.node('a').stop();
  cluster.slots = halves(cluster.node('b'), cluster.node('b'));
  // What was under way when it went may have been carried out. What comes later was not.
  await pause(50);
  expect(await get(ofA)).toBe('b');
  expect(cluster.node('b').discoveries()).toBe(1);
});

test('when all nodes are others, the entry point tells', async () => {
  await Promise.all([get(ofA), get(ofB)]);
  await cluster.add('c');
  await Promise.all([cluster.node('a').stop(), cluster.node('b').stop()]);
  cluster.slots = halves(cluster.node('c'), cluster.node('c'));
  await pause(50);
  expect(await get(ofA)).toBe('c');
});

test.each([
  'MOVED',
  'MOVED 0 127.0.0.1',
  'MOVED 0 127.0.0.1:0',
  'MOVED 0 127.0.0.1:99999',
  'MOVED 4294967296 127.0.0.1:6379',
  'ASK -1 127.0.0.1:6379',
])('a redirection that leads nowhere is not followed: %s', async (refusal) => {
  await get(ofA);
  cluster.node('a').says(() => `-${refusal}\r\n`);
  expect(await failureOf(ofA)).toMatchObject({ outcome: 'refused', message: refusal });
});

test('a node that does not tell is not waited for: another one is asked', async () => {
  // In the order in which they are known.
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  await Promise.all([get(ofA), get(ofB)]);
  cluster.node('a').tells('');
  cluster.node('a').says((key) => cluster.moved(key, 'b'));
  cluster.slots = halves(cluster.node('b'), cluster.node('b'));
  await pause(150);
  await get(ofA);
  await until(() => cluster.node('b').discoveries() === 1);
  expect(cluster.node('a').discoveries()).toBe(1);
});

test.each(['READONLY You cannot write against a replica.', 'NOAUTH Authentication required.'])(
  'a node that answers %s is connected to anew',
  async (refusal) => {
    await get(ofA);
    cluster.node('a').says((_, connection) => (connection === 1 ? `-${refusal}\r\n` : undefined));
    expect(await get(ofA)).toBe('a');
    await until(() => cluster.node('a').sockets.size === 1);
    expect(cluster.node('a').connections).toBe(2);
  },
);

test('while there is no entry point, attempts to reach it keep their distance, however many wait', async () => {
  await cluster.node('entry').stop();
  const open = jest.spyOn(RedisLink, 'open');
  const failures = await Promise.all(KEYS.map(failureOf));
  expect(new Set(failures.map((failure) => failure?.outcome))).toEqual(new Set(['unsent']));
  expect(open.mock.calls.length).toBeLessThan(15);
  open.mockRestore();
});

test('an entry point that takes its time to connect is waited for, and connected to once', async () => {
  cluster.node('entry').greetsAfter(600);
  expect(await get(ofA)).toBe('a');
  await until(() => cluster.node('entry').sockets.size === 0);
  expect(cluster.node('entry').connections).toBe(1);
});
