import fc from 'fast-check';
import { SessionValues } from '../../lib/client/session-values';

const key = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', 'constructor', '1', '\n'));
const entries = fc.array(fc.tuple(key, fc.jsonValue({ stringUnit: 'binary' })));

test('values come back as they were, whatever their keys, and so do those that are to be got once', () => {
  fc.assert(
    fc.property(entries, entries, (plain, flashed) => {
      const values = new SessionValues(plain);
      for (const [name, value] of flashed) {
        values.flash(name, value);
      }
      const again = SessionValues.parse(values.text);
      expect(again.text).toBe(values.text);
      for (const [name] of [...plain, ...flashed]) {
        expect(again.isFlashed(name)).toBe(values.isFlashed(name));
      }
    }),
  );
});

test('a value that is given again keeps its place, so that the same values have the same text', () => {
  const values = new SessionValues(Object.entries({ a: 1, b: 2 }));
  values.set('a', 1);
  expect(values.text).toBe('{"a":1,"b":2}');
});

test('a key is to be got once until it is given a value, or taken away, outright', () => {
  const values = new SessionValues();
  values.flash('notice', 'saved');
  expect(values.text).toBe('{"notice":"saved"}\n["notice"]');
  values.set('notice', 'saved');
  expect(values.text).toBe('{"notice":"saved"}');
  values.flash('notice', 'saved');
  values.set('notice', undefined);
  expect(values.text).toBe('{}');
  values.flash('notice', 'saved');
  values.clear();
  expect([values.text, values.empty]).toEqual(['{}', true]);
});

test('values that are replaced by others are to be got once as before, if they are still there', () => {
  const values = new SessionValues(Object.entries({ a: 1, b: 2, c: 3 }), ['a', 'b']);
  expect(values.replaced({ a: 5, c: undefined }).text).toBe('{"a":5}\n["a"]');
});

test.each(['', '4111', '[]', '{"card":4111', '{}\n', '{}\n{}', '{}\n[4111]'])(
  'damaged values are refused without a word of what is in them: %j',
  (text) => {
    expect(() => SessionValues.parse(text)).toThrow(/^the stored session is not what was saved: [a-zA-Z ]+$/);
  },
);
