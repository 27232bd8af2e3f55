import { createSessions, type DataOptions, type SessionHooks, type StandardSchema } from 'cdk-sessions-client';
import { MemoryStore } from 'cdk-sessions-client/memory';
import { FakeClock } from 'cdk-sessions-client/testing';
import { fingerprint, keyOf } from '../../lib/client/session-id';
import { type Data, engineOf, HOUR, MINUTE, START, Visitor } from './support';

let clock: FakeClock;
let told: [string, unknown][];
let visitor: Visitor;

const NAMES = [
  'created',
  'loaded',
  'expired',
  'rejected',
  'renewed',
  'destroyed',
  'conflict',
  'discarded',
  'reset',
  'storeError',
] as const satisfies readonly (keyof SessionHooks)[];

beforeEach(() => {
  clock = new FakeClock();
  told = [];
  const hooks: SessionHooks = Object.fromEntries(
    NAMES.map((name) => [name, (event: unknown) => void told.push([name, event])]),
  );
  const store = new MemoryStore({ clock: clock.read });
  visitor = new Visitor(engineOf({ store, clock, policy: { renewalTimeout: 3600 }, hooks }));
});

/** What was told since the last time, and the fingerprint of the visitor's session. */
function news(): readonly [string, unknown][] {
  return told.splice(0);
}
function session(of = visitor): string {
  return fingerprint(keyOf(of.cookie?.split('.')[1] ?? ''));
}

test('a session’s life is told from its beginning to its end', async () => {
  await visitor.request((found) => found.set('user', 'ada'));
  const first = session();
  expect(news()).toEqual([['created', { session: first }]]);

  await visitor.request();
  expect(news()).toEqual([['loaded', { session: first }]]);

  await visitor.request((found) => found.regenerate());
  const second = session();
  expect(news()).toEqual([
    ['loaded', { session: first }],
    ['renewed', { session: first, successor: second, cause: 'privilege' }],
  ]);

  clock.advance(25 * MINUTE);
  await visitor.request();
  clock.advance(25 * MINUTE);
  await visitor.request();
  clock.advance(10 * MINUTE);
  news();
  await visitor.request();
  expect(news()).toEqual([
    ['loaded', { session: second }],
    ['renewed', { session: second, successor: session(), cause: 'age' }],
  ]);

  const third = session();
  await visitor.request((found) => found.login('ada'));
  const fourth = session();
  expect(news()).toEqual([
    ['loaded', { session: third }],
    ['renewed', { session: third, successor: fourth, cause: 'login' }],
  ]);

  await visitor.request((found) => [found.logout(), found.set('a', 1)]);
  expect(news()).toEqual([
    ['loaded', { session: fourth }],
    ['destroyed', { session: fourth }],
    ['created', { session: session() }],
  ]);

  const fifth = session();
  await visitor.request((found) => found.destroy());
  expect(news()).toEqual([
    ['loaded', { session: fifth }],
    ['destroyed', { session: fifth }],
  ]);
});

test('a visitor without a cookie, who changes nothing, is not worth a word', async () => {
  await visitor.request();
  expect(news()).toEqual([]);
});

test('of a cookie that leads nowhere the reason is told', async () => {
  const deadline = (START + HOUR) / 1000;
  const stranger = (cookie: string) => Object.assign(visitor.tab(), { cookie: `__Host-session=${cookie}` });
  await stranger('garbage').request();
  await stranger(`v1.${'A'.repeat(43)}.${deadline}`).request();
  await stranger(`v1.${'A'.repeat(43)}.${START / 1000}`).request();
  expect(news()).toEqual([
    ['rejected', { reason: 'malformed' }],
    ['rejected', { reason: 'unknown' }],
    ['expired', { session: fingerprint(Buffer.from('66687aadf862bd776c8fc18b8e9f8e20', 'hex')) }],
  ]);

  await visitor.request((found) => found.set('user', 'ada'));
  const old = visitor.tab();
  await visitor.request((found) => found.regenerate());
  const gone = visitor.tab();
  await visitor.request((found) => found.destroy());
  news();
  await old.request();
  await gone.request();
  expect(news()).toEqual([
    ['rejected', { reason: 'retired' }],
    ['rejected', { reason: 'destroyed' }],
  ]);
});

