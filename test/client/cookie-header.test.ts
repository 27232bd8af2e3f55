import { cookieValues } from '../../lib/client/cookie-header';

test.each<[string, readonly string[], readonly string[]]>([
  ['one cookie', ['id=a'], ['a']],
  ['a cookie among others', ['x=1; id=a; y=2'], ['a']],
  ['several of one name, in their order', ['id=a; id=b', 'id=c'], ['a', 'b', 'c']],
  ['spaces and tabs around a pair', ['x=1;\t id=a \t; y=2'], ['a']],
  ['a value with an equals sign', ['id=a=b'], ['a=b']],
  ['an empty value', ['id='], ['']],
  ['nothing but blanks and semicolons', ['', ' ', ';;', '; ;'], []],
  ['a name that only begins or ends like it', ['idea=1; grid=2; id'], []],
  // A browser takes a no-break space for part of the name, and applies none of the rules of a __Host- prefix to it.
  ['a name with other space before it', ['\u00a0id=a; \ufeffid=b; \nid=c'], []],
])('%s', (_, headers, values) => {
  expect(cookieValues(headers, 'id')).toEqual(values);
});

test('a header that is made to be slow to read is not', () => {
  const header = `id=a${' '.repeat(100_000)}b`;
  const begun = performance.now();
  expect(cookieValues([header], 'id')).toHaveLength(1);
  expect(performance.now() - begun).toBeLessThan(1000);
});
