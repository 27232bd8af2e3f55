import { parseObject, parseTexts } from './stored-json.js';

/**
 * The values of a session by key, and which of them are gone once they were got. A Map, so that `__proto__` and its like
 * are keys as any other.
 *
 * As a text: the JSON of one object, and on a second line, if there are any, the keys to be got once.
 */
export class SessionValues {
  readonly #values: Map<string, unknown>;
  readonly #flashed: Set<string>;

  /** @throws SessionError ERR_SESSION_RECORD if the text is not what `text` was */
  static parse(text: string): SessionValues {
    // JSON has no line feed in it that is not escaped.
    const end = text.indexOf('\n');
    return end < 0
      ? new SessionValues(Object.entries(parseObject(text)))
      : new SessionValues(Object.entries(parseObject(text.slice(0, end))), parseTexts(text.slice(end + 1)));
  }

  constructor(values: Iterable<readonly [string, unknown]> = [], flashed: Iterable<string> = []) {
    this.#values = new Map(values);
    this.#flashed = new Set(flashed);
  }

  get text(): string {
    const values = JSON.stringify(this.toObject());
    return this.#flashed.size === 0 ? values : `${values}\n${JSON.stringify([...this.#flashed])}`;
  }

  get empty(): boolean {
    return this.#values.size === 0;
  }

  /** Other values, of which those are to be got once that are now. */
  replaced(values: object): SessionValues {
    const present = Object.entries(values).filter(([, value]) => value !== undefined);
    return new SessionValues(
      present,
      [...this.#flashed].filter((key) => present.some(([name]) => name === key)),
    );
  }

  /** The values as one object, of which `__proto__` is a plain member, too. */
  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  /** Takes on the values of another, and nothing else. */
  become(other: SessionValues): void {
    this.clear();
    for (const [key, value] of other.#values) {
      this.#values.set(key, value);
    }
    for (const key of other.#flashed) {
      this.#flashed.add(key);
    }
  }

  get(key: string): unknown {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** Whether the key's value is to be gone once it was got. */
  isFlashed(key: string): boolean {
    return this.#flashed.has(key);
  }

  /** Stores a value under its key; `undefined` takes the key away. */
  set(key: string, value: unknown): void {
    if (value === undefined) {
      this.delete(key);
    } else {
      // In its old place, if it has one: the text of the same values is to be the same.
      this.#values.set(key, value);
      this.#flashed.delete(key);
    }
  }

  /** Stores a value that is to be gone once it was got. */
  flash(key: string, value: unknown): void {
    this.set(key, value);
    this.#flashed.add(key);
  }

  delete(key: string): void {
    this.#values.delete(key);
    this.#flashed.delete(key);
  }

  clear(): void {
    this.#values.clear();
    this.#flashed.clear();
  }
}
