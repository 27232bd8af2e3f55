import { FakeClock } from 'cdk-sessions-client/testing';
import { CallBudget } from '../../../lib/client/call-budget';
import { HookCaller } from '../../../lib/client/hooks';
import { KeyCache } from '../../../lib/client/keys/key-cache';
import { KEY_REFRESH } from '../../../lib/contract/keys';
import { MINUTE, SECOND, START } from '../support';
import { documentOf, key } from './keys';

let clock: FakeClock;
let reads: number;
let answer: () => Promise<string>;
let told: string[];
let cache: KeyCache;

beforeEach(() => {
  clock = new FakeClock();
  reads = 0;
  told = [];
  answer = async () => JSON.stringify(documentOf(key('one', START)));
  const hooks = new HookCaller({ storeError: ({ code, message }) => told.push(`${code}: ${message}`) });
  const read = () => {
    reads++;
    return answer();
  };
  cache = new KeyCache(read, clock.read, hooks);
});

const budget = (total = 1000) => new CallBudget(total, total);

test('the keys are read once, by one request, however many want them', async () => {
  const rings = await Promise.all([1, 2, 3].map(() => cache.ring(budget())));
  expect([reads, new Set(rings).size]).toEqual([1, 1]);
  await cache.ring(budget());
  expect(reads).toBe(1);
});

test('they are read again when they have become old', async () => {
  await cache.ring(budget());
  clock.advance(KEY_REFRESH * 1000 - 1);
  await cache.ring(budget());
  expect(reads).toBe(1);
  clock.advance(1);
  answer = async () => JSON.stringify(documentOf(key('two', START), key('one', START)));
  expect((await cache.ring(budget())).find('two')).toBeDefined();
  expect(reads).toBe(2);
});

test('while they cannot be read, those that were read before go on, and not every request asks', async () => {
  await cache.ring(budget());
  clock.advance(KEY_REFRESH * 1000);
  answer = () => Promise.reject(new Error('no route'));
  for (let request = 0; request < 5; request++) {
    expect((await cache.ring(budget())).find('one')).toBeDefined();
  }
  expect(reads).toBe(2);
  clock.advance(10 * SECOND);
  await cache.ring(budget());
  expect(reads).toBe(3);
  expect(told).toHaveLength(2);
  expect(told[0]).toBe(
    'ERR_SESSION_KEYS_UNAVAILABLE: the keys of the sessions cannot be read: the session store failed a read of its keys: Error: no route',
  );
});

test('where they never could be read it is an error, and the next request tries again', async () => {
  answer = () => Promise.reject(new Error('no route'));
  await expect(cache.ring(budget())).rejects.toMatchObject({ code: 'ERR_SESSION_KEYS_UNAVAILABLE' });
  answer = async () => JSON.stringify(documentOf(key('one', START)));
  expect((await cache.ring(budget())).find('one')).toBeDefined();
});

test('a secret that hangs is given up', async () => {
  answer = () => new Promise(() => undefined);
  await expect(cache.ring(budget(5000))).rejects.toThrow('did not answer a read of its keys within 2000 ms');
});

test('each request waits for as long as its own time allows: one in a hurry spoils it for nobody', async () => {
  let bring: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    bring = resolve;
  });
  const text = JSON.stringify(documentOf(key('one', START)));
  answer = () => held.then(() => text);
  const hurried = cache.ring(budget(20));
  const patient = cache.ring(budget());
  await expect(hurried).rejects.toMatchObject({
    code: 'ERR_SESSION_STORE_TIMEOUT',
    message: 'no time is left to wait for the keys',
  });
  bring();
  expect((await patient).find('one')).toBeDefined();
  expect(reads).toBe(1);
});

test('a document that cannot be used is named by its field, without a word of what is in it', async () => {
  answer = async () => JSON.stringify({ version: 1, keys: [{ ...key('one', START), secret: 'hunter2' }] });
  const error = await cache.ring(budget()).catch((reason: Error) => reason.message);
  expect(error).toContain('keys[0].secret');
  expect(error).not.toContain('hunter2');
});

test('a key that is not known may have been made since: it is looked for, but not for everybody who makes one up', async () => {
  await cache.ring(budget());
  clock.advance(MINUTE);
  answer = async () => JSON.stringify(documentOf(key('two', START), key('one', START)));
  expect((await cache.ringWith('two', budget())).find('two')).toBeDefined();
  expect(reads).toBe(2);
  for (let forged = 0; forged < 100; forged++) {
    await cache.ringWith(`forged${forged}`, budget());
  }
  expect(reads).toBe(2);
  await cache.ringWith('two', budget());
  expect(reads).toBe(2);
});
