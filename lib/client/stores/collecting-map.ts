import type { Clock } from '../clock.js';
import { keyNamed, nameOf } from './key-name.js';
import type { EpochMilliseconds } from './store.js';

/** How often what is over is thrown away, in milliseconds. */
const COLLECT_EVERY = 60_000;

/** Keeps values under keys of bytes, each up to its end; what nobody comes back for is thrown away once in a while. */
export class CollectingMap<Value> {
  readonly #values = new Map<string, Value>();
  #collectedAt: EpochMilliseconds;

  constructor(
    private readonly clock: Clock,
    private readonly endOf: (value: Value) => EpochMilliseconds,
  ) {
    this.#collectedAt = clock();
  }

  get(key: Uint8Array): Value | undefined {
    const value = this.#values.get(nameOf(key));
    return value !== undefined && this.endOf(value) > this.clock() ? value : undefined;
  }

  set(key: Uint8Array, value: Value): void {
    this.#collect();
    this.#values.set(nameOf(key), value);
  }

  delete(key: Uint8Array): void {
    this.#values.delete(nameOf(key));
  }

  /** The keys of all that is not over. */
  keys(): Uint8Array[] {
    const now = this.clock();
    return [...this.#values].flatMap(([name, value]) => (this.endOf(value) > now ? [keyNamed(name)] : []));
  }

  #collect(): void {
    const now = this.clock();
    if (now - this.#collectedAt < COLLECT_EVERY) {
      return;
    }
    this.#collectedAt = now;
    for (const [name, value] of this.#values) {
      if (this.endOf(value) <= now) {
        this.#values.delete(name);
      }
    }
  }
}
