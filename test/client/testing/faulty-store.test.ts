import type { OwnerIndex, StoredSession } from 'cdk-sessions-client';
import { type Fault, FaultyStore, InjectedFault, MemoryStore } from 'cdk-sessions-client/testing';
import { bind, START } from '../support';

const KEY = Uint8Array.of(1);

let inner: MemoryStore;
let store: FaultyStore;
let index: OwnerIndex;

beforeEach(async () => {
  inner = new MemoryStore({ clock: () => START });
  store = new FaultyStore(inner);
  index = ownersOf(store);
  await store.write(KEY, session('first'), 'absent');
});

test('passes calls on', async () => {
  expect(await store.read(KEY)).toEqual(session('first'));
  expect(await store.touch(KEY, START + 5, 'first')).toBe('ok');
  expect(await store.destroy(KEY)).toEqual({ ...session('first'), expiresAt: START + 5 });
  expect(await inner.read(KEY)).toBeUndefined();
});

test.each(['capacity', 'compressAbove'] as const)('has the %s of the store that it spoils', (property) => {
  expect(store[property]).toBeUndefined();
  expect(new FaultyStore(Object.assign(inner, { [property]: 7 }))[property]).toBe(7);
});

test('spoils the next call of a kind, and the one after it goes well', async () => {
  store.next('write', 'fail');
  expect(await store.read(KEY)).toBeDefined();
  await expect(store.write(KEY, session('second'), 'first')).rejects.toThrow(InjectedFault);
  expect(await store.write(KEY, session('second'), 'first')).toEqual({ written: true });
});

test('spoils a later call if the script lets some go well', async () => {
  store.next('read', undefined, 'fail');
  expect(await store.read(KEY)).toBeDefined();
  await expect(store.read(KEY)).rejects.toThrow('the read was made to fail');
});

test('a call that fails changes nothing', async () => {
  store.next('destroy', 'fail');
  await expect(store.destroy(KEY)).rejects.toThrow(InjectedFault);
  expect(await inner.read(KEY)).toBeDefined();
});

test.each([['before'], ['meanwhile']] as const)('a call that hangs ends by its signal, given %s', async (when) => {
  store.next('write', 'hang');
  const abort = new AbortController();
  const reason = new Error('given up');
  if (when === 'before') {
    abort.abort(reason);
  }
  const write = store.write(KEY, session('second'), 'first', { signal: abort.signal });
  abort.abort(reason);
  await expect(write).rejects.toBe(reason);
  expect((await inner.read(KEY))?.version).toBe('first');
});

test('a call whose reply is lost is carried out', async () => {
  store.next('write', 'lose-reply');
  await expect(store.write(KEY, session('second'), 'first')).rejects.toThrow('the reply to the write was lost');
  expect((await inner.read(KEY))?.version).toBe('second');
});

test('a call that is made twice gets the second answer', async () => {
  store.next('write', 'duplicate');
  expect(await store.write(KEY, session('second'), 'first')).toEqual({ written: false, current: session('second') });
});

test('a call that is delayed is carried out later', async () => {
  store.next('write', { delay: 30 });
  const write = store.write(KEY, session('second'), 'first');
  expect((await inner.read(KEY))?.version).toBe('first');
  expect(await write).toEqual({ written: true });
});

test('a stale read is answered with what was there one write earlier', async () => {
  store.next('read', 'stale');
  expect(await store.read(KEY)).toBeUndefined();
  await store.write(KEY, session('second'), 'first');
  store.next('read', 'stale');
  expect((await store.read(KEY))?.version).toBe('first');
  await store.destroy(KEY);
  store.next('read', 'stale');
  expect((await store.read(KEY))?.version).toBe('second');
});

test('a stale read is answered with what was there before a block', async () => {
  await index.block(KEY, 'blocked', START + 5);
  store.next('read', 'stale');
  expect(await store.read(KEY)).toEqual(session('first'));
  await index.block(KEY, 'again', START + 5);
  store.next('read', 'stale');
  expect(await store.read(KEY)).toEqual(session('blocked'));
});

test('a stale read is answered with the place of an earlier block', async () => {
  const place = Uint8Array.of(2);
  await index.block(place, 'blocked', START + 5);
  const kept = await inner.read(place);
  await index.block(place, 'again', START + 5);
  store.next('read', 'stale');
  expect(await store.read(place)).toEqual(kept);
});

