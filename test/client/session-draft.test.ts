import { DataModel } from '../../lib/client/data-model';
import { encodeRecord } from '../../lib/client/record';
import type { Concurrency } from '../../lib/client/session';
import { SessionData } from '../../lib/client/session-data';
import { SessionDraft } from '../../lib/client/session-draft';
import { START } from './support';

type Values = Record<string, unknown>;

const model = new DataModel<Values>({});

function draftOf(values: Values, concurrency: Concurrency = 'merge'): SessionDraft {
  const record = {
    createdAt: START,
    renewedAt: START,
    idleTimeout: 60,
    recent: 'aaaaaaaa',
    signIn: { user: 'ada', handle: 'aaaaaaaa', enteredAt: START, deadline: START + 2, checkedAt: START },
    data: dataOf(values),
  };
  const stored = { value: encodeRecord(record), version: 'a', expiresAt: START + 1, deadline: START + 2 };
  const found = {
    id: 'id',
    cookie: { id: 'id', deadline: stored.deadline, outdated: false },
    checked: false,
    key: Uint8Array.of(1),
    stored,
    record,
    expiresAt: stored.expiresAt,
    deadline: stored.deadline,
  };
  return new SessionDraft(found, { model, concurrency, hadCookie: true, others: [], onReset: () => undefined });
}

function newDraft(): SessionDraft {
  return new SessionDraft<Values>(undefined, {
    model,
    concurrency: 'merge',
    hadCookie: false,
    others: [],
    onReset: () => undefined,
  });
}

function dataOf(values: Values): SessionData {
  return SessionData.of(JSON.stringify(values), 1);
}

/** What the session's changes make of what another request left. */
function on(session: SessionDraft, left: Values): Values {
  return JSON.parse(session.close().on(dataOf(left)).data.text);
}

describe('reading', () => {
  test('a key that is there gives its value, one that is not gives undefined', () => {
    const session = draftOf({ user: 'ada' });
    expect([session.get('user'), session.has('user')]).toEqual(['ada', true]);
    expect([session.get('cart'), session.has('cart')]).toEqual([undefined, false]);
  });

  test('a new session has no dates', () => {
    const session = newDraft();
    expect([session.isNew, session.createdAt, session.expiresAt, session.deadline]).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('names of the object prototype are keys as any other', () => {
    const session = newDraft();
    expect(session.get('constructor')).toBeUndefined();
    session.set('__proto__', { polluted: true });
    expect(session.get('__proto__')).toEqual({ polluted: true });
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('status', () => {
  test('is unchanged until something changes', () => {
    const session = draftOf({ user: 'ada' });
    session.get('user');
    expect(session.status).toBe('unchanged');
    session.set('user', 'bob');
    expect(session.status).toBe('changed');
  });

  test('is changed by regenerate, and destroyed by destroy whatever came before', () => {
    const session = draftOf({ user: 'ada' });
    session.regenerate();
    expect(session.status).toBe('changed');
    session.destroy();
    expect(session.status).toBe('destroyed');
  });
});

describe('a change inside a value that was got', () => {
  test('is noticed', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as number[]).push(2);
    expect(session.status).toBe('changed');
    expect(on(session, { list: [1] })).toEqual({ list: [1, 2] });
  });

  test('is noticed before an update of the same key builds on it', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as number[]).push(2);
    session.update('list', (list) => [...(list as number[]), 3]);
    expect(on(session, { list: [9] })).toEqual({ list: [1, 2, 3] });
  });

  test('and once more after it was noticed is noticed as it was then', () => {
    const session = draftOf({ list: [1] });
    const list = session.get('list') as number[];
    list.push(2);
    session.update('list', (values) => [...(values as number[]), 3]);
    list.push(4);
    expect(on(session, { list: [9] })).toEqual({ list: [1, 2, 3] });
  });

  test('after the session was saved changes nothing that is saved', () => {
    const session = draftOf({ list: [1] });
    const list = session.get('list') as unknown[];
    list.push(2);
    const proposal = session.close();
    list.push(new Date());
    expect(proposal.data.text).toBe('{"list":[1,2]}');
    expect(proposal.on(dataOf({ list: [9] })).data.text).toBe('{"list":[1,2]}');
  });

  test('that an updater made in its argument counts once, even if the updater then fails', () => {
    const session = draftOf({ list: [1] });
    const failing = () =>
      session.update('list', (list) => {
        (list as number[]).push(2);
        throw new Error('no');
      });
    expect(failing).toThrow('no');
    expect(session.get('list')).toEqual([1]);
  });

  test('that an update gave it is of no account, either', () => {
    const session = draftOf({ list: [1] });
    const list = session.get('list') as number[];
    session.update('list', () => [7]);
    list.push(2);
    expect(on(session, { list: [1] })).toEqual({ list: [7] });
  });

  test('that was replaced since is of no account', () => {
    const session = draftOf({ list: [1] });
    const list = session.get('list') as number[];
    session.unset('list');
    list.push(2);
    expect(on(session, { list: [1] })).toEqual({});
  });

  test('is refused if it made the value unserialisable', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as unknown[]).push(new Date());
    expect(() => session.close()).toThrow('session.list[1] is a Date');
  });
});

