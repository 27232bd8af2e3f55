import type { SessionHooks } from 'cdk-sessions-client';
import { FakeClock, MemoryStore } from 'cdk-sessions-client/testing';
import type { EngineKeys } from '../../../lib/client/engine';
import { KEY_ACTIVATION, KEY_REFRESH, type MasterKey } from '../../../lib/contract/keys';
import { engineOf, HOUR, keyOfSession, MINUTE, ObservedStore, START, Visitor } from '../support';
import { documentOf, key } from './keys';

let clock: FakeClock;
let memory: MemoryStore;
let store: ObservedStore;
let keys: MasterKey[];

beforeEach(() => {
  clock = new FakeClock();
  memory = new MemoryStore({ clock: clock.read });
  store = new ObservedStore(memory);
  keys = [key('first', START - HOUR)];
});

function engine(options: Partial<EngineKeys> = {}, hooks: SessionHooks = {}) {
  const read = async () => JSON.stringify(documentOf(...keys));
  return engineOf({
    store,
    clock,
    hooks,
    keys: { read, encryptsData: true, acceptsUnprotected: false, ...options },
  });
}

async function begun(options: Partial<EngineKeys> = {}): Promise<Visitor> {
  const visitor = new Visitor(engine(options));
  await visitor.request((session) => {
    session.login('ada lovelace', { label: 'Firefox on Linux' });
    session.set('user', 'analytical engine');
  });
  return visitor;
}

async function atRest(visitor: Visitor): Promise<Uint8Array> {
  const stored = await memory.read(keyOfSession(visitor));
  return stored?.value ?? Uint8Array.of();
}

/** The id of the key that a record is encrypted with. */
async function sealedWith(visitor: Visitor): Promise<string> {
  const value = Buffer.from(await atRest(visitor));
  return value.toString('latin1', 2, 2 + (value[1] ?? 0));
}

test('nothing of the data, of who is signed in, or of the label can be read in the store', async () => {
  const visitor = await begun();
  const text = Buffer.from(await atRest(visitor)).toString('latin1');
  for (const secret of ['ada', 'lovelace', 'analytical', 'Firefox', 'createdAt', 'user']) {
    expect(text).not.toContain(secret);
  }
  const session = await visitor.load();
  expect([session.userId, session.get('user')]).toEqual(['ada lovelace', 'analytical engine']);
});

test('it costs no call more', async () => {
  const visitor = await begun();
  store.taken();
  await visitor.request((session) => session.set('count', 1));
  expect(store.taken()).toEqual(['read', 'write']);
});

test('large data is compressed before it is encrypted', async () => {
  const visitor = await begun();
  await visitor.request((session) =>
    session.set(
      'list',
      Array.from({ length: 5000 }, () => 42),
    ),
  );
  expect((await atRest(visitor)).length).toBeLessThan(1000);
});

test('after a rotation what is there is read, and encrypted anew by the next save', async () => {
  const visitor = await begun();
  clock.advance(10 * MINUTE);
  keys = [key('second', clock.now), ...keys];
  clock.advance(KEY_ACTIVATION * 1000);
  expect(await visitor.see('user')).toBe('analytical engine');
  expect(await sealedWith(visitor)).toBe('first');
  await visitor.request((session) => session.set('count', 1));
  expect(await sealedWith(visitor)).toBe('second');
});

test('a session that is only looked at is encrypted anew, too, when its use is next noted', async () => {
  const visitor = await begun();
  keys = [key('second', clock.now), ...keys];
  clock.advance(KEY_ACTIVATION * 1000);
  await visitor.request();
  expect(await sealedWith(visitor)).toBe('second');
});

test('a session whose key is gone is an error, and not signed out', async () => {
  const visitor = await begun();
  keys = [key('second', START - HOUR)];
  clock.advance(KEY_REFRESH * 1000);
  await expect(visitor.tab(engine({ encryptsData: false, acceptsUnprotected: true })).load()).resolves.toMatchObject({
    isNew: true,
  });
  const unsigned = visitor.tab(engine({ acceptsUnprotected: true }));
  unsigned.cookie = visitor.cookie?.split('.').slice(0, 3).join('.');
  await expect(unsigned.load()).rejects.toMatchObject({
    code: 'ERR_SESSION_RECORD',
    message:
      'the stored session is encrypted with the key first, which is not among the keys: do all consumers of the store have the same keys?',
  });
});

