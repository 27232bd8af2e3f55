import { refusal } from '../stores/redis-transport.js';

/**
 * RESP2, which servers speak unless told otherwise (https://redis.io/docs/latest/develop/reference/protocol-spec/): a
 * command is an array of strings, and a reply one of five types, told apart by their first byte.
 */
const TYPE = { status: 43, error: 45, integer: 58, string: 36, array: 42 } as const;
const CR = 13;
const LF = 10;
const MINUS = 45;
const ZERO = 48;

/**
 * The longest line of a reply, in bytes, the longest string (servers take and give no longer one), the deepest array in
 * arrays, and the most digits of a number.
 */
const LONGEST_LINE = 8192;
const LONGEST_STRING = 512 * 1024 * 1024;
const DEEPEST = 8;
const MOST_DIGITS = 16;

/** A command as it is sent, one character a byte: text joins, and leaves in one write, at a fraction of what buffers cost. */
export function commandText(command: readonly (string | Buffer | number)[]): string {
  let text = `*${command.length}\r\n`;
  for (const argument of command) {
    const bytes = typeof argument === 'object' ? argument.toString('latin1') : bytesOf(String(argument));
    text += `$${bytes.length}\r\n${bytes}\r\n`;
  }
  return text;
}

function bytesOf(text: string): string {
  // As long in bytes as in characters is ASCII, which is what nearly all arguments are.
  return Buffer.byteLength(text) === text.length ? text : Buffer.from(text).toString('latin1');
}

/** An array of which some items have arrived. */
interface Unfinished {
  readonly length: number;
  readonly items: unknown[];
}

/**
 * Reads replies, however they are cut into pieces on their way. Strings and statuses are Buffers, which share the memory of
 * what arrived; an error is a `RedisFailure`, also as an item of an array.
 */
export class ReplyReader {
  #pieces: Buffer[] = [];
  #held = 0;
  /** How many bytes there must be for the next part of a reply to be complete, as far as is known. */
  #needed = 0;
  readonly #arrays: Unfinished[] = [];

  /** @param reply is given each reply, in order */
  constructor(private readonly reply: (value: unknown) => void) {}

  /** @throws Error if that is no reply */
  read(chunk: Buffer): void {
    const bytes = this.#joined(chunk);
    if (bytes === undefined) {
      return;
    }
    let at = 0;
    while (at < bytes.length) {
      const end = endOfLine(bytes, at + 1);
      if (end === undefined) {
        this.#keep(bytes, at, 1);
        return;
      }
      const type = bytes[at];
      let next = end + 2;
      if (type === TYPE.string) {
        const length = lengthIn(bytes, at + 1, end);
        const missing = length === undefined ? 0 : next + length + 2 - bytes.length;
        if (missing > 0) {
          this.#keep(bytes, at, missing);
          return;
        }
        if (length === undefined) {
          this.#put(null);
        } else {
          this.#put(bytes.subarray(next, next + length));
          next += length;
          expectEndOfLine(bytes, next);
          next += 2;
        }
      } else if (type === TYPE.integer) {
        this.#put(numberIn(bytes, at + 1, end));
      } else if (type === TYPE.status) {
        this.#put(bytes.subarray(at + 1, end));
      } else if (type === TYPE.error) {
        this.#put(refusal(bytes.toString('utf8', at + 1, end)));
      } else if (type === TYPE.array) {
        this.#open(lengthIn(bytes, at + 1, end));
      } else {
        throw fault();
      }
      at = next;
    }
  }

  #open(length: number | undefined): void {
    if (length === undefined) {
      this.#put(null);
    } else if (length === 0) {
      this.#put([]);
    } else if (this.#arrays.length === DEEPEST) {
      throw fault();
    } else {
      this.#arrays.push({ length, items: [] });
    }
  }

  /** What a reply is, or an item of one, and thereby the last one of an array, perhaps. */
  #put(value: unknown): void {
    let complete = value;
    for (let array = this.#arrays.at(-1); array !== undefined; array = this.#arrays.at(-1)) {
      array.items.push(complete);
      if (array.items.length < array.length) {
        return;
      }
      this.#arrays.pop();
      complete = array.items;
    }
    this.reply(complete);
  }

  #joined(chunk: Buffer): Buffer | undefined {
    if (this.#held === 0) {
      return chunk;
    }
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    if (this.#held < this.#needed) {
      return undefined;
    }
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#held = 0;
    return bytes;
  }

  #keep(bytes: Buffer, from: number, missing: number): void {
    this.#pieces = [bytes.subarray(from)];
    this.#held = bytes.length - from;
    this.#needed = this.#held + missing;
  }
}

/** Where a line ends that goes on from there, if all of it has arrived. */
function endOfLine(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === CR) {
      if (at + 1 === bytes.length) {
        return undefined;
      }
      expectEndOfLine(bytes, at);
      return at;
    }
  }
  if (bytes.length - from > LONGEST_LINE) {
    throw fault();
  }
  return undefined;
}

function expectEndOfLine(bytes: Buffer, at: number): void {
  if (bytes[at] !== CR || bytes[at + 1] !== LF) {
    throw fault();
  }
}

/** A length, of a string or of an array; none is that of what is not there. */
function lengthIn(bytes: Buffer, from: number, end: number): number | undefined {
  const length = numberIn(bytes, from, end);
  if (length < -1 || length > LONGEST_STRING) {
    throw fault();
  }
  return length === -1 ? undefined : length;
}

function numberIn(bytes: Buffer, from: number, end: number): number {
  const negative = bytes[from] === MINUS;
  const first = negative ? from + 1 : from;
  if (first === end || end - first > MOST_DIGITS) {
    throw fault();
  }
  let number = 0;
  for (let at = first; at < end; at++) {
    const digit = bytes.readUInt8(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) {
      throw fault();
    }
    number = number * 10 + digit;
  }
  return negative ? -number : number;
}

/** It holds nothing of what arrived: that may be of a session. */
function fault(): Error {
  return new Error('the server sent what is no reply');
}