describe('a value that was set', () => {
  test('is the session’s own: what the caller does to his later changes nothing', () => {
    const session = draftOf({});
    const mine: unknown[] = [1];
    session.set('list', mine);
    mine.push(new Date());
    expect(session.get('list')).toEqual([1]);
  });
});

describe('after the session was saved', () => {
  test('changes are refused: nobody would save them', () => {
    const session = draftOf({ list: [1] });
    session.close();
    for (const change of [
      () => session.set('count', 1),
      () => session.update('count', () => 1),
      () => session.flash('count', 1),
      () => session.pop('count'),
      () => session.unset('count'),
      () => session.clear(),
      () => session.login('ada'),
      () => session.logout(),
      () => session.regenerate(),
      () => session.destroy(),
      () => session.close(),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLOSED' }));
    }
    expect(session.get('list')).toEqual([1]);
  });
});

describe('inside a function given to update', () => {
  test('changes are refused: it may run again when the session is saved', () => {
    const session = draftOf({ list: [1] });
    const nested = () =>
      session.update('count', () => {
        session.set('list', []);
        return 1;
      });
    expect(nested).toThrow('set inside a function given to update');
    expect([session.get('list'), session.get('count')]).toEqual([[1], undefined]);
    session.set('list', []);
  });
});

describe('flash', () => {
  test('keeps a value until it is got once', () => {
    const session = newDraft();
    session.flash('notice', 'saved');
    expect([session.has('notice'), session.get('notice'), session.has('notice')]).toEqual([true, 'saved', false]);
  });

  test('is made again on what another request left', () => {
    const session = draftOf({});
    session.flash('notice', 'saved');
    const { data, contested } = session.close().on(dataOf({ notice: 'theirs' }));
    expect(data.text).toBe('{"notice":"saved"}\n["notice"]');
    expect(contested).toEqual(['notice']);
  });

  test('is over when the key is set or updated', () => {
    const session = newDraft();
    session.flash('notice', 'saved');
    session.update('notice', (notice) => `${notice}!`);
    expect([session.get('notice'), session.get('notice')]).toEqual(['saved!', 'saved!']);
  });

  test('can be read after the session was saved, when nothing can be taken away any more', () => {
    const session = newDraft();
    session.flash('notice', 'saved');
    session.close();
    expect([session.get('notice'), session.get('notice')]).toEqual(['saved', 'saved']);
  });
});

describe('pop', () => {
  test('takes a value away and returns it', () => {
    const session = draftOf({ next: '/cart' });
    expect([session.pop('next'), session.pop('next'), session.has('next')]).toEqual(['/cart', undefined, false]);
    expect(on(session, { next: '/cart', a: 1 })).toEqual({ a: 1 });
  });

  test('of a key that is not there changes nothing', () => {
    const session = draftOf({});
    session.pop('next');
    expect(session.status).toBe('unchanged');
  });

  test('leaves what another request put there meanwhile', () => {
    const session = draftOf({ next: '/cart' });
    session.pop('next');
    expect(on(session, { next: '/pay' })).toEqual({ next: '/pay' });
  });

  test.each<[string, (session: SessionDraft) => void]>([
    ['set', (session) => session.set('count', 5)],
    ['update', (session) => session.update('count', (count) => Number(count) + 1)],
    ['clear', (session) => [session.clear(), session.set('count', 1)]],
  ])('takes away what the same request made of it by %s, whatever that comes to on another value', (_, change) => {
    const session = draftOf({ count: 1, a: 1 });
    change(session);
    session.pop('count');
    expect(on(session, { count: 7 })).not.toHaveProperty('count');
  });

  test('takes away a value that was changed from outside, too', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as number[]).push(2);
    expect(session.pop('list')).toEqual([1, 2]);
    expect(on(session, { list: [1] })).toEqual({});
  });

  test('the key can be set again', () => {
    const session = draftOf({ next: '/cart' });
    session.pop('next');
    session.set('next', '/home');
    expect(on(session, { next: '/pay' })).toEqual({ next: '/home' });
  });
});

