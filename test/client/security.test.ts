import { createHash } from 'node:crypto';
import { createSessions, type StoredSession } from 'cdk-sessions-client';
import { FaultyStore, MemoryStore } from 'cdk-sessions-client/testing';
import type { EngineKeys } from '../../lib/client/engine';
import { signedCookieValue } from '../../lib/client/keys/cookie-signature';
import { KeyRing } from '../../lib/client/keys/key-ring';
import { decodeRecord, encodeRecord, type SessionRecord } from '../../lib/client/record';
import { keyOf, newSessionId } from '../../lib/client/session-id';
import { ownerOf } from '../../lib/client/user-id';
import { documentOf, key } from './keys/keys';
import { engineOf, HOUR, keyOfSession, MINUTE, newScene, START, Visitor } from './support';

const DOCUMENT = documentOf(key('first', START - HOUR));
const SIGNED: EngineKeys = {
  read: async () => JSON.stringify(DOCUMENT),
  encryptsData: false,
  acceptsUnprotected: false,
};
const ENCRYPTED: EngineKeys = { ...SIGNED, encryptsData: true };

let { clock, memory, store, visitor } = newScene();

beforeEach(() => {
  ({ clock, memory, store, visitor } = newScene());
});

const engine = (parts: Partial<Parameters<typeof engineOf>[0]> = {}) => engineOf({ store, clock, ...parts });

async function signedIn(user: string, keys: EngineKeys | undefined): Promise<Visitor> {
  const visitor = new Visitor(engine(keys && { keys }));
  await visitor.request((session) => [session.login(user, { label: 'Firefox' }), session.set('list', [4111])]);
  store.taken();
  return visitor;
}

async function storedOf(visitor: Visitor): Promise<StoredSession> {
  const stored = await memory.read(keyOfSession(visitor));
  if (stored === undefined) {
    throw new Error('nothing is stored');
  }
  return stored;
}

/** What somebody can do who may write to the store: put anything in place of a session's record. */
async function overwrite(visitor: Visitor, change: Partial<StoredSession>): Promise<void> {
  const stored = await storedOf(visitor);
  await memory.write(keyOfSession(visitor), { ...stored, ...change }, stored.version);
}

describe('a session id', () => {
  test('is 256 random bits: each of them is set as often as not, and no id comes twice', () => {
    const ids = Array.from({ length: 4096 }, () => Buffer.from(newSessionId(), 'base64url'));
    const timesSet = Array.from({ length: 256 }, (_, bit) =>
      ids.filter((id) => (id[bit >> 3] ?? 0) & (1 << (bit & 7))),
    );
    // Eight standard deviations on either side of the half.
    expect(timesSet.map(({ length }) => length).filter((times) => Math.abs(times - 2048) > 256)).toEqual([]);
    expect(new Set(ids.map((id) => id.toString('hex'))).size).toBe(4096);
  });

  test('is taken from the cookie alone: not from the address, the body or another header', async () => {
    const sessions = createSessions<{ user: string }>({ store, clock: clock.read });
    await visitor.request((session) => session.set('user', 'ada'));
    const { cookie = '' } = visitor;
    const handler = sessions.lambda(async (_event, session) => ({ statusCode: 200, body: session.get('user') ?? '' }));
    const event = { version: '2.0', requestContext: { http: { method: 'POST', path: '/' } } };
    expect(await handler({ ...event, cookies: [cookie] }, {})).toMatchObject({ body: 'ada' });
    const elsewhere = {
      ...event,
      rawPath: `/${cookie}`,
      queryStringParameters: { '__Host-session': cookie.slice(cookie.indexOf('=') + 1), cookie },
      headers: { authorization: `Bearer ${cookie}`, 'set-cookie': cookie, 'x-cookie': cookie },
      body: cookie,
    };
    expect(await handler(elsewhere, {})).toMatchObject({ body: '' });
  });

  test('never leads to what is kept of a user: what is hashed for one is longer than any id', async () => {
    const hashed = 'cdk-sessions v1, the sessions of the user a';
    expect(Buffer.from(ownerOf('a'))).toEqual(createHash('sha256').update(hashed).digest());
    expect(hashed.length).toBeGreaterThan(Buffer.from(newSessionId(), 'base64url').length);
    // With a shorter prefix, a user could choose a name that a made-up id spells.
    const name = 'a'.repeat(27);
    const madeUp = Buffer.from(`user ${name}`).toString('base64url');
    expect(Buffer.from(keyOf(madeUp))).not.toEqual(Buffer.from(ownerOf(name)));
  });

  test('has room in the cookies of every browser, with the longest names that are allowed', async () => {
    const name = `__Host-${'n'.repeat(57)}`;
    const longest = new Visitor(
      engine({
        policy: { cookie: { name, sameSite: 'strict', secure: true, persistent: true } },
        keys: { ...SIGNED, read: async () => JSON.stringify(documentOf(key('k'.repeat(32), START - HOUR))) },
      }),
    );
    const setCookie = await longest.request((session) => session.set('user', 'ada'.repeat(1000)));
    expect(setCookie?.startsWith(`${name}=v1.`)).toBe(true);
    expect(setCookie?.length).toBeLessThan(512);
  });

  test('is in no log line, error or reply when the store fails', async () => {
    await visitor.request((session) => [session.login('ada'), session.set('user', 'secret')]);
    const id = visitor.cookie?.split('.')[1] ?? '';
    const logged = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = new FaultyStore(memory);
    broken.next('read', 'fail');
    const handler = createSessions({ store: broken, clock: clock.read }).lambda(async () => ({ statusCode: 200 }));
    const event = {
      version: '2.0',
      requestContext: { http: { method: 'GET', path: '/' } },
      cookies: [visitor.cookie ?? ''],
    };
    const reply = await handler(event, {});
    expect(reply).toMatchObject({ statusCode: 503 });
    const lines = logged.mock.calls.flat().join('\n');
    logged.mockRestore();
    expect(lines).toContain('ERR_SESSION_STORE_UNAVAILABLE');
    const stored = Buffer.from(keyOf(id));
    const secrets = [id, stored.toString('base64url'), stored.toString('hex'), 'secret', 'ada'];
    expect(secrets.filter((secret) => `${lines}${JSON.stringify(reply)}`.includes(secret))).toEqual([]);
  });
});

