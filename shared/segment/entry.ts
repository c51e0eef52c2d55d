/**
 * Entries, one after the other, without an object for each: a cursor says where key and value of the current one lie.
 * The bytes behind a position never change: frames are decoded into new memory each time.
 */
import type { Buffer } from "node:buffer";
import { compareRanges } from "./order.ts";
import { asBuffer, corrupt } from "./zstd.ts";
import type { KeyRange } from "./key.ts";

/** Where one entry lies. */
export interface EntryPlace {
  readonly keyBytes: Uint8Array;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueBytes: Uint8Array;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** Moves over entries in strictly ascending key order. Places are valid after `next` gave true, until it is called again. */
export interface EntryCursor extends EntryPlace {
  /** Bytes that the key has in common with the one before it; 0 for the first. Merges compare from there. */
  readonly keyShared: number;
  /** Goes to the next entry (at first to the first one); false when there is none. */
  next(): boolean;
}

export interface Entry {
  /** Encoded. */
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** Views of the current entry; they stay valid. */
export function keyOf(cursor: EntryPlace): Uint8Array {
  return cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd);
}

export function valueOf(cursor: EntryPlace): Uint8Array {
  return cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd);
}

const TAB = 0x09;
const LF = 0x0a;
const NO_BYTES = new Uint8Array(0);

/** Values up to this length are searched for their end here; from there on a native call is worth its price. */
const SEARCHED_BYTES = 12;

/**
 * The lines of one decoded frame, in turn of many. Neighbouring keys are alike for most of their length: what a key shares with
 * the one before is found four bytes at a time, and its columns are counted from there.
 */
export class LineCursor implements EntryCursor {
  keyBytes: Uint8Array = NO_BYTES;
  valueBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  keyShared = 0;
  valueStart = 0;
  valueEnd = 0;
  readonly #columns: number;
  /** Where the TAB behind each column of the key is, from the key's beginning. */
  readonly #tabs: Int32Array;
  #view: DataView = new DataView(NO_BYTES.buffer);
  /** The bytes once more: a buffer's search is the fast one. */
  #lines = asBuffer(NO_BYTES);
  #position = 0;
  #end = 0;
  /** The key before lies in another frame: here, until the first line of this one was read. */
  #before: Uint8Array | null = null;

  constructor(columns: number) {
    this.#columns = columns;
    this.#tabs = new Int32Array(columns);
  }

  /** Goes before the first line of `bytes`, which must hold whole lines. */
  reset(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#before ??= this.keyBytes;
    this.keyBytes = bytes;
    this.valueBytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#lines = asBuffer(bytes);
    this.#position = start;
    this.#end = end;
  }

  /** Where the next line begins. */
  get position(): number {
    return this.#position;
  }

  /** The current entry is one with this key, whose line is not here yet. `next` goes on after it when lines were given. */
  protected stand(key: Uint8Array): void {
    const beforeBytes = this.#before ?? this.keyBytes;
    const before = this.keyStart;
    const most = Math.min(this.keyEnd - before, key.length);
    let shared = 0;
    while (shared < most && beforeBytes[before + shared] === key[shared]) shared += 1;
    let column = 0;
    for (let at = 0; at < key.length; at++) {
      if (key[at] !== TAB) continue;
      if (column < this.#columns) this.#tabs[column] = at;
      column += 1;
    }
    this.#tabs[this.#columns - 1] = key.length;
    if (column !== this.#columns - 1) throw corrupt("a key has another number of columns than its segment says");
    this.#before = null;
    this.keyBytes = key;
    this.keyStart = 0;
    this.keyEnd = key.length;
    this.keyShared = shared;
  }

  /** Goes behind all lines, which were taken in another way. The key before the next one is still the current one. */
  protected leave(): void {
    this.#position = this.#end;
  }

  next(): boolean {
    const start = this.#position;
    if (start >= this.#end) return false;
    const bytes = this.keyBytes;
    const shared = this.#sharedWith(start);
    const tabs = this.#tabs;
    const columns = this.#columns;
    let column = columns;
    while (column > 0 && (tabs[column - 1] as number) >= shared) column -= 1;
    let position = start + shared;
    for (; column < columns; position++) {
      const byte = bytes[position];
      if (byte === TAB) tabs[column++] = position - start;
      else if (byte === LF || byte === undefined) throw corrupt("a line has fewer columns than its segment says");
    }
    const end = lineEnd(this.#lines, position);
    if (end < 0 || end >= this.#end) throw corrupt("a frame does not end with a line's end");
    this.keyStart = start;
    this.keyEnd = position - 1;
    this.keyShared = shared;
    this.valueStart = position;
    this.valueEnd = end;
    this.#position = end + 1;
    return true;
  }

  /** What the line at `start` has in common with the key before. */
  #sharedWith(start: number): number {
    const bytes = this.keyBytes;
    const before = this.keyStart;
    const most = Math.min(this.keyEnd - before, this.#end - start);
    let shared = 0;
    if (this.#before !== null) {
      const beforeBytes = this.#before;
      this.#before = null;
      while (shared < most && beforeBytes[before + shared] === bytes[start + shared]) shared += 1;
      return shared;
    }
    const view = this.#view;
    for (const words = most - 4; shared <= words; shared += 4) {
      if (view.getInt32(before + shared) !== view.getInt32(start + shared)) break;
    }
    while (shared < most && bytes[before + shared] === bytes[start + shared]) shared += 1;
    return shared;
  }
}

/** The first LF from `position` on; -1: there is none. */
function lineEnd(bytes: Buffer, position: number): number {
  const most = Math.min(bytes.length, position + SEARCHED_BYTES);
  for (let end = position; end < most; end++) if (bytes[end] === LF) return end;
  return bytes.indexOf(LF, most);
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

/** Where the first line begins whose key is at or above `bound`, else the end. Halves what is left each time: lines are in order. */
function firstLineFrom(bytes: Uint8Array, columns: number, bound: Uint8Array): number {
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const start = middle === 0 ? 0 : bytes.lastIndexOf(LF, middle - 1) + 1;
    if (compareRanges(bytes, start, keyEndOf(bytes, start, columns), bound, 0, bound.length) >= 0) high = start;
    else {
      low = bytes.indexOf(LF, start) + 1;
      if (low === 0) throw corrupt("a frame does not end with a line's end");
    }
  }
  return low;
}

/** Where the key of the line at `start` ends. */
export function keyEndOf(bytes: Uint8Array, start: number, columns: number): number {
  let left = columns;
  for (let position = start; ; position++) {
    const byte = bytes[position];
    if (byte === TAB && --left === 0) return position;
    if (byte === LF || byte === undefined) throw corrupt("a line has fewer columns than its segment says");
  }
}
