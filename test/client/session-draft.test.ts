import { encodeRecord, formatData } from '../../lib/client/record';
import { SessionDraft } from '../../lib/client/session-draft';
import { START } from './support';

function draftOf(data: Record<string, unknown>): SessionDraft {
  const text = formatData(new Map(Object.entries(data)));
  const record = { createdAt: START, renewedAt: START, idleTimeout: 60, recent: ['a'], data: text };
  const stored = { value: encodeRecord(record), version: 'a', expiresAt: START + 1, deadline: START + 2 };
  return new SessionDraft({
    id: 'id',
    cookieId: 'id',
    key: Uint8Array.of(1),
    stored,
    record,
    expiresAt: stored.expiresAt,
    deadline: stored.deadline,
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
    expect(replayed(session, { list: [1] })).toEqual({});
  });

  test('is refused if it made the value unserialisable', () => {
    const session = draftOf({ list: [1] });
    (session.get('list') as unknown[]).push(new Date());
    expect(() => session.close()).toThrow('session.list[1] is a Date');
  });

  function replayed(session: SessionDraft, base: Record<string, unknown>): Record<string, unknown> {
    session.close();
    const data = new Map(Object.entries(base));
    session.changes.replay(data);
    return Object.fromEntries(data);
  }
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
      () => session.unset('count'),
      () => session.clear(),
      () => session.regenerate(),
      () => session.destroy(),
    ]) {
      expect(change).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLOSED' }));
    }
    expect(session.get('list')).toEqual([1]);
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
    const value = Object.assign(Object.create(null), { a: undefined, b: [shared, shared] });
    expect(() => draftOf({}).set('value', value)).not.toThrow();
  });
});
