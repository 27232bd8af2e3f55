import { encodeRecord } from '../../lib/client/record';
import { SessionDraft } from '../../lib/client/session-draft';
import { START } from './support';

function draftOf(data: Record<string, unknown>): SessionDraft {
  const record = { createdAt: START, renewedAt: START, idleTimeout: 60, data: new Map(Object.entries(data)) };
  const stored = { value: encodeRecord(record), version: 'a', expiresAt: START + 1, deadline: START + 2 };
  return new SessionDraft({
    key: Uint8Array.of(1),
    stored,
    record,
    expiresAt: stored.expiresAt,
    deadline: stored.deadline,
    byRetiredId: false,
  });
}

describe('reading', () => {
  test('a key that is there gives its value, one that is not gives undefined', () => {
    const session = draftOf({ user: 'ada' });
    expect([session.get('user'), session.has('user')]).toEqual(['ada', true]);
    expect([session.get('cart'), session.has('cart')]).toEqual([undefined, false]);
  });

  test('a new session has no dates', () => {
    const session = new SessionDraft(undefined);
    expect([session.isNew, session.createdAt, session.expiresAt, session.deadline]).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('names of the object prototype are keys as any other', () => {
    const session = new SessionDraft<Record<string, unknown>>(undefined);
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
    expect(replayed(session, { list: [1] })).toEqual({ list: [1, 2] });
  });

  test('is noticed before an update of the same key builds on it', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as number[]).push(2);
    session.update('list', (list) => [...(list as number[]), 3]);
    expect(replayed(session, { list: [9] })).toEqual({ list: [1, 2, 3] });
  });

  test('that was replaced since is of no account', () => {
    const session = draftOf({ list: [1] });
    const list = session.get('list') as number[];
    session.unset('list');
    list.push(2);
    session.noticeMutations();
    expect(replayed(session, { list: [1] })).toEqual({});
  });

  test('is refused if it made the value unserialisable', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as unknown[]).push(new Date());
    expect(() => session.noticeMutations()).toThrow('session.list[1] is a Date');
  });

  function replayed(session: SessionDraft, base: Record<string, unknown>): Record<string, unknown> {
    session.noticeMutations();
    const data = new Map(Object.entries(base));
    session.changes.replay(data);
    return Object.fromEntries(data);
  }
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
    expect(() => draftOf({}).set('value', undefined)).toThrow('session.value is undefined');
  });

  test('an update to undefined takes the key away', () => {
    const session = draftOf({ user: 'ada' });
    session.update('user', () => undefined);
    expect(session.has('user')).toBe(false);
  });

  test('members that are undefined, objects without prototype and shared values are JSON', () => {
    const shared = { a: 1 };
    const value = Object.assign(Object.create(null), { a: undefined, b: [shared, shared] });
    expect(() => draftOf({}).set('value', value)).not.toThrow();
  });
});
