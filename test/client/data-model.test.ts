import type { DataOptions } from 'cdk-sessions-client';
import * as z from 'zod';
import { DataModel } from '../../lib/client/data-model';
import { SessionData } from '../../lib/client/session-data';
import { SessionValues } from '../../lib/client/session-values';

interface Shop {
  cart?: Record<string, number>;
  visits?: number;
}

const schema = z.object({ cart: z.record(z.string(), z.number()).optional(), visits: z.number().default(0) });

function modelOf(options: DataOptions<Shop>, capacity = Number.POSITIVE_INFINITY): DataModel<Shop> {
  return new DataModel<Shop>(options, { capacity });
}

/** Where nothing is to be given up. */
function unexpected(): never {
  throw new Error('it was given up');
}

function stored(values: object, version = 1): SessionData {
  return SessionData.of(JSON.stringify(values), version);
}

function valuesOf(values: object): SessionValues {
  return new SessionValues(Object.entries(values));
}

describe('without options', () => {
  test('data is what was saved', () => {
    expect(modelOf({}).read(stored({ a: 1 }), unexpected).text).toBe('{"a":1}');
    expect(modelOf({}).write(valuesOf({ a: 1 }))).toEqual(stored({ a: 1 }));
  });
});

describe('a schema', () => {
  test('lets the request see what it fills in, and keeps what it does not know', () => {
    expect(
      modelOf({ schema })
        .read(stored({ cart: { a: 1 }, newer: true }), unexpected)
        .toObject(),
    ).toEqual({
      cart: { a: 1 },
      newer: true,
      visits: 0,
    });
  });

  test('refuses stored data that does not fit, by path and without a word of what is in it', () => {
    const read = () => modelOf({ schema }).read(stored({ cart: { 'sku-1': '4111 1111' }, visits: 'x' }), unexpected);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_DATA',
        message:
          'the stored session does not fit the schema at session.cart["sku-1"], session.visits: ' +
          'change the data, or raise dataVersion and migrate what is stored',
      }),
    );
  });

  test('refuses to save data that does not fit', () => {
    expect(() => modelOf({ schema }).write(valuesOf({ visits: '4111 1111' }))).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_DATA',
        message: expect.stringMatching(/^what is to be saved does not fit the schema at session\.visits:/),
      }),
    );
  });

  test('saves the values themselves, not what it makes of them', () => {
    expect(modelOf({ schema }).write(valuesOf({ cart: {}, newer: 1 })).text).toBe('{"cart":{},"newer":1}');
  });

  test('has nothing to say of a session without data', () => {
    const strict = z.object({ cart: z.record(z.string(), z.number()) });
    expect(modelOf({ schema: strict }).read(SessionData.NONE, unexpected).empty).toBe(true);
    expect(modelOf({ schema: strict }).write(new SessionValues())).toBe(SessionData.NONE);
  });

  test('names the session as a whole where an issue has no path, and steps that are objects', () => {
    const issues = [{ message: 'no' }, { message: 'no', path: [{ key: 'cart' }, 0] }, { message: 'again' }];
    const odd = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } } as const;
    expect(() => modelOf({ schema: odd }).write(valuesOf({ a: 1 }))).toThrow('at session, session.cart[0]:');
  });

  test('that makes something of it that is no JSON is refused by path', () => {
    const dated = z.object({ at: z.coerce.date() });
    const model = new DataModel<{ at: Date }>({ schema: dated });
    expect(() => model.read(stored({ at: '2030-01-01' }), unexpected)).toThrow('session.at is a Date');
  });

  test('names five places and how many more there are', () => {
    const numbers = z.object({ list: z.array(z.number()) });
    const model = new DataModel<{ list: number[] }>({ schema: numbers });
    expect(() => model.write(valuesOf({ list: Array.from({ length: 1000 }, String) }))).toThrow(
      'at session.list[0], session.list[1], session.list[2], session.list[3], session.list[4], 995 more:',
    );
  });

  test.each([
    ['a promise', () => Promise.reject(new Error('later'))],
    [
      'any other thenable',
      // biome-ignore lint/suspicious/noThenProperty: what a validator may return
      () => ({ then: (_: unknown, reject: (error: Error) => void) => reject(new Error('later')) }),
    ],
  ])('that answers with %s is a mistake, and its rejection nobody’s', async (_, validate) => {
    const slow = { '~standard': { version: 1, vendor: 'test', validate } };
    expect(() => modelOf({ schema: slow as never }).write(valuesOf({ a: 1 }))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('must answer at once') }),
    );
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('stored data that the schema refuses', () => {
  test('begins anew where the application wants it so, and it is told where', () => {
    const told: unknown[] = [];
    const model = modelOf({ schema, onInvalidData: 'reset' });
    expect(model.read(stored({ cart: 4111 }), (paths) => told.push(paths)).empty).toBe(true);
    expect(told).toEqual([['session.cart']]);
  });

  test('is refused all the same if it was never stored: that is the request’s own mistake', () => {
    const model = modelOf({ schema, onInvalidData: 'reset' });
    expect(() => model.write(valuesOf({ cart: 4111 }))).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DATA' }));
  });
});

