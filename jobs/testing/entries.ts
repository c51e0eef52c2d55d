/** Entries as `renderEncoded` sees them, of lines in memory. Bytes that are not valid any more are overwritten, as an error shows then. */
import { Buffer } from "node:buffer";
import type { EncodedEntries, Key } from "../analysis.ts";
import { decodeKeyText } from "../../shared/segment/key.ts";

const TAB = 0x09;
/** No byte of UTF-8. */
const INVALID = 0xff;

export class TestEntries<V> implements EncodedEntries<V> {
  keyBytes = Buffer.alloc(0);
  readonly keyStart = 0;
  keyEnd = 0;
  keyShared = 0;
  valueBytes = Buffer.alloc(0);
  valueStart = 0;
  valueEnd = 0;
  readonly #lines: readonly string[];
  readonly #columns: number;
  readonly #decode: (text: string) => V;
  #next = 0;

  /** Lines of a segment: encoded keys of so many columns, a TAB, encoded values. */
  constructor(lines: readonly string[], columns: number, decode: (text: string) => V) {
    this.#lines = lines;
    this.#columns = columns;
    this.#decode = decode;
  }

  next(): boolean {
    const line = this.#lines[this.#next++];
    const before = Buffer.from(this.keyBytes.subarray(0, this.keyEnd));
    this.keyBytes.fill(INVALID);
    this.valueBytes.fill(INVALID);
    if (line === undefined) return false;
    const bytes = Buffer.from(line);
    let end = -1;
    for (let column = 0; column < this.#columns; column++) end = bytes.indexOf(TAB, end + 1);
    this.keyBytes = bytes.subarray(0, end);
    this.keyEnd = end;
    this.keyShared = 0;
    while (this.keyShared < Math.min(before.length, end) && before[this.keyShared] === bytes[this.keyShared])
      this.keyShared++;
    // A line's end behind it, as in a segment.
    this.valueBytes = Buffer.concat([bytes, Buffer.from("\n")]);
    this.valueStart = end + 1;
    this.valueEnd = bytes.length;
    return true;
  }

  key(): Key {
    return decodeKeyText(this.keyBytes.toString());
  }

  value(): V {
    return this.#decode(this.valueBytes.toString("utf8", this.valueStart, this.valueEnd));
  }
}
