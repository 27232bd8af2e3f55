import type { Readable } from 'node:stream';

/** The longest line that is handed on in one piece, in characters: CloudWatch Logs takes no more in one event, either. */
const LONGEST_LINE = 256 * 1024;

/**
 * Hands on each line that a process writes, without its end. A longer line comes in pieces, so that a process that never
 * ends a line does not fill the memory of this one.
 */
export function onLines(stream: Readable, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n/);
    rest = lines.pop() ?? '';
    lines.forEach(take);
    for (; rest.length > LONGEST_LINE; rest = rest.slice(LONGEST_LINE)) {
      take(rest.slice(0, LONGEST_LINE));
    }
  });
  stream.once('end', () => {
    if (rest !== '') {
      take(rest);
    }
  });
}