test('who signs in again gets a new id and both timeouts anew, and the id from before is dead', async () => {
  await visitor.request((session) => session.login('ada'));
  const before = visitor.tab();
  clock.advance(20 * MINUTE);
  await visitor.request((session) => session.login('ada'));
  expect(visitor.cookie).not.toBe(before.cookie);
  expect((await before.load()).isNew).toBe(true);
  const { expiresAt, deadline } = await visitor.load();
  expect(expiresAt).toEqual(new Date(START + 50 * MINUTE));
  expect(deadline).toEqual(new Date(START + 20 * MINUTE + 12 * HOUR));
});

test('of the cookies of one request three are looked up at most', async () => {
  const deadline = (START + HOUR) / 1000;
  const madeUp = Array.from({ length: 100 }, () => `__Host-session=v1.${newSessionId()}.${deadline}`);
  expect((await engine().load([madeUp.join('; ')])).isNew).toBe(true);
  expect(store.taken()).toEqual(['read', 'read', 'read']);
});

test('a cookie of another store with the same keys leads to no session', async () => {
  const neighbour = new Visitor(engine({ store: new MemoryStore({ clock: clock.read }), keys: SIGNED }));
  await neighbour.request((session) => session.login('ada'));
  expect((await neighbour.tab(engine({ keys: SIGNED })).load()).isNew).toBe(true);
});

test('who has the keys but no id can sign a cookie, which leads to no session', async () => {
  await signedIn('ada', ENCRYPTED);
  const told: string[] = [];
  const hooks = { lost: () => told.push('lost'), created: () => told.push('created') };
  const deadline = (START + HOUR) / 1000;
  const signer = new KeyRing(DOCUMENT).signer(clock.now);
  const value = signedCookieValue('__Host-session', { id: newSessionId(), deadline }, deadline, signer);
  expect((await engine({ keys: ENCRYPTED, hooks }).load([`__Host-session=${value}`])).isNew).toBe(true);
  expect(told).toEqual(['lost']);
});

describe('who reads the store', () => {
  test('finds the data, the user and the label where nothing is encrypted', async () => {
    const { value } = await storedOf(await signedIn('ada', SIGNED));
    expect(Buffer.from(value).toString('latin1')).toMatch(/"ada".*"Firefox".*4111/s);
  });

  test('finds none of them where data is encrypted', async () => {
    const ada = await signedIn('ada', ENCRYPTED);
    const text = Buffer.from((await storedOf(ada)).value).toString('latin1');
    expect(['ada', 'Firefox', '4111'].filter((part) => text.includes(part))).toEqual([]);
    expect(await ada.see('list')).toEqual([4111]);
  });

  test('knows a user whose id is guessed: what stands for it is a hash without a key', async () => {
    await signedIn('ada', ENCRYPTED);
    const guess = createHash('sha256').update('cdk-sessions v1, the sessions of the user ada').digest();
    expect(Buffer.from(ownerOf('ada'))).toEqual(guess);
    expect((await memory.owners.readOwner(guess)).sessions).toHaveLength(1);
  });
});