describe('login and logout', () => {
  test('login keeps what the visitor did before', () => {
    const session = newDraft();
    session.set('cart', ['book']);
    session.login('ada');
    expect([session.userId, session.get('cart'), session.status, session.close().newId]).toEqual([
      'ada',
      ['book'],
      'changed',
      'login',
    ]);
  });

  test('login of another user leaves the session of the one before, and all that is in it', () => {
    const session = draftOf({ cart: ['book'] });
    session.login('bob');
    expect([session.userId, session.get('cart'), session.isNew, session.close().ended]).toEqual([
      'bob',
      undefined,
      true,
      true,
    ]);
  });

  test('login of the same user goes on with it', () => {
    const session = draftOf({ cart: ['book'] });
    session.login('ada');
    expect([session.get('cart'), session.close().ended]).toEqual([['book'], false]);
  });

  test.each([
    ['', 'one of 0'],
    ['x'.repeat(257), 'one of 257'],
    [7, 'a value of type number'],
    [undefined, 'a value of type undefined'],
    ['\ud800', 'one with half of a surrogate pair'],
    ['ada\udc00', 'one with half of a surrogate pair'],
  ])('login is given a user’s id, not %j', (userId, received) => {
    expect(() => newDraft().login(userId as string)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_USER', message: expect.stringContaining(`received ${received}`) }),
    );
  });

  test.each([
    ['', 'one of 0'],
    ['x'.repeat(129), 'one of 129'],
    [7, 'a value of type number'],
    ['Firefox \udfff', 'one with half of a surrogate pair'],
  ])('and a label for the session, not %j', (label, received) => {
    expect(() => newDraft().login('ada', { label: label as string })).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_USER',
        message: `the label of a session must be a text of 1 to 128 characters, received ${received}`,
      }),
    );
  });

  test('a user’s id and a label may have any characters there are', () => {
    const session = newDraft();
    session.login('𝒜da', { label: 'Firefox 🦊' });
    expect(session.close()).toMatchObject({ user: '𝒜da', label: 'Firefox 🦊' });
  });

  test('logout leaves an empty session that can be written to', () => {
    const session = draftOf({ cart: ['book'] });
    session.regenerate();
    session.logout();
    expect([session.userId, session.get('cart'), session.status]).toEqual([undefined, undefined, 'destroyed']);
    expect([session.isNew, session.createdAt]).toEqual([true, undefined]);
    session.flash('notice', 'signed out');
    expect(session.status).toBe('changed');
    expect(session.close()).toMatchObject({ newId: undefined, begins: true, ended: true });
  });

  test('login after regenerate is one, too', () => {
    const session = draftOf({});
    session.regenerate();
    session.login('ada');
    expect(session.close().newId).toBe('login');
  });

  test('regenerate after login keeps it a login', () => {
    const session = newDraft();
    session.login('ada');
    session.regenerate();
    expect(session.close().newId).toBe('login');
  });
});