describe('versions of data', () => {
  const versioned: DataOptions<Shop> = {
    dataVersion: 3,
    migrate: (old, fromVersion) => ({ cart: { [`from version ${fromVersion}`]: Number(old['items']) } }),
  };

  test('older data is migrated, and saved as today’s', () => {
    const values = modelOf(versioned).read(stored({ items: 2 }, 1), unexpected);
    expect(values.text).toBe('{"cart":{"from version 1":2}}');
    expect(modelOf(versioned).write(values).version).toBe(3);
  });

  test('older data is taken as it is where nobody tells how to migrate it', () => {
    expect(modelOf({ dataVersion: 2 }).read(stored({ cart: {} }, 1), unexpected).text).toBe('{"cart":{}}');
  });

  test('today’s data, and none, is not', () => {
    expect(modelOf(versioned).read(stored({ cart: {} }, 3), unexpected).text).toBe('{"cart":{}}');
    expect(modelOf(versioned).read(SessionData.NONE, unexpected).empty).toBe(true);
  });

  test('what migration leaves must fit the schema, and be JSON', () => {
    const wrong = { ...versioned, schema, migrate: () => ({ visits: 'two' }) as never };
    expect(() => modelOf(wrong).read(stored({ items: 2 }), unexpected)).toThrow('session.visits');
    const date = { ...versioned, migrate: () => ({ visits: new Date() }) as never };
    expect(() => modelOf(date).read(stored({ items: 2 }), unexpected)).toThrow('session.visits is a Date');
  });

  test.each([
    [null, 'null'],
    [[1], 'an array'],
    [undefined, 'a value of type undefined'],
  ])('what migration leaves is an object, not %j', (left, received) => {
    const broken = { ...versioned, migrate: () => left as never };
    expect(() => modelOf(broken).read(stored({ items: 2 }), unexpected)).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining(`received ${received}`) }),
    );
  });

  test('data as deep as set allows is as deep as migration and schema allow', () => {
    const nested = JSON.parse('['.repeat(100) + ']'.repeat(100));
    const deep = { dataVersion: 2, migrate: (old: object) => old } as DataOptions<Shop>;
    expect(() => modelOf(deep).read(stored({ nested }), unexpected)).not.toThrow();
  });

  test('newer data is an error, never taken for none', () => {
    expect(() => modelOf(versioned).read(stored({ cart: {} }, 4), unexpected)).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_RECORD',
        message:
          'the stored session has data of version 4, and this release of the application reads versions up to 3: ' +
          'deploy the newer release to every consumer of the store',
      }),
    );
  });
});

describe('a session that is too large', () => {
  const big = { note: 'n', viewed: noise(20_000), cart: noise(50_000), ['k'.repeat(500)]: noise(3000) };

  test('is refused with its biggest keys, and no more of them than their names', () => {
    expect(() => modelOf({}, 32 * 1024).write(valuesOf(big))).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_TOO_LARGE',
        message:
          'the session takes 72 KB as JSON and 42 KB as stored, and the store keeps 29 KB of data: its biggest keys are ' +
          `session.cart (49 KB), session.viewed (20 KB), session.${'k'.repeat(112)}… (3 KB); ` +
          'keep what is large elsewhere and its key in the session',
      }),
    );
  });

  test('is measured with all that is beside its data in the store', () => {
    const model = modelOf({}, 7 * 1024);
    const data = model.write(valuesOf({ text: noise(4000) }));
    expect(data.encoded.bytes.length).toBeLessThanOrEqual(4 * 1024);
    const larger = { text: noise(6000) };
    expect(new DataModel({}).write(valuesOf(larger)).encoded.bytes.length).toBeGreaterThan(4 * 1024);
    expect(() => model.write(valuesOf(larger))).toThrow('of data: its biggest keys');
  });

  test('is measured in bytes, not in characters', () => {
    const chinese = Array.from({ length: 1500 }, (_, index) =>
      String.fromCharCode(0x4e00 + ((index * 7919) % 20000)),
    ).join('');
    expect(() => modelOf({}, 4096).write(valuesOf({ chinese }))).toThrow('of data: its biggest keys');
  });

  test('compressed is one that fits', () => {
    const repetitive = { text: 'all work and no play '.repeat(10_000) };
    expect(modelOf({}, 32 * 1024).write(valuesOf(repetitive)).encoded.deflated).toBe(true);
  });

  test('is refused by stores without a limit, too', () => {
    expect(() => modelOf({}).write(valuesOf({ text: ' '.repeat(5 * 1024 * 1024) }))).toThrow(
      /^the session takes 5,121 KB as JSON, more than the 4,096 KB that any may: its biggest keys are session\.text /,
    );
  });
});

/** Text that hardly compresses, the same each time. */
function noise(length: number): string {
  let state = 1;
  const character = () => {
    state = (state * 48271) % 2147483647;
    return String.fromCharCode(48 + ((state >> 8) % 75));
  };
  return Array.from({ length }, character).join('').replaceAll('\\', '/');
}
