/**
 * The pairs that `map` emits of one record. They take effect when `map` has returned; a throw leaves nothing behind. Three
 * columns instead of an object for each pair: most records emit one or two.
 */
import type { Emit, Key } from "../../jobs/analysis.ts";
import { SpotfoldError } from "../../shared/errors.ts";
import { encodeKey } from "../../shared/segment/key.ts";

/** Room for so many pairs is kept from record to record, with what they were; that of a record with more is given back. */
const KEPT_PAIRS_MAX = 16;

export class RecordPairs {
  /** Handed to `map`. Throws on what is no pair; let through by `map`, that rejects the record. */
  readonly emit: Emit<unknown> = (key, value) => this.#gather(key, value);
  readonly #columns: number;
  readonly #texts: string[] = [];
  readonly #keys: Key[] = [];
  readonly #values: unknown[] = [];
  /** Of the columns: what lies behind is of records before. An array that is emptied gives its room back, and grows anew. */
  #count = 0;
  #open = false;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** A record begins; what the one before emitted is forgotten. */
  begin(): void {
    if (this.#count > KEPT_PAIRS_MAX) for (const column of [this.#texts, this.#keys, this.#values]) column.length = 0;
    this.#count = 0;
    this.#open = true;
  }

  /** `map` has returned, or thrown: whoever kept `emit` is too late. */
  end(): void {
    this.#open = false;
  }

  each(use: (text: string, key: Key, value: unknown) => void): void {
    for (let i = 0; i < this.#count; i++) use(this.#texts[i] as string, this.#keys[i] as Key, this.#values[i]);
  }

  #gather(key: Key, value: unknown): void {
    if (!this.#open) throw new Error("emit was called after map returned");
    if (!Array.isArray(key) || key.length !== this.#columns) {
      throw new SpotfoldError("invalid-key", wrongKey(key, this.#columns));
    }
    if (value === undefined) throw new TypeError("emit was given no value");
    const text = encodeKey(key);
    this.#texts[this.#count] = text;
    this.#keys[this.#count] = key;
    this.#values[this.#count] = value;
    this.#count += 1;
  }
}

function wrongKey(key: unknown, columns: number): string {
  const count = (n: number): string => `${n} column${n === 1 ? "" : "s"}`;
  const example = Array.from({ length: columns }, (_, i) => `"${"xyz"[i] ?? "…"}"`).slice(0, 4);
  const article = /^[aeiou]/.test(typeof key) ? "an" : "a";
  const got = Array.isArray(key)
    ? `a list of ${count(key.length)}`
    : key === null
      ? "null"
      : `${article} ${typeof key}`;
  return `emit takes a list of ${count(columns)}, such as emit([${example.join(", ")}], 1); got ${got}`;
}
