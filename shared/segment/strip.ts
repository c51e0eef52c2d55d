/** One partition's entries without the partition: what merges across partitions takes as its inputs. */
import type { EntryCursor } from "./entry.ts";
import { SpotfoldError } from "../errors.ts";
import { compareRanges } from "./order.ts";

const TAB = 0x09;
const NO_BYTES = new Uint8Array(0);

/**
 * The same entries, keys without their first column. That column must be the same in all of them (a slice: read with
 * `prefixRange([partition])`), else the rest would not be in order: `internal`.
 */
export function stripFirstColumn(cursor: EntryCursor): EntryCursor {
  return new StrippedCursor(cursor);
}

class StrippedCursor implements EntryCursor {
  keyBytes: Uint8Array = NO_BYTES;
  keyStart = 0;
  keyEnd = 0;
  keyShared = 0;
  valueBytes: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueEnd = 0;
  readonly #cursor: EntryCursor;
  /** The first column and its TAB. */
  #column: Uint8Array | undefined;

  constructor(cursor: EntryCursor) {
    this.#cursor = cursor;
  }

  next(): boolean {
    const cursor = this.#cursor;
    if (!cursor.next()) return false;
    const { keyBytes, keyStart, keyEnd } = cursor;
    this.#column ??= firstColumn(keyBytes, keyStart, keyEnd);
    const end = keyStart + this.#column.length;
    this.keyShared = Math.max(0, cursor.keyShared - this.#column.length);
    if (end > keyEnd || compareRanges(keyBytes, keyStart, end, this.#column, 0, this.#column.length) !== 0) {
      throw new SpotfoldError("internal", "entries of two partitions in one slice");
    }
    this.keyBytes = keyBytes;
    this.keyStart = end;
    this.keyEnd = keyEnd;
    this.valueBytes = cursor.valueBytes;
    this.valueStart = cursor.valueStart;
    this.valueEnd = cursor.valueEnd;
    return true;
  }
}

function firstColumn(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const tab = bytes.indexOf(TAB, start);
  if (tab < 0 || tab >= end) throw new SpotfoldError("internal", "a key has no column besides its partition");
  return bytes.slice(start, tab + 1);
}
