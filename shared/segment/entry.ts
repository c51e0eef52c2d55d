/**
 * Entries, one after the other, without an object for each: a cursor says where key and value of the current one lie.
 * The bytes behind a position never change: frames are decoded into new memory each time.
 */
import { compareRanges } from "./order.ts";
import { corrupt } from "./zstd.ts";
import type { KeyRange } from "./key.ts";

/** Moves over entries in strictly ascending key order. Positions are valid after `next` gave true, until it is called again. */
export interface EntryCursor {
  /** Goes to the next entry (at first to the first one); false when there is none. */
  next(): boolean;
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

export interface Entry {
  /** Encoded. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Views of the current entry; they stay valid. */
export function keyOf(cursor: EntryCursor): Uint8Array {
  return cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd);
}

export function valueOf(cursor: EntryCursor): Uint8Array {
  return cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd);
}

const TAB = 0x09;
const LF = 0x0a;
const NO_BYTES = new Uint8Array(0);

/** The lines of one decoded frame, in turn of many. */
export class LineCursor implements EntryCursor {
  keyBytes: Uint8Array = NO_BYTES;
  valueBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  readonly #columns: number;
  #position = 0;
  #end = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** Goes before the first line of `bytes`, which must hold whole lines. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.keyBytes = bytes;
    this.valueBytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  /** Where the next line begins. */
  get position(): number {
    return this.#position;
  }

  next(): boolean {
    if (this.#position >= this.#end) return false;
    const bytes = this.keyBytes;
    const start = this.#position;
    let position = start;
    for (let columns = this.#columns; columns > 0; position++) {
      const byte = bytes[position];
      if (byte === TAB) columns -= 1;
      else if (byte === LF || byte === undefined) throw corrupt("a line has fewer columns than its segment says");
    }
    const end = bytes.indexOf(LF, position);
    if (end < 0 || end >= this.#end) throw corrupt("a frame does not end with a line's end");
    this.keyStart = start;
    this.keyEnd = position - 1;
    this.valueStart = position;
    this.valueEnd = end;
    this.#position = end + 1;
    return true;
  }
}

/** The part of a frame's lines that lies in the range: `start` and `end` in `bytes`. */
export function clipLines(
  bytes: Uint8Array,
  columns: number,
  { from, to }: KeyRange,
): { readonly start: number; readonly end: number } {
  return {
    start: from === undefined ? 0 : firstLineFrom(bytes, columns, from),
    end: to === undefined ? bytes.length : firstLineFrom(bytes, columns, to),
  };
}

/** Where the first line begins whose key is at or above `bound`, else the end. */
function firstLineFrom(bytes: Uint8Array, columns: number, bound: Uint8Array): number {
  const lines = new LineCursor(columns);
  lines.reset(bytes);
  while (lines.next()) {
    if (compareRanges(bytes, lines.keyStart, lines.keyEnd, bound, 0, bound.length) >= 0) return lines.keyStart;
  }
  return bytes.length;
}
