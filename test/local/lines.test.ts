import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { onLines } from '../../lib/local/lines.js';

/** The lines that come of these chunks. */
async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<readonly string[]> {
  const lines: string[] = [];
  const stream = new PassThrough();
  onLines(stream, (line) => lines.push(line));
  const ended = once(stream, 'end');
  for (const chunk of chunks) {
    stream.write(chunk);
  }
  stream.end();
  await ended;
  return lines;
}

test.each<[string, readonly (string | Buffer)[], readonly string[]]>([
  ['several of a chunk', ['a\nb\n'], ['a', 'b']],
  ['one of several chunks', ['a', 'b', '\n'], ['ab']],
  ['one that ends as on Windows, even between chunks', ['a\r\nb\r', '\nc\n'], ['a', 'b', 'c']],
  ['empty ones', ['\n\na\n'], ['', '', 'a']],
  ['the last one, which may have no end', ['a\nb'], ['a', 'b']],
  ['characters that come in parts', [Buffer.from([0xc3]), Buffer.from([0xa9, 0x0a])], ['é']],
])('lines are handed on: %s', async (_, chunks, lines) => {
  expect(await linesOf(...chunks)).toEqual(lines);
});

test('a line that does not end comes in pieces, before it does', () => {
  const lines: string[] = [];
  const stream = new PassThrough();
  onLines(stream, (line) => lines.push(line));
  stream.emit('data', 'x'.repeat(600 * 1024));
  expect(lines.map(({ length }) => length)).toEqual([256 * 1024, 256 * 1024]);
  stream.emit('data', 'end\nnext\n');
  expect(lines.slice(2).map(({ length }) => length)).toEqual([88 * 1024 + 3, 4]);
});