function asUser(record: SessionRecord, user: string): SessionRecord {
  return { ...record, ...(record.signIn && { signIn: { ...record.signIn, user } }) };
}

describe('who writes to the store', () => {
  const asBob = ({ value }: StoredSession) => encodeRecord(asUser(decodeRecord(value), 'bob'));

  test('makes a session another user’s where nothing is encrypted, signed cookies or not', async () => {
    const eve = await signedIn('eve', SIGNED);
    await overwrite(eve, { value: asBob(await storedOf(eve)) });
    expect((await eve.load()).userId).toBe('bob');
  });

  test('makes none where data is encrypted: what is not sealed for that very session is refused', async () => {
    const [eve, bob] = [await signedIn('eve', ENCRYPTED), await signedIn('bob', ENCRYPTED)];
    await overwrite(eve, { value: (await storedOf(bob)).value });
    await expect(eve.load()).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD' });
    await overwrite(eve, { value: asBob(await storedOf(await signedIn('eve', SIGNED))) });
    await expect(eve.load()).rejects.toMatchObject({ code: 'ERR_SESSION_RECORD' });
  });

  test('makes one all the same for as long as what is not protected is accepted', async () => {
    const eve = await signedIn('eve', ENCRYPTED);
    await overwrite(eve, { value: asBob(await storedOf(await signedIn('eve', SIGNED))) });
    expect((await eve.tab(engine({ keys: { ...ENCRYPTED, acceptsUnprotected: true } })).load()).userId).toBe('bob');
  });

  test('puts a record from before a sign-out back, encrypted or not', async () => {
    const ada = await signedIn('ada', ENCRYPTED);
    const [before, thief] = [await storedOf(ada), ada.tab()];
    await ada.request((session) => session.logout());
    expect((await thief.load()).isNew).toBe(true);
    const { version } = (await memory.read(keyOfSession(thief))) ?? { version: 'absent' };
    await memory.write(keyOfSession(thief), before, version);
    expect((await thief.load()).userId).toBe('ada');
  });

  test('puts off the idle end, and not the absolute one where data is encrypted', async () => {
    const ada = await signedIn('ada', ENCRYPTED);
    const later = START + 1000 * HOUR;
    await overwrite(ada, { expiresAt: later, deadline: later });
    clock.advance(HOUR);
    expect((await ada.load()).userId).toBe('ada');
    clock.advance(11 * HOUR);
    // Nor would another deadline in the cookie help whoever could sign it.
    const id = ada.cookie?.split('.')[1] ?? '';
    const value = { id, deadline: later / 1000 };
    const signer = new KeyRing(DOCUMENT).signer(clock.now);
    ada.cookie = `__Host-session=${signedCookieValue('__Host-session', value, later / 1000, signer)}`;
    store.taken();
    expect((await ada.load()).isNew).toBe(true);
    expect(store.taken()).toEqual(['read']);
  });

  test('makes no session outlive the policy by a revocation that is yet to come', async () => {
    const later = START + 1000 * HOUR;
    await memory.owners.revoke(ownerOf('ada'), later, later);
    const ada = await signedIn('ada', ENCRYPTED);
    expect((await ada.load()).createdAt?.getTime()).toBeLessThanOrEqual(START + 5 * MINUTE);
    await overwrite(ada, { expiresAt: later, deadline: later });
    const id = ada.cookie?.split('.')[1] ?? '';
    const signer = new KeyRing(DOCUMENT).signer(clock.now);
    ada.cookie = `__Host-session=${signedCookieValue('__Host-session', { id, deadline: later / 1000 }, later / 1000, signer)}`;
    clock.advance(12 * HOUR + 5 * MINUTE);
    const told: string[] = [];
    const hooks = { expired: () => told.push('expired'), rejected: () => told.push('rejected') };
    expect((await ada.tab(engine({ keys: ENCRYPTED, hooks })).load()).isNew).toBe(true);
    expect(told).toEqual(['expired']);
  });

  test('brings back what destroyByOwner ended, whose value stays until its time is over', async () => {
    const ada = await signedIn('ada', ENCRYPTED);
    await engine({ keys: ENCRYPTED }).destroyByOwner('ada');
    expect((await ada.load()).isNew).toBe(true);
    await overwrite(ada, { version: '1' });
    expect((await ada.load()).userId).toBe('ada');
  });
});

test('when every key is replaced, every session is over, whoever’s it is', async () => {
  const visitors = [await signedIn('ada', ENCRYPTED), await signedIn('bob', ENCRYPTED)];
  const replaced = engine({ keys: { ...ENCRYPTED, read: async () => JSON.stringify(documentOf(key('new', START))) } });
  for (const visitor of visitors) {
    expect((await visitor.tab(replaced).load()).isNew).toBe(true);
  }
  expect(store.taken()).toEqual([]);
});
