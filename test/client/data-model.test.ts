import type { DataOptions, SessionHooks } from 'cdk-sessions-client';
import * as z from 'zod';
import { DataModel } from '../../lib/client/data-model';
import { HookCaller } from '../../lib/client/hooks';
import { SessionData } from '../../lib/client/session-data';
import { SessionValues } from '../../lib/client/session-values';

const KEY = Uint8Array.of(1, 2, 3, 4, 5, 6, 7);

interface Shop {
  cart?: Record<string, number>;
  visits?: number;
}

const schema = z.object({ cart: z.record(z.string(), z.number()).optional(), visits: z.number().default(0) });

function modelOf(options: DataOptions<Shop>, hooks: SessionHooks = {}, capacity?: number): DataModel<Shop> {
  return new DataModel<Shop>(options, new HookCaller(hooks), capacity);
}

function stored(values: object, version = 1): SessionData {
  return SessionData.of(JSON.stringify(values), version);
}

function valuesOf(values: object): SessionValues {
  return new SessionValues(Object.entries(values));
}

describe('without options', () => {
  test('data is what was saved', () => {
    expect(modelOf({}).read(stored({ a: 1 }), KEY).text).toBe('{"a":1}');
    expect(modelOf({}).write(valuesOf({ a: 1 }))).toEqual(stored({ a: 1 }));
  });
});

describe('a schema', () => {
  test('lets the request see what it fills in, and keeps what it does not know', () => {
    expect(
      modelOf({ schema })
        .read(stored({ cart: { a: 1 }, newer: true }), KEY)
        .toObject(),
    ).toEqual({
      cart: { a: 1 },
      newer: true,
      visits: 0,
    });
  });

  test('refuses stored data that does not fit, by path and without a word of what is in it', () => {
    const read = () => modelOf({ schema }).read(stored({ cart: { 'sku-1': '4111 1111' }, visits: 'x' }), KEY);
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
    expect(modelOf({ schema: strict }).read(SessionData.NONE, KEY).empty).toBe(true);
    expect(modelOf({ schema: strict }).write(new SessionValues())).toBe(SessionData.NONE);
  });

  test('names the session as a whole where an issue has no path, and steps that are objects', () => {
    const issues = [{ message: 'no' }, { message: 'no', path: [{ key: 'cart' }, 0] }, { message: 'again' }];
    const odd = { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) } } as const;
    expect(() => modelOf({ schema: odd }).write(valuesOf({ a: 1 }))).toThrow('at session, session.cart[0]:');
  });

  test('that makes something of it that is no JSON is refused by path', () => {
    const dated = z.object({ at: z.coerce.date() });
    const model = new DataModel<{ at: Date }>({ schema: dated }, new HookCaller());
    expect(() => model.read(stored({ at: '2030-01-01' }), KEY)).toThrow('session.at is a Date');
  });

  test('that answers with a promise is a mistake, and its rejection nobody’s', async () => {
    const slow = { '~standard': { version: 1, vendor: 'test', validate: () => Promise.reject(new Error('later')) } };
    expect(() => modelOf({ schema: slow as never }).write(valuesOf({ a: 1 }))).toThrow(
      expect.objectContaining({ code: 'ERR_SESSION_CONFIG', message: expect.stringContaining('must answer at once') }),
    );
    await new Promise((resolve) => setImmediate(resolve));
  });
});

describe('stored data that the schema refuses', () => {
  test('begins anew where the application wants it so, and the hooks are told where', () => {
    const told: unknown[] = [];
    const model = modelOf({ schema, onInvalidData: 'reset' }, { reset: (event) => told.push(event) });
    expect(model.read(stored({ cart: 4111 }), KEY).empty).toBe(true);
    expect(told).toEqual([{ session: 'AQIDBAUG', paths: ['session.cart'] }]);
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
    const values = modelOf(versioned).read(stored({ items: 2 }, 1), KEY);
    expect(values.text).toBe('{"cart":{"from version 1":2}}');
    expect(modelOf(versioned).write(values).version).toBe(3);
  });

  test('older data is taken as it is where nobody tells how to migrate it', () => {
    expect(modelOf({ dataVersion: 2 }).read(stored({ cart: {} }, 1), KEY).text).toBe('{"cart":{}}');
  });

  test('today’s data, and none, is not', () => {
    expect(modelOf(versioned).read(stored({ cart: {} }, 3), KEY).text).toBe('{"cart":{}}');
    expect(modelOf(versioned).read(SessionData.NONE, KEY).empty).toBe(true);
  });

  test('what migration leaves must fit the schema, and be JSON', () => {
    const wrong = { ...versioned, schema, migrate: () => ({ visits: 'two' }) as never };
    expect(() => modelOf(wrong).read(stored({ items: 2 }), KEY)).toThrow('session.visits');
    const date = { ...versioned, migrate: () => ({ visits: new Date() }) as never };
    expect(() => modelOf(date).read(stored({ items: 2 }), KEY)).toThrow('session.visits is a Date');
  });

  test('newer data is an error, never taken for none', () => {
    expect(() => modelOf(versioned).read(stored({ cart: {} }, 4), KEY)).toThrow(
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
    expect(() => modelOf({}, {}, 32 * 1024).write(valuesOf(big))).toThrow(
      expect.objectContaining({
        code: 'ERR_SESSION_TOO_LARGE',
        message:
          'the session takes 72 KB as JSON, and compressed still more than the 32 KB that it may: its biggest keys are ' +
          `session.cart (49 KB), session.viewed (20 KB), session.${'k'.repeat(112)}… (3 KB); ` +
          'keep what is large elsewhere and its key in the session',
      }),
    );
  });

  test('compressed is one that fits', () => {
    const repetitive = { text: 'all work and no play '.repeat(10_000) };
    expect(modelOf({}, {}, 32 * 1024).write(valuesOf(repetitive)).encoded.deflated).toBe(true);
  });

  test('is refused by stores without a limit, too', () => {
    expect(() => modelOf({}).write(valuesOf({ text: ' '.repeat(5 * 1024 * 1024) }))).toThrow(
      /^the session takes 5,121 KB as JSON.* more than the 4,096 KB/,
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
