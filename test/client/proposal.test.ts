import { DataModel } from '../../lib/client/data-model';
import type { Proposal } from '../../lib/client/proposal';
import { encodeRecord } from '../../lib/client/record';
import type { Concurrency } from '../../lib/client/session';
import { SessionData } from '../../lib/client/session-data';
import { SessionDraft } from '../../lib/client/session-draft';
import { START } from './support';

type Values = Record<string, unknown>;

const model = new DataModel<Values>({});
const ALL: readonly Concurrency[] = ['merge', 'optimistic', 'last-write-wins'];

/** What a request that does this to a session of these values wants to be saved. */
function proposalOf(values: Values, concurrency: Concurrency, act: (session: SessionDraft) => unknown): Proposal {
  const record = { createdAt: START, renewedAt: START, idleTimeout: 60, recent: 'aaaaaaaa', data: dataOf(values) };
  const stored = { value: encodeRecord(record), version: '1.aaaaaaaa', expiresAt: START + 1, deadline: START + 2 };
  const { expiresAt, deadline } = stored;
  const cookie = { id: 'id', deadline, outdated: false };
  const found = {
    id: 'id',
    cookie,
    checked: false,
    key: Uint8Array.of(1),
    stored,
    record,
    expiresAt,
    deadline,
  };
  const session = new SessionDraft(found, {
    model,
    concurrency,
    hadCookie: true,
    others: [],
    onReset: () => undefined,
  });
  act(session);
  return session.close();
}

function dataOf(values: Values, version = 1): SessionData {
  return SessionData.of(JSON.stringify(values), version);
}

const CONFLICT = expect.objectContaining({
  code: 'ERR_SESSION_CONFLICT',
  message: expect.stringContaining('sessions.transact'),
});

describe('a save that another one came before', () => {
  const changed = (concurrency: Concurrency) =>
    proposalOf({ a: 1, b: 1 }, concurrency, (session) => session.set('a', 2));

  test('is made again on what that one left: merge', () => {
    expect(changed('merge').on(dataOf({ a: 5, c: 5 })).data.text).toBe('{"a":2,"c":5}');
  });

  test('is refused: optimistic', () => {
    expect(() => changed('optimistic').on(dataOf({ a: 1, b: 2 }))).toThrow(CONFLICT);
  });

  test('overwrites it: last-write-wins', () => {
    expect(changed('last-write-wins').on(dataOf({ c: 5 })).data.text).toBe('{"a":2,"b":1}');
  });

  test('overwrites with what is to be got once, too: last-write-wins', () => {
    const { data } = proposalOf({ a: 1 }, 'last-write-wins', (session) => session.flash('b', 2)).on(dataOf({ c: 5 }));
    expect(data.text).toBe('{"a":1,"b":2}\n["b"]');
  });

  test('does not overwrite what a newer release left', () => {
    expect(() => changed('last-write-wins').on(dataOf({ c: 5 }, 2))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_RECORD' }),
    );
  });

  test.each(ALL)('of the same data is none: %s', (concurrency) => {
    expect(changed(concurrency).on(dataOf({ a: 1, b: 1 })).data.text).toBe('{"a":2,"b":1}');
  });

  test.each(ALL)('stands, if this one changed nothing: %s', (concurrency) => {
    const theirs = dataOf({ a: 2 });
    const looked = proposalOf({ a: 1 }, concurrency, (session) => session.get('a'));
    expect(looked.on(theirs)).toEqual({ data: theirs, contested: [] });
  });

  test.each<[string, (session: SessionDraft) => void]>([
    ['a new id', (session) => session.regenerate()],
    ['a sign-in', (session) => session.login('ada')],
  ])('is an error for %s that was decided by what is outdated: optimistic', (_, act) => {
    const decided = proposalOf({ a: 1 }, 'optimistic', (session) => [session.get('a'), act(session)]);
    expect(() => decided.on(dataOf({ a: 2 }))).toThrow(CONFLICT);
    const blind = proposalOf({ a: 1 }, 'optimistic', act);
    expect(blind.on(dataOf({ a: 2 })).data.text).toBe('{"a":2}');
  });

  test('is cleared away unread, even if nobody can read it any more', () => {
    const cleared = proposalOf({ a: 1 }, 'merge', (session) => [session.clear(), session.set('b', 2)]);
    const { data, contested } = cleared.on(SessionData.of('damaged', 1));
    expect([data.text, contested]).toEqual(['{"b":2}', []]);
  });
});

describe('contested keys', () => {
  const act = (session: SessionDraft) => {
    session.set('a', 2);
    session.update('count', () => 1);
  };

  test('are those that both gave different values', () => {
    const { contested } = proposalOf({ a: 1, b: 1 }, 'merge', act).on(dataOf({ a: 5, b: 1, c: 1, count: 7 }));
    expect(contested).toEqual(['a']);
  });

  test('are none where the other one gave the same value, or left it', () => {
    expect(proposalOf({ a: 1 }, 'merge', act).on(dataOf({ a: 2, b: 5 })).contested).toEqual([]);
    expect(proposalOf({ a: 1 }, 'merge', act).on(dataOf({ a: 1, b: 5 })).contested).toEqual([]);
  });

  test('are all that it overwrites, where the last write wins', () => {
    const { contested } = proposalOf({ a: 1, b: 1 }, 'last-write-wins', act).on(dataOf({ a: 5, b: 1, c: 1 }));
    expect(contested).toEqual(['a', 'c']);
  });
});

test.each<[string, (session: SessionDraft) => unknown, Partial<Proposal>]>([
  ['nothing', () => undefined, { dirty: false, matters: false }],
  ['a change that changes nothing', (session) => session.set('a', 1), { dirty: false, matters: false }],
  ['a change', (session) => session.set('a', 2), { dirty: true, matters: true }],
  ['clear, whatever was there', (session) => [session.clear(), session.set('a', 1)], { dirty: true, matters: true }],
  ['a new id', (session) => session.regenerate(), { dirty: false, matters: true, newId: 'privilege' }],
  ['an end', (session) => session.logout(), { matters: true, ended: true, begins: false }],
  ['an end and a beginning', (session) => [session.logout(), session.set('b', 1)], { ended: true, begins: true }],
])('says what there is to be saved: %s', (_, act, expected) => {
  expect(proposalOf({ a: 1 }, 'merge', act)).toMatchObject(expected);
});