describe('a value that is not JSON', () => {
  const cycle: Record<string, unknown> = { name: 'loop' };
  cycle['self'] = cycle;

  test.each<[string, unknown, string]>([
    ['a Date', { at: new Date() }, 'session.value.at is a Date'],
    ['a Map', [new Map()], 'session.value[0] is a Map'],
    ['an instance of a class', new (class Cart {})(), 'session.value is a Cart'],
    ['a function', { a: { 'b-c': () => 1 } }, 'session.value.a["b-c"] is a function'],
    ['a bigint', 1n, 'session.value is a bigint'],
    ['a symbol', Symbol('s'), 'session.value is a symbol'],
    ['NaN', [Number.NaN], 'session.value[0] is NaN'],
    ['infinity', Number.POSITIVE_INFINITY, 'session.value is Infinity'],
    ['undefined in an array', [undefined], 'session.value[0] is undefined'],
    ['a hole in an array', new Array(1), 'session.value[0] is undefined'],
    ['a promise', Promise.resolve(1), 'session.value is a Promise (was an await forgotten?)'],
    ['a cycle', cycle, 'session.value.self is part of a cycle'],
    ['an object with toJSON', { toJSON: () => 'x' }, 'session.value is an object with a toJSON method'],
    ['bytes', { b: new Uint8Array(1) }, 'session.value.b is a Uint8Array'],
  ])('is refused by name: %s', (_, value, message) => {
    const refused = expect.objectContaining({
      code: 'ERR_SESSION_NOT_SERIALIZABLE',
      message: `${message}: a session keeps JSON values only`,
    });
    const session = draftOf({});
    expect(() => session.set('value', value)).toThrow(refused);
    expect(() => session.update('value', () => value)).toThrow(refused);
    expect(session.status).toBe('unchanged');
  });

  test('undefined is not a value to set: unset says it', () => {
    expect(() => draftOf({}).set('value', undefined as never)).toThrow('session.value is undefined');
  });

  test('nesting beyond what a stack bears is refused, not walked', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(() => draftOf({}).set('value', nested(100))).not.toThrow();
    expect(() => draftOf({}).set('value', nested(100_000))).toThrow(
      /^session\.value\[0\].*… is nested deeper than 100 levels/,
    );
  });

  test('a key that is long is not spelled out', () => {
    const key = 'k'.repeat(1_000_000);
    expect(() => draftOf({}).set('value', { [key]: 1n })).toThrow(/^.{1,250}$/);
  });

  test('an object that says nothing sensible of its class is refused, too', () => {
    const strange = Object.create(Object.create(Object.create(null)));
    expect(() => draftOf({}).set('value', strange)).toThrow('session.value is a class instance');
  });

  test('put into a value that was got is refused when the session is saved, not dropped', () => {
    for (const fault of [() => 1, cycle, new Date()]) {
      const session = draftOf({ value: { a: 1 } });
      Object.assign(session.get('value') as object, { a: fault });
      expect(() => session.close()).toThrow(expect.objectContaining({ code: 'ERR_SESSION_NOT_SERIALIZABLE' }));
    }
  });

  test('an update to undefined takes the key away', () => {
    const session = draftOf({ user: 'ada' });
    session.update('user', () => undefined);
    expect(session.has('user')).toBe(false);
  });

  test('members that are undefined, objects without prototype and shared values are JSON', () => {
    const shared = { a: 1 };
    const value = Object.assign(Object.create(null), { a: undefined, b: [shared, shared], c: [true, null, 'x'] });
    expect(() => draftOf({}).set('value', value)).not.toThrow();
  });
});
