import assert from 'node:assert/strict';
import type { StoredSession, WriteResult } from '../stores/store.js';
import { MINUTE, same, stored, type Trial } from './contract-trial.js';
import type { OwnerTrial } from './owner-trial.js';

/** What is required of a store that can end a session without looking at it. */
export const BLOCK_CASES: Readonly<Record<string, (trial: OwnerTrial) => Promise<void>>> = {
  'block ends a session: only its times stay': async ({ store, owners, start, key }) => {
    const { version: _, value: __, ...times } = await written({ store, start, key });
    await owners.block(key, 'blocked', start + 30 * MINUTE);
    const blocked = await store.read(key);
    same(withoutValue(blocked), { ...times, version: 'blocked' });
    assert(blocked?.value instanceof Uint8Array, 'the value of a blocked session is not one');
  },

  'block lets no write through that expects what was there': async ({ store, owners, start, key }) => {
    const { deadline, expiresAt } = await written({ store, start, key });
    await owners.block(key, 'blocked', start + 30 * MINUTE);
    for (const expected of ['first', 'absent']) {
      const result = await store.write(key, stored(start, { version: 'second' }), expected);
      sameRefusal(result, { version: 'blocked', expiresAt, deadline });
    }
    assert.equal(await store.touch(key, start + 2 * MINUTE, 'first'), 'changed');
    same(withoutValue(await store.read(key)), { version: 'blocked', expiresAt, deadline });
  },

  'block puts off no end': async ({ store, owners, clock, start, key }) => {
    await written({ store, start, key });
    await owners.block(key, 'blocked', start + 30 * MINUTE);
    clock.advance(MINUTE);
    assert.equal(await store.read(key), undefined);
  },

  'block of what is absent keeps the place until its end, and lets a write through then': async ({
    store,
    owners,
    clock,
    start,
    key,
  }) => {
    const until = start + 5 * MINUTE;
    const place: StoredSession = { value: new Uint8Array(), version: 'blocked', expiresAt: until, deadline: until };
    const late = stored(until, { version: 'late' });
    await owners.block(key, 'blocked', until);
    clock.now = until - 1;
    same(await store.read(key), place);
    same(await store.write(key, late, 'absent'), { written: false, current: place });
    clock.now = until;
    assert.equal(await store.read(key), undefined);
    same(await store.write(key, late, 'absent'), { written: true });
    same(await store.read(key), late);
  },

  'block of what was destroyed keeps the place': async ({ store, owners, start, key }) => {
    const until = start + 5 * MINUTE;
    await written({ store, start, key });
    await store.destroy(key);
    await owners.block(key, 'blocked', until);
    const late = await store.write(key, stored(start, { version: 'late' }), 'absent');
    sameRefusal(late, { version: 'blocked', expiresAt: until, deadline: until });
  },

  'block of the same again changes no end': async ({ store, owners, start, key }) => {
    await owners.block(key, 'once', start + MINUTE);
    await owners.block(key, 'twice', start + 5 * MINUTE);
    const end = start + MINUTE;
    same(withoutValue(await store.read(key)), { version: 'twice', expiresAt: end, deadline: end });
  },

  'block and writes at once: the block wins': async ({ store, owners, start, key }) => {
    await written({ store, start, key });
    await Promise.all([
      owners.block(key, 'blocked', start + MINUTE),
      ...['second', 'third'].map((version) => store.write(key, stored(start, { version }), 'first')),
    ]);
    assert.equal((await store.read(key))?.version, 'blocked');
  },

  'destroy of what was blocked removes it': async ({ store, owners, start, key }) => {
    await owners.block(key, 'blocked', start + MINUTE);
    assert.equal((await store.destroy(key))?.version, 'blocked');
    assert.equal(await store.read(key), undefined);
  },
};

async function written({ store, start, key }: Pick<Trial, 'store' | 'start' | 'key'>): Promise<StoredSession> {
  const first = stored(start, { version: 'first' });
  await store.write(key, first, 'absent');
  return first;
}

/** What value is left of a blocked session is up to the store. */
function withoutValue(session: StoredSession | undefined): Omit<StoredSession, 'value'> | undefined {
  if (session === undefined) {
    return undefined;
  }
  const { value: _, ...rest } = session;
  return rest;
}

function sameRefusal(result: WriteResult, current: Omit<StoredSession, 'value'>): void {
  assert(!result.written, 'a write to a blocked session was accepted');
  same(withoutValue(result.current), current);
}
