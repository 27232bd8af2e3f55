import fc from 'fast-check';
import { parseEnvironmentFile } from '../../lib/local/environment-file.js';

test.each([
  ['A=1\nB=2\n', { A: '1', B: '2' }],
  ['# A=1\n; B=2\n\nC=3', { C: '3' }],
  ['  A = 1  \n', { A: '1' }],
  ['A=', { A: '' }],
  ['A="a b"', { A: 'a b' }],
  [`A='a "b" \\n'`, { A: 'a "b" \\n' }],
  ['A="\\"\\\\\\$\\`\\n"', { A: '"\\$`\\n' }],
  ['A="two\nlines"\nB=1', { A: 'two\nlines', B: '1' }],
  ['A="one \\\nline"', { A: 'one line' }],
  ['A=one \\\nline', { A: 'one line' }],
  ['A=a\\ b\\"c', { A: 'a b"c' }],
  [`A=a"b"'c'`, { A: 'abc' }],
  ['A=1\nA=2', { A: '2' }],
  ['not an assignment\nA=1', { A: '1' }],
  ['1A=x\nexport B=y\nC=z', { C: 'z' }],
])('%j', (text, variables) => {
  expect(parseEnvironmentFile(text)).toEqual(variables);
});

test('gives back any value that is in double quotes with its escapes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      const quoted = `"${value.replace(/["\\`$]/g, '\\$&')}"`;
      expect(parseEnvironmentFile(`A=${quoted}\nB=1`)).toEqual({ A: value, B: '1' });
    }),
  );
});