test('a write that is refused does not count as one', async () => {
  await store.write(KEY, session('third'), 'second');
  store.next('read', 'stale');
  expect(await store.read(KEY)).toBeUndefined();
});

test('lists what the store that it spoils lists, if it does', async () => {
  const keys: Uint8Array[] = [];
  for await (const some of store.keys?.(KEY) ?? []) {
    keys.push(...some);
  }
  expect(keys.map((key) => [...key])).toEqual([[...KEY]]);
  expect(new FaultyStore(bind(inner)).keys).toBeUndefined();
});

describe('what a store keeps of owners', () => {
  const OWNER = Uint8Array.of(7);
  const ENTRY = { key: KEY, handle: 'aGFuZGxl', enteredAt: START, deadline: START + 10 };

  test('is passed on', async () => {
    expect(await index.enter(OWNER, ENTRY, START + 10)).toEqual({ sessions: [ENTRY], notBefore: 0 });
    await index.revoke(OWNER, START, START + 10);
    expect(await index.readOwner(OWNER)).toEqual({ sessions: [ENTRY], notBefore: START });
    await index.leave(OWNER, [ENTRY]);
    expect(await inner.owners.readOwner(OWNER)).toEqual({ sessions: [], notBefore: START });
    await index.block(KEY, 'blocked', START + 5);
    expect((await inner.read(KEY))?.version).toBe('blocked');
  });

  test.each([
    ['readOwner', () => index.readOwner(OWNER)],
    ['enter', () => index.enter(OWNER, ENTRY, START + 10)],
    ['leave', () => index.leave(OWNER, [ENTRY])],
    ['revoke', () => index.revoke(OWNER, START, START + 10)],
    ['block', () => index.block(KEY, 'blocked', START + 5)],
  ] as const)('is spoiled: %s', async (call, run) => {
    store.next(call, 'fail', 'lose-reply');
    await expect(run()).rejects.toThrow(`the ${call} was made to fail`);
    await expect(run()).rejects.toThrow(`the reply to the ${call} was lost`);
    await run();
  });

  test('is changed by a call whose reply is lost', async () => {
    store.next('enter', 'lose-reply');
    await expect(index.enter(OWNER, ENTRY, START + 10)).rejects.toThrow(InjectedFault);
    expect(await index.readOwner(OWNER)).toEqual({ sessions: [ENTRY], notBefore: 0 });
  });

  test('is not there where the store keeps nothing of them', () => {
    expect(new FaultyStore({ ...bind(inner), owners: undefined }).owners).toBeUndefined();
  });
});

describe('by seed', () => {
  test('the same faults come in each run', async () => {
    const [one, two, other] = [await outcomes(1, 0.5), await outcomes(1, 0.5), await outcomes(2, 0.5)];
    expect(one).toEqual(two);
    expect(one).not.toEqual(other);
  });

  test('they befall the share of the calls that was asked for', async () => {
    const share = (list: readonly string[]) => list.filter((outcome) => outcome !== 'well').length / list.length;
    expect(share(await outcomes(1, 0))).toBe(0);
    // A duplicated read looks like any other: three of the four kinds show.
    expect(share(await outcomes(1, 1))).toBeGreaterThan(0.6);
    expect(share(await outcomes(1, 0.2))).toBeCloseTo(0.15, 1);
  });

  test('the script goes first', async () => {
    const always = new FaultyStore(inner, { faults: { seed: 1, rate: 1 } });
    const script: (Fault | undefined)[] = Array.from({ length: 20 });
    always.next('read', ...script);
    for (const _ of script) {
      expect(await always.read(KEY)).toBeDefined();
    }
  });

  async function outcomes(seed: number, rate: number): Promise<string[]> {
    const faulty = new FaultyStore(inner, { faults: { seed, rate } });
    const calls = Array.from({ length: 200 }, () =>
      faulty.read(KEY, { signal: AbortSignal.abort(new Error('hung')) }).then(
        () => 'well',
        (error: Error) => error.message,
      ),
    );
    return Promise.all(calls);
  }
});

function session(version: string): StoredSession {
  return { value: Uint8Array.of(1), version, expiresAt: START + 1, deadline: START + 10 };
}

function ownersOf({ owners }: FaultyStore): OwnerIndex {
  if (owners === undefined) {
    throw new Error('the store keeps nothing of owners');
  }
  return owners;
}