test('a session that only a tighter policy ends is told as expired', async () => {
  const store = new MemoryStore({ clock: clock.read });
  const looser = new Visitor(engineOf({ store, clock }));
  await looser.request((found) => found.set('user', 'ada'));
  clock.advance(20 * MINUTE);
  const expired: string[] = [];
  const hooks: SessionHooks = { expired: ({ session }) => expired.push(session) };
  await looser.tab(engineOf({ store, clock, policy: { idleTimeout: 600, touchAfter: 60 }, hooks })).request();
  expect(expired).toEqual([session(looser)]);
});

test('two different values for one key at the same time are told; updates, other keys and equal values are not', async () => {
  await visitor.request((found) => found.set('user', 'ada'));
  const mine = await visitor.load();
  mine.set('user', 'bob');
  mine.set('a', 1);
  mine.update('count', () => 1);
  mine.set('b', 1);
  mine.update('b', (b) => b);
  await visitor.tab().request((theirs) => {
    theirs.set('user', 'eve');
    theirs.set('a', 1);
    theirs.set('count', 5);
    theirs.set('b', 2);
    theirs.set('list', [1]);
  });
  news();
  await visitor.commit(mine);
  expect(news()).toEqual([['conflict', { session: session(), key: 'user' }]]);
});

test('changes that found their session ended are told as discarded', async () => {
  await visitor.request((found) => found.set('user', 'ada'));
  const before = session();
  const late = await visitor.load();
  late.set('count', 1);
  const signingIn = await visitor.load();
  signingIn.regenerate();
  await visitor.tab().request((other) => other.destroy());
  news();
  await visitor.commit(late);
  await visitor.commit(signingIn);
  expect(news()).toEqual([
    ['discarded', { session: before }],
    ['discarded', { session: before }],
  ]);
});

test('a hook that throws or rejects harms nobody, and is written down', async () => {
  const log = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const fault = new Error('mistake');
  const hooks: SessionHooks = {
    created: () => {
      throw fault;
    },
    loaded: () => Promise.reject(fault),
  };
  const unlucky = new Visitor(engineOf({ store: new MemoryStore({ clock: clock.read }), clock, hooks }));
  await unlucky.request((found) => found.set('user', 'ada'));
  expect(await unlucky.see('user')).toBe('ada');
  await new Promise((resolve) => setImmediate(resolve));
  expect(log.mock.calls).toEqual([
    ['cdk-sessions: the hook created failed', fault],
    ['cdk-sessions: the hook loaded failed', fault],
  ]);
  log.mockRestore();
});

test('hooks may be the methods of a class', async () => {
  class Counter implements SessionHooks {
    created_ = 0;
    created(): void {
      this.created_++;
    }
  }
  const counter = new Counter();
  const sessions = createSessions({ store: new MemoryStore(), hooks: counter });
  await sessions.transact(undefined, (found) => found.set('user', 'ada'));
  expect(counter.created_).toBe(1);
});

test('data that had to be given up is told once for a request, however often it was read', async () => {
  const store = new MemoryStore({ clock: clock.read });
  const wrong = new Visitor(engineOf({ store, clock }));
  await wrong.request((found) => found.set('user', 'ada'));
  const resets: unknown[] = [];
  const schema: StandardSchema<Data> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        'user' in (value as Data) ? { issues: [{ message: 'ada', path: ['user'] }] } : { value: value as Data },
    },
  };
  const hooks: SessionHooks = { reset: (event) => resets.push(event) };
  const data: DataOptions<Data> = { schema, onInvalidData: 'reset' };
  const tab = wrong.tab(engineOf({ store, clock, hooks, data }));
  const draft = await tab.load();
  draft.set('count', 1);
  await wrong.tab().request((found) => found.set('a', 1));
  await tab.commit(draft);
  expect(resets).toEqual([{ session: session(wrong), paths: ['session.user'] }]);
  expect(await wrong.see('count')).toBe(1);
});

test('no event holds an id or a key', async () => {
  await visitor.request((found) => found.set('user', 'ada'));
  await visitor.request((found) => found.regenerate());
  const id = visitor.cookie?.split('.')[1] ?? '';
  const everything = JSON.stringify(told);
  expect(everything).not.toContain(id);
  expect(everything).not.toContain(Buffer.from(keyOf(id)).toString('base64url'));
});
