import type { SessionStore } from 'cdk-sessions-client';
import { type FakeClock, FaultyStore } from 'cdk-sessions-client/testing';
import type { SessionDraft } from '../../lib/client/session-draft';
import { SessionValues } from '../../lib/client/session-values';
import { bind, type Data, type EngineUnderTest, engineOf, newScene, type ObservedStore, Visitor } from './support';

let clock: FakeClock;
let store: ObservedStore;
let visitor: Visitor;

beforeEach(() => {
  ({ clock, store } = newScene());
});

async function begin(parts: Partial<EngineUnderTest> = {}): Promise<void> {
  visitor = new Visitor(engineOf({ store, clock, ...parts }));
  await visitor.request((session) => [session.set('user', 'ada'), session.set('count', 0)]);
  store.taken();
}

/** Makes the requests, all of which found the session before the first of them saved it. */
async function atOnce(...acts: readonly ((session: SessionDraft<Data>) => unknown)[]) {
  const tabs = acts.map(() => visitor.tab());
  const sessions = await Promise.all(tabs.map((tab) => tab.load()));
  for (const [index, act] of acts.entries()) {
    act(sessions[index] as SessionDraft<Data>);
  }
  store.taken();
  return Promise.allSettled(tabs.map((tab, index) => tab.commit(sessions[index] as SessionDraft<Data>)));
}

const count = (session: SessionDraft<Data>) => session.update('count', (counted = 0) => counted + 1);

test('parallel saves of one session take two writes: the first, and that of all who came while it was under way', async () => {
  await begin();
  await atOnce(...Array.from({ length: 50 }, () => count));
  expect(store.taken()).toEqual(['write', 'write']);
  expect(await visitor.see('count')).toBe(50);
});

test('those who come during the second are saved in a third', async () => {
  await begin();
  const late = await visitor.load();
  count(late);
  store.beforeWrite(2, async () => {
    later = visitor.tab().commit(late);
  });
  let later: Promise<unknown> | undefined;
  await atOnce(count, count, count);
  await later;
  expect(store.taken()).toEqual(['write', 'write', 'write']);
  expect(await visitor.see('count')).toBe(4);
});

test('who found what was saved after the save that it waits for is not told of a conflict', async () => {
  let whenRefused = async () => {};
  const write: SessionStore['write'] = async (...args) => {
    const result = await store.write(...args);
    if (!result.written) {
      await whenRefused();
    }
    return result;
  };
  await begin({ concurrency: 'optimistic', store: { ...bind(store), write } });
  const elsewhere = visitor.tab(engineOf({ store, clock }));
  const [slow, late] = [visitor.tab(), visitor.tab()];
  const overtaken = await slow.load();
  count(overtaken);
  await elsewhere.request(count);
  let saved: Promise<unknown> | undefined;
  // Its refusal is on its way back while others save, and a request of this process finds what they saved.
  whenRefused = async () => {
    await elsewhere.request(count);
    const session = await late.load();
    count(session);
    saved = late.commit(session);
  };
  await expect(slow.commit(overtaken)).rejects.toMatchObject({ code: 'ERR_SESSION_CONFLICT' });
  await saved;
  expect(await visitor.see('count')).toBe(3);
});

test('saves of different sessions do not wait for each other', async () => {
  await begin();
  const other = new Visitor(engineOf({ store, clock }));
  await other.request((session) => session.set('count', 0));
  const [mine, theirs] = [await visitor.load(), await other.load()];
  count(mine);
  count(theirs);
  const order: string[] = [];
  store.beforeWrite(1, async () => {
    await other.commit(theirs).then(() => order.push('theirs'));
  });
  await visitor.commit(mine).then(() => order.push('mine'));
  expect(order).toEqual(['theirs', 'mine']);
});

test('a group takes up what another process saved before it', async () => {
  await begin();
  const elsewhere = visitor.tab(engineOf({ store, clock }));
  store.beforeWrite(2, async () => void (await elsewhere.request(count)));
  await atOnce(count, count, count);
  expect(await visitor.see('count')).toBe(4);
});

test('requests that set one key to different values in one group are told as in conflict', async () => {
  const told: unknown[] = [];
  await begin({ hooks: { conflict: ({ key }) => told.push(key) } });
  await atOnce(
    count,
    (session) => session.set('user', 'bob'),
    (session) => session.set('user', 'eve'),
  );
  expect(told).toEqual(['user']);
  expect(await visitor.see('user')).toBe('eve');
});

test('one whose update fails on what the others left fails alone', async () => {
  await begin();
  const results = await atOnce(
    count,
    (session) =>
      session.update('count', (counted = 0) => {
        if (counted > 0) {
          throw new Error('once only');
        }
        return 1;
      }),
    count,
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { message: 'once only' } });
  expect(await visitor.see('count')).toBe(2);
});

test('a group of which nobody’s changes can be made writes nothing', async () => {
  await begin();
  const once = (session: SessionDraft<Data>) =>
    session.update('count', (counted = 0) => {
      if (counted > 0) {
        throw new Error('once only');
      }
      return 1;
    });
  const results = await atOnce(count, once, once);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(store.taken()).toEqual(['write']);
});

