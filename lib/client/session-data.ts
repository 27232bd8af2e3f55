import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { damaged } from './stored-json.js';

/**
 * Data of more characters is compressed unless its store says otherwise: a write unit of DynamoDB takes in 1 KB of item, the
 * smaller part of which is not data. Compressing what fits into one anyway would save nothing.
 */
const COMPRESS_ABOVE = 700;

/** The longest data that a session may have, in characters, whatever the store can keep: far beyond any good use. */
export const LONGEST_DATA = 4 * 1024 * 1024;

const NO_TEXT = '{}';
const NO_BYTES = Buffer.from(NO_TEXT);

/** How data lies in a record. */
export interface EncodedData {
  readonly deflated: boolean;
  readonly bytes: Uint8Array;
}

/**
 * The application's values as one text, and the bytes that they are in a record. Either is worked out from the other
 * when it is first asked for: a request that does not look at its session neither inflates nor parses it, and data that
 * nobody changed is written back as it was read.
 */
export class SessionData {
  /** The data of a session that has none. */
  static readonly NONE = new SessionData(0, NO_TEXT);

  /**
   * @param version of the application's data; see `DataModel`
   * @param compressAbove how many characters are kept as they are
   */
  static of(text: string, version: number, compressAbove = COMPRESS_ABOVE): SessionData {
    return text === NO_TEXT ? SessionData.NONE : new SessionData(version, text, compressAbove);
  }

  static decode(encoded: EncodedData, version: number): SessionData {
    const none = !encoded.deflated && NO_BYTES.equals(encoded.bytes);
    return none ? SessionData.NONE : new SessionData(version, encoded);
  }

  readonly #source: string | EncodedData;
  #text: string | undefined;
  #encoded: EncodedData | undefined;

  private constructor(
    readonly version: number,
    source: string | EncodedData,
    private readonly compressAbove = COMPRESS_ABOVE,
  ) {
    this.#source = source;
  }

  /** @throws SessionError ERR_SESSION_RECORD if the bytes are damaged */
  get text(): string {
    this.#text ??= typeof this.#source === 'string' ? this.#source : decode(this.#source);
    return this.#text;
  }

  /** The text, if the record is to hold it as it is; `undefined` if it is to be deflated, or there are bytes already. */
  get plain(): string | undefined {
    return typeof this.#source === 'string' && this.#source.length <= this.compressAbove ? this.#source : undefined;
  }

  get encoded(): EncodedData {
    this.#encoded ??= typeof this.#source === 'string' ? encode(this.#source, this.compressAbove) : this.#source;
    return this.#encoded;
  }

  equals(other: SessionData): boolean {
    return this === other || (this.version === other.version && this.text === other.text);
  }
}

function encode(text: string, compressAbove: number): EncodedData {
  // Level 3 is as fast as 1 on data of this kind, and leaves less of it. A text that it does not make smaller there is not.
  return text.length > compressAbove
    ? { deflated: true, bytes: deflateRawSync(text, { level: 3 }) }
    : { deflated: false, bytes: Buffer.from(text) };
}

function decode({ deflated, bytes }: EncodedData): string {
  const plain = deflated ? inflate(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return plain.toString('utf8');
}

function inflate(bytes: Uint8Array): Buffer {
  try {
    // A character takes at most three bytes: what is longer was not written by us, and must not fill the memory.
    return inflateRawSync(bytes, { maxOutputLength: 3 * LONGEST_DATA });
  } catch (cause) {
    throw damaged('it does not inflate', cause);
  }
}
