/**
 * The state of a `map` analysis: encoded key -> combined value, with an estimate of what it takes in memory.
 *
 * The estimate errs upwards: each incoming value is added, as if merging kept all of it. When it passes the limit, the whole
 * state is measured once; more than half of the limit = full, else the measure replaces the estimate. So between two
 * measurements at least half a limit of values comes in, and their cost stays proportional to the input.
 */
import type { Analysis, Key } from "../../jobs/analysis.ts";
import { sortTexts } from "../../shared/segment/order.ts";

/** Of one entry in V8: hash table slot, key's header, pointer to the value. Measured: 20,000,000 short keys. */
const entryBytes = 72;
const stringHeaderBytes = 16;
const slotBytes = 8;
const objectBytes = 32;
/** Depth and breadth to which a value is measured; the rest is taken to be like what was seen. */
const measureDepthMax = 8;
const measureItemsMax = 64;

/** V8 keeps the whole parent of a substring alive from this length on. */
const sliceCharsMin = 13;

export class PairMap {
  readonly #analysis: Analysis;
  #values = new Map<string, unknown>();
  #bytes = 0;

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
  }

  /** `text` is the encoded key. Throws what `merge` throws. */
  add(text: string, key: Key, value: unknown): void {
    const known = this.#values.get(text);
    if (known === undefined) {
      this.#values.set(ownCopy(text), typeof value === "string" ? ownCopy(value) : value);
      this.#bytes += entryBytes + text.length + valueBytes(value, 0);
      return;
    }
    const merged = this.#analysis.merge(known, value, key);
    if (merged !== known) this.#values.set(text, merged);
    if (typeof value !== "number") this.#bytes += valueBytes(value, 0);
  }

  get size(): number {
    return this.#values.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Measures all of it; afterwards `bytes` is the measure. */
  measure(): number {
    let bytes = 0;
    for (const [text, value] of this.#values) bytes += entryBytes + text.length + valueBytes(value, 0);
    this.#bytes = bytes;
    return bytes;
  }

  /** All pairs in key order. The map is empty at once; the pairs belong to the caller. */
  *drain(): Generator<readonly [string, unknown]> {
    const values = this.#values;
    this.#values = new Map();
    this.#bytes = 0;
    for (const text of sortTexts([...values.keys()])) yield [text, values.get(text)];
  }
}

/** The same text without a parent that it would keep in memory. */
function ownCopy(text: string): string {
  return text.length < sliceCharsMin ? text : Buffer.from(text, "utf16le").toString("utf16le");
}

function valueBytes(value: unknown, depth: number): number {
  if (typeof value === "string") return stringHeaderBytes + value.length * 2;
  if (typeof value !== "object" || value === null) return slotBytes;
  if (ArrayBuffer.isView(value)) return objectBytes + value.byteLength;
  if (depth >= measureDepthMax) return objectBytes;
  const items = Array.isArray(value) ? value : collectionItems(value);
  const seen = Math.min(items.length, measureItemsMax);
  let bytes = 0;
  for (let i = 0; i < seen; i++) bytes += slotBytes + valueBytes(items[i], depth + 1);
  return objectBytes + (seen === 0 ? 0 : Math.ceil((bytes * items.length) / seen));
}

function collectionItems(value: object): readonly unknown[] {
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof Set) return [...value];
  return Object.values(value);
}
