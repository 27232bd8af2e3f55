import { RedisFailure } from 'cdk-sessions-client/redis';
import fc from 'fast-check';
import { commandText, ReplyReader } from '../../../lib/client/redis/resp';
import { CommandReader } from '../../support/resp';

/** A reply as it is sent, one character a byte, and as it is read. */
interface Sample {
  readonly sent: string;
  readonly read: unknown;
}

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const line = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', ':', '$', '-', '0', '\n', '\xff'), maxLength: 40 });

const { reply } = fc.letrec<{ reply: Sample; array: Sample }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 5, depthSize: 'small' },
    bytes.map((read) => ({ sent: `$${read.length}\r\n${read.toString('latin1')}\r\n`, read })),
    fc.maxSafeInteger().map((read) => ({ sent: `:${read}\r\n`, read: read === 0 ? 0 : read })),
    line.map((text) => ({ sent: `+${text}\r\n`, read: Buffer.from(text, 'latin1') })),
    fc.constantFrom('ERR no', 'MOVED 1 host:1', 'OOM').map((text) => ({
      sent: `-${text}\r\n`,
      read: new RedisFailure('refused', text),
    })),
    fc.constantFrom('$-1\r\n', '*-1\r\n').map((sent) => ({ sent, read: null })),
    tie('array'),
  ),
  array: fc.array(tie('reply'), { maxLength: 6 }).map((items) => ({
    sent: `*${items.length}\r\n${items.map(({ sent }) => sent).join('')}`,
    read: items.map(({ read }) => read),
  })),
}));

/** Reads a text that arrives in pieces, cut at certain places. */
function readInPieces(text: string, cuts: readonly number[]): unknown[] {
  const replies: unknown[] = [];
  const reader = new ReplyReader((value) => replies.push(value));
  const sent = Buffer.from(text, 'latin1');
  let from = 0;
  for (const cut of [...cuts.map((place) => place % (sent.length + 1)), sent.length].sort((a, b) => a - b)) {
    if (cut > from) {
      reader.read(sent.subarray(from, cut));
      from = cut;
    }
  }
  return replies;
}

const cuts = fc.array(fc.nat(), { maxLength: 40 });

test('replies are read as they were sent, wherever they are cut on their way', () => {
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 8 }), cuts, (replies, places) => {
      const text = replies.map(({ sent }) => sent).join('');
      expect(readInPieces(text, places)).toEqual(replies.map(({ read }) => read));
    }),
  );
});

test('replies that arrive byte by byte are read as well', () => {
  fc.assert(
    fc.property(reply, ({ sent, read }) => {
      const everywhere = Array.from({ length: sent.length }, (_, place) => place);
      expect(readInPieces(sent, everywhere)).toEqual([read]);
    }),
    { numRuns: 50 },
  );
});

test('what is no reply is an error that holds nothing of it, or waits for more; it is never taken for one', () => {
  fc.assert(
    fc.property(bytes, cuts, (noise, places) => {
      // None of the types begins with this.
      const text = `!${noise.toString('latin1')}`;
      let message = 'none';
      const replies: unknown[] = [];
      try {
        replies.push(...readInPieces(text, places));
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(replies).toEqual([]);
      expect(['none', 'the server sent what is no reply']).toContain(message);
    }),
  );
});

test.each([
  ['an unknown type', '!5\r\n'],
  ['a type of RESP3', '%1\r\n+a\r\n+b\r\n'],
  ['a length that is no number', '$five\r\n'],
  ['a length without digits', '$\r\n'],
  ['a length that is a minus', '*-\r\n'],
  ['a length below that of nothing', '$-2\r\n'],
  ['a number with more digits than a number has', `:${'9'.repeat(17)}\r\n`],
  ['a string that is longer than any', '$536870913\r\n'],
  ['a fraction', ':1.5\r\n'],
  ['a string that is longer than it says', '$2\r\nabc\r\n'],
  ['a string that is shorter than it says', '$4\r\nabc\r\n+OK\r\n'],
  ['a line that ends with half an end', '+OK\r+OK\r\n'],
  ['an array nine deep', '*1\r\n'.repeat(9)],
  ['a line that never ends', `+${'a'.repeat(70_000)}`],
])('%s is no reply', (_, text) => {
  expect(() => readInPieces(text, [])).toThrow(/^the server sent what is no reply$/);
});

test('a long string that arrives in many pieces is put together once', () => {
  const value = Buffer.alloc(4 * 1024 * 1024, 'x');
  const concat = jest.spyOn(Buffer, 'concat');
  try {
    const sent = `$${value.length}\r\n${value.toString('latin1')}\r\n`;
    const places = Array.from({ length: 64 }, (_, piece) => (piece + 1) * 65_536);
    const [read] = readInPieces(sent, places) as Buffer[];
    expect(read?.equals(value)).toBe(true);
    expect(concat).toHaveBeenCalledTimes(1);
  } finally {
    concat.mockRestore();
  }
});

test('commands are sent as what they are: text in UTF-8, bytes as bytes, numbers in digits', () => {
  const argument = fc.oneof(fc.string({ unit: 'binary' }), bytes, fc.maxSafeInteger());
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.array(argument, { maxLength: 5 })), { maxLength: 5 }), (commands) => {
      const text = commands.map(([name, args]) => commandText([name, ...args])).join('');
      const expected = commands.map(([name, args]) =>
        [name, ...args].map((part) => Buffer.from(Buffer.isBuffer(part) ? part : String(part)).toString('latin1')),
      );
      expect(new CommandReader().read(Buffer.from(text, 'latin1'))).toEqual(expected);
    }),
  );
});
