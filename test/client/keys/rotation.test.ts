import type { Clock, SessionStore } from 'cdk-sessions-client';
import { DynamoDBStore } from 'cdk-sessions-client/dynamodb';
import { FakeClock, MemoryStore } from 'cdk-sessions-client/testing';
import { inBatches } from '../../../lib/client/owner-access';
import { KEY_ACTIVATION, KEY_REFRESH } from '../../../lib/contract/keys';
import { hasJava } from '../../support/java';
import { useSessionTable } from '../../support/session-table';
import { engineOf, HOUR, MINUTE, START, Visitor } from '../support';
import { documentOf, key } from './keys';

const VISITORS = 200;
const INSTANCES = 5;
const OVERLAP = 2 * HOUR;

/** Visitors who go from instance to instance while keys are rotated under them, some of them idle for a while. */
async function underLoad(storeOf: (clock: Clock) => SessionStore, step: number): Promise<void> {
  const clock = new FakeClock();
  const store = storeOf(clock.read);
  let keys = [key('first', START - HOUR)];
  const told: string[] = [];
  const hooks = {
    rejected: ({ reason }: { reason: string }) => told.push(reason),
    lost: () => told.push('lost'),
    expired: () => told.push('expired'),
  };
  const read = async () => JSON.stringify(documentOf(...keys));
  const engines = Array.from({ length: INSTANCES }, () =>
    engineOf({
      store,
      clock,
      hooks,
      callTimeout: 20_000,
      keys: { read, encryptsData: true, acceptsUnprotected: false },
    }),
  );
  const engineAt = (index: number) => engines[index % INSTANCES] ?? engineOf({ store, clock });
  const visitors = Array.from({ length: VISITORS }, (_, index) => new Visitor(engineAt(index)));
  const signedWith = () => new Set(visitors.map(({ cookie }) => cookie?.split('.')[4]));

  await inBatches([...visitors.entries()], ([index, visitor]) =>
    visitor.request((session) => session.login(`visitor ${index}`)),
  );
  expect(signedWith()).toEqual(new Set(['first']));
  let requests = 0;
  for (let time = step; time <= OVERLAP; time += step) {
    clock.advance(step);
    if (time === 20 * MINUTE || time === 60 * MINUTE) {
      keys = [key(`of-${time / MINUTE}`, clock.now), ...keys];
    }
    requests++;
    await inBatches([...visitors.entries()], async ([index, visitor]) => {
      const tab = visitor.tab(engineAt(index + requests));
      await tab.request((session) => session.update('count', (count = 0) => count + 1));
      visitor.cookie = tab.cookie;
    });
    // From a key's making to its use by everybody there is time for all to read it.
    if (time === 20 * MINUTE) {
      expect(signedWith()).toEqual(new Set(['first']));
    }
  }
  expect(signedWith()).toEqual(new Set(['of-60']));
  const counts = await inBatches(visitors, (visitor) => visitor.see('count'));
  expect(new Set(counts)).toEqual(new Set([requests]));
  expect(told).toEqual([]);

  // The overlap is over: the oldest keys are dropped, and nobody has anything of theirs any more.
  const early = new Visitor(engineAt(0));
  await early.request((session) => session.set('count', 1));
  keys = [key('of-180', clock.now), key('of-60', START + 60 * MINUTE)];
  clock.advance((KEY_ACTIVATION + KEY_REFRESH) * 1000);
  expect(new Set(await inBatches(visitors, (visitor) => visitor.see('count')))).toEqual(new Set([requests]));
  keys = keys.slice(0, 1);
  clock.advance(KEY_REFRESH * 1000);
  expect(await early.see('count')).toBeUndefined();
  expect(told).toEqual(['forged']);
}

describe(`a rotation under the load of ${VISITORS} visitors signs nobody out`, () => {
  test('in memory', () => underLoad((clock) => new MemoryStore({ clock }), MINUTE), 120_000);

  describe.each(hasJava() ? (['local'] as const) : (['dynalite'] as const))('on %s', (kind) => {
    const table = useSessionTable(kind).name;

    test('in a table', () => underLoad((clock) => new DynamoDBStore({ table, clock }), 10 * MINUTE), 300_000);
  });
});