test('rows that were swapped are found out, and so is what was changed', async () => {
  const [visitor, other] = [await begun(), await begun()];
  const [mine, theirs] = [await memory.read(keyOfSession(visitor)), await memory.read(keyOfSession(other))];
  if (mine === undefined || theirs === undefined) {
    throw new Error('nothing was stored');
  }
  await memory.write(keyOfSession(visitor), { ...theirs, version: '2.swapped' }, mine.version);
  const message = expect.stringContaining('it was changed in the store, or copied there from another session');
  await expect(visitor.load()).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD', message });
});

test('a place that was kept for a session without a value is not taken for one that was not encrypted', async () => {
  const visitor = await begun();
  const stored = await memory.read(keyOfSession(visitor));
  await memory.write(
    keyOfSession(visitor),
    { version: '2', value: new Uint8Array(), expiresAt: clock.now + HOUR, deadline: clock.now + HOUR },
    stored?.version ?? '',
  );
  await expect(visitor.load()).rejects.toMatchObject({
    code: 'ERR_SESSION_RECORD',
    message: 'the stored session is not what was saved: it has no value',
  });
});

describe('a store that was in use before its data was encrypted', () => {
  const unencrypted = () => begun({ encryptsData: false });

  test('does not take what is not encrypted', async () => {
    const visitor = await unencrypted();
    await expect(visitor.tab(engine()).load()).rejects.toMatchObject({
      code: 'ERR_SESSION_RECORD',
      message:
        'the stored session is not encrypted, and this store encrypts its data: if it began before that, set acceptUnprotected for as long as such sessions live',
    });
  });

  test('takes it while that is wanted, and encrypts it by the next save', async () => {
    const visitor = (await unencrypted()).tab(engine({ acceptsUnprotected: true }));
    expect(await visitor.see('user')).toBe('analytical engine');
    await visitor.request((session) => session.set('count', 1));
    expect(await sealedWith(visitor)).toBe('first');
    expect(await visitor.tab(engine()).see('count')).toBe(1);
  });
});

test('a store that encrypts no longer reads what it encrypted, and stores it in plain', async () => {
  const visitor = (await begun()).tab(engine({ encryptsData: false }));
  await visitor.request((session) => session.set('count', 1));
  expect(Buffer.from(await atRest(visitor)).toString()).toContain('ada lovelace');
  expect(await visitor.see('user')).toBe('analytical engine');
});

test('without any keys, what is encrypted is an error that says so', async () => {
  const visitor = (await begun()).tab(engineOf({ store, clock }));
  await expect(visitor.load()).rejects.toMatchObject({
    code: 'ERR_SESSION_RECORD',
    message:
      'the stored session is encrypted, and this consumer has no keys: give its store the keys that the others have',
  });
});

test('while the keys cannot be read, nobody is served, and nothing is stored in plain', async () => {
  const visitor = await begun();
  const broken = engine({ read: () => Promise.reject(new Error('no route')) });
  await expect(visitor.tab(broken).load()).rejects.toMatchObject({ code: 'ERR_SESSION_KEYS_UNAVAILABLE' });
  store.taken();
  const stranger = new Visitor(broken).request((session) => session.set('user', 'eve'));
  await expect(stranger).rejects.toMatchObject({ code: 'ERR_SESSION_KEYS_UNAVAILABLE' });
  expect(store.taken()).toEqual([]);
});

test('signing out, listing and ending by owner work as ever', async () => {
  const [visitor, other] = [await begun(), await begun()];
  expect(await engine().listByOwner('ada lovelace')).toHaveLength(2);
  await visitor.request((session) => session.logout());
  expect((await visitor.tab().load()).isNew).toBe(true);
  expect(await engine().destroyByOwner('ada lovelace')).toBe(1);
  expect((await other.load()).isNew).toBe(true);
});
