/** Reads the commands that a client of Redis sends, however they are cut into pieces on their way. */
export class CommandReader {
  #bytes = Buffer.alloc(0);

  /** The commands that are complete now. Binary arguments are one character a byte. */
  read(chunk: Buffer): string[][] {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    const commands: string[][] = [];
    for (let command = this.#next(); command !== undefined; command = this.#next()) {
      commands.push(command);
    }
    return commands;
  }

  /** `*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n` */
  #next(): string[] | undefined {
    let at = 0;
    const line = () => {
      const end = this.#bytes.indexOf('\r\n', at);
      const number = Number(this.#bytes.toString('latin1', at + 1, end));
      at = end + 2;
      return end < 0 ? undefined : number;
    };
    const words: string[] = [];
    for (let left = line() ?? Number.NaN; left !== 0; left -= 1) {
      const length = line();
      if (Number.isNaN(left) || length === undefined || at + length + 2 > this.#bytes.length) {
        return undefined;
      }
      words.push(this.#bytes.toString('latin1', at, at + length));
      at += length + 2;
    }
    this.#bytes = this.#bytes.subarray(at);
    return words;
  }
}

/** A command as it is sent. */
export function commandText(words: readonly string[]): Buffer {
  const text = `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
  return Buffer.from(text, 'latin1');
}