test('when the store fails a group, all of it hear of it, and the next one goes its own way', async () => {
  await begin();
  const faulty = new FaultyStore(store);
  const tab = visitor.tab(engineOf({ store: faulty, clock }));
  const sessions = await Promise.all([tab.load(), tab.load(), tab.load()]);
  for (const session of sessions) {
    count(session);
  }
  faulty.next('write', undefined, 'fail');
  const results = await Promise.allSettled(sessions.map((session) => tab.commit(session)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(results[2]).toMatchObject({ reason: { code: 'ERR_SESSION_STORE_UNAVAILABLE' } });
  await tab.request(count);
  expect(await visitor.see('count')).toBe(2);
});

test('those who wait while the store fails begin with what they found', async () => {
  await begin();
  const faulty = new FaultyStore(store);
  const tab = visitor.tab(engineOf({ store: faulty, clock }));
  const sessions = await Promise.all([tab.load(), tab.load()]);
  for (const session of sessions) {
    count(session);
  }
  faulty.next('write', 'fail');
  const results = await Promise.allSettled(sessions.map((session) => tab.commit(session)));
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  expect(await visitor.see('count')).toBe(1);
});

test('when the session ends, all of them are discarded, each by its own word', async () => {
  const told: unknown[] = [];
  await begin({ hooks: { discarded: () => told.push('discarded') } });
  store.beforeWrite(2, async () => void (await visitor.tab().request((session) => session.destroy())));
  const results = await atOnce(count, count, count);
  expect(results).toEqual(results.map(() => ({ status: 'fulfilled', value: undefined })));
  expect(told).toEqual(['discarded', 'discarded']);
  expect((await visitor.load()).isNew).toBe(true);
});

test('when the session gets a new id in its grace, all of them are told of it', async () => {
  await begin();
  const renewing = engineOf({ store, clock, policy: { renewalTimeout: 60 } });
  const [first, second, third] = await Promise.all([visitor.load(), visitor.load(), visitor.load()]);
  for (const session of [first, second, third]) {
    count(session);
  }
  clock.advance(60_000);
  await visitor.tab(renewing).request();
  const cookies = await Promise.all([first, second, third].map((session) => visitor.tab().commit(session)));
  expect(new Set(cookies).size).toBe(1);
  expect(cookies[0]).toMatch(/^__Host-session=v1/);
});

test('of optimistic requests in one group one is saved, and the others hear that it was', async () => {
  await begin({ concurrency: 'optimistic' });
  const results = await atOnce(count, count, count);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(results[2]).toMatchObject({ reason: { code: 'ERR_SESSION_CONFLICT' } });
  expect(store.taken()).toEqual(['write']);
});

test('of requests where the last write wins the last one does', async () => {
  const told: unknown[] = [];
  await begin({ concurrency: 'last-write-wins', hooks: { conflict: ({ key }) => told.push(key) } });
  await atOnce(
    (session) => session.set('a', 1),
    (session) => session.set('b', 2),
  );
  expect([await visitor.see('a'), await visitor.see('b')]).toEqual([undefined, 2]);
  expect(told).toEqual(['a']);
});

test('nobody waits for others beyond the time that is left to it', async () => {
  await begin();
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const engine = engineOf({ store, clock });
  const [first, hurried, patient] = await Promise.all([1, 2, 3].map(() => engine.load([visitor.cookie ?? ''])));
  for (const session of [first, hurried, patient]) {
    session?.update('count', (counted = 0) => counted + 1);
  }
  store.beforeWrite(1, () => held);
  const saved = engine.commit(first as SessionDraft<Data>);
  const refused = expect(engine.commit(hurried as SessionDraft<Data>, { remainingMs: 120 })).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_TIMEOUT',
    message: 'no time is left to wait for other saves of the session',
  });
  const later = engine.commit(patient as SessionDraft<Data>);
  await refused;
  release();
  await Promise.all([saved, later]);
  expect(await visitor.see('count')).toBe(2);
});

test('the one with the most time left saves for all of them', async () => {
  await begin();
  const engine = engineOf({ store, clock, callTimeout: 500 });
  const sessions = await Promise.all([1, 2, 3].map(() => engine.load([visitor.cookie ?? ''])));
  for (const session of sessions) {
    session.update('count', (counted = 0) => counted + 1);
  }
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 150));
  store.beforeWrite(1, async () => {
    store.beforeWrite(1, slow);
    await slow();
  });
  const [one, two, three] = sessions as [SessionDraft<Data>, SessionDraft<Data>, SessionDraft<Data>];
  const results = await Promise.allSettled([
    engine.commit(one),
    engine.commit(two, { remainingMs: 350 }),
    engine.commit(three),
  ]);
  // Whose time is over before the save of all of them is answered does not know of it; the others lose nothing by that.
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await visitor.see('count')).toBe(3);
});

test('what one of them failed on is forgotten, if it turns out not to be saved', async () => {
  await begin();
  const elsewhere = visitor.tab(engineOf({ store, clock }));
  const take = (most: number) => (session: SessionDraft<Data>) =>
    session.update('count', (counted = 0) => {
      if (counted > most) {
        throw new Error('sold out');
      }
      return counted + 1;
    });
  // The second fails on top of the first; then another process brings the count back to where both of them fit.
  store.beforeWrite(2, async () => void (await elsewhere.request((session) => session.set('count', -5))));
  const results = await atOnce(count, take(1), take(1));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  expect(await visitor.see('count')).toBe(-3);
});

test('a group of large sessions reads and writes the data once', async () => {
  await begin();
  const parse = jest.spyOn(SessionValues, 'parse');
  await atOnce(...Array.from({ length: 50 }, () => count));
  // Each request read it for itself; the group once more, and once for the first save.
  expect(parse.mock.calls.length).toBeLessThan(60);
  parse.mockRestore();
  expect(await visitor.see('count')).toBe(50);
});
