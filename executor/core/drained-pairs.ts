/**
 * Pairs that an accumulator drains as bytes, on their way into a run. What would make a segment unreadable is refused, as on the
 * plain way: keys that `encodeKey` does not write, values that are no line of UTF-8. That keys ascend, and limits of size, are
 * looked at by the writer.
 *
 * Neighbouring keys are alike for most of their length: of a key that is plain ASCII, only what is not shared with a plain one
 * before it is looked at. Any other key is decoded.
 */
import { Buffer, isUtf8 } from "node:buffer";
import type { EncodedPairs } from "../../jobs/analysis.ts";
import type { EntryPlace } from "../../shared/segment/entry.ts";
import { KEY_BYTES_MAX, decodeKey } from "../../shared/segment/key.ts";

const TAB = 0x09;
const LF = 0x0a;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const WORD_BYTES = 4;
const EACH_BLANK = 0x20202020;
const HIGH_BITS = 0x80808080 | 0;
/** Of a TAB that is not there: behind every key. */
const NOWHERE = 2 ** 31 - 1;

/** Values up to this length are copied behind their key: a line in one piece is written faster, and looked at four bytes at a time. */
const COPIED_BYTES_MAX = 4096;

export class DrainedPairs implements EncodedPairs, EntryPlace {
  /** Partition and key of the pair in hand; behind a TAB its value, when that is short. */
  readonly keyBytes: Buffer;
  readonly keyStart = 0;
  keyEnd = 0;
  valueBytes: Uint8Array;
  valueStart = 0;
  valueEnd = 0;
  /** Of `keyBytes`. */
  readonly #view: DataView;
  readonly #columns: number;
  readonly #writer: { addFrom(entry: EntryPlace): void };
  /** Where the key begins, behind the partition. */
  readonly #begin: number;
  /** From the key's beginning, where the TAB behind each column but the last is. */
  readonly #tabs: Int32Array;
  /** The key before is plain ASCII, so that what is shared with it needs no look. */
  #isPlain = false;
  #open = true;
  #failure: { readonly error: unknown } | null = null;

  /** `prefix` is the partition, encoded; `columns` are the key's own. */
  constructor(prefix: string, columns: number, writer: { addFrom(entry: EntryPlace): void }) {
    this.keyBytes = Buffer.allocUnsafe(
      Buffer.byteLength(prefix) + 1 + KEY_BYTES_MAX + 1 + COPIED_BYTES_MAX + WORD_BYTES,
    );
    this.#view = new DataView(this.keyBytes.buffer, this.keyBytes.byteOffset, this.keyBytes.length);
    this.valueBytes = this.keyBytes;
    this.#begin = this.keyBytes.write(`${prefix}\t`);
    this.#tabs = new Int32Array(columns).fill(NOWHERE);
    this.#columns = columns;
    this.#writer = writer;
  }

  /** The key that was added last, encoded, without the partition; "" before the first. */
  get last(): string {
    return this.keyBytes.toString("utf8", this.#begin, Math.max(this.#begin, this.keyEnd));
  }

  add(keyBytes: Uint8Array, keyEnd: number, valueBytes: Uint8Array, valueStart: number, valueEnd: number): void {
    if (!this.#open) throw new Error("a pair was added after draining ended");
    this.mustBeSound();
    try {
      this.#add(keyBytes, keyEnd, valueBytes, valueStart, valueEnd);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /** Throws what `add` threw, if it did: it went through user code, which may have caught it, and the run lacks that pair. */
  mustBeSound(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #add(keyBytes: Uint8Array, keyEnd: number, valueBytes: Uint8Array, valueStart: number, valueEnd: number): void {
    if (!isRange(keyBytes, 0, keyEnd) || !isRange(valueBytes, valueStart, valueEnd))
      throw new Error("drainEncoded gave a pair that does not lie in its bytes");
    if (keyEnd > KEY_BYTES_MAX)
      throw new Error(`drainEncoded gave a key of ${keyEnd} bytes; at most ${KEY_BYTES_MAX} are allowed`);
    this.#takeKey(keyBytes, keyEnd);
    this.#takeValue(valueBytes, valueStart, valueEnd);
    this.#writer.addFrom(this);
  }

  /** Whoever kept this is too late. */
  end(): void {
    this.#open = false;
  }

  #takeKey(bytes: Uint8Array, end: number): void {
    const own = this.keyBytes;
    const begin = this.#begin;
    const most = Math.min(this.keyEnd - begin, end);
    let shared = 0;
    while (shared < most && own[begin + shared] === bytes[shared]) shared++;
    const tabs = this.#tabs;
    let column = 0;
    const known = this.#isPlain ? shared : 0;
    while (column < tabs.length && (tabs[column] as number) < known) column++;
    let isPlain = true;
    for (let at = known; at < end; at++) {
      const byte = bytes[at] as number;
      own[begin + at] = byte;
      if (byte === TAB) {
        if (column < tabs.length) tabs[column] = at;
        column++;
      } else if (byte < FIRST_PRINTABLE || byte > LAST_PRINTABLE || byte === BACKSLASH) isPlain = false;
    }
    this.keyEnd = begin + end;
    if (!isPlain) column = decodeKey(own.subarray(begin, this.keyEnd)).length - 1;
    if (column + 1 !== this.#columns)
      throw new Error(`drainEncoded gave a key of ${column + 1} columns instead of ${this.#columns}`);
    tabs.fill(NOWHERE, column);
    this.#isPlain = isPlain;
  }

  #takeValue(bytes: Uint8Array, start: number, end: number): void {
    const to = this.keyEnd + 1;
    const length = end - start;
    if (length > COPIED_BYTES_MAX) {
      checkLine(bytes, start, end);
      this.valueBytes = bytes;
      this.valueStart = start;
      this.valueEnd = end;
      return;
    }
    const own = this.keyBytes;
    own[this.keyEnd] = TAB;
    own.set(bytes.subarray(start, end), to);
    this.valueBytes = own;
    this.valueStart = to;
    this.valueEnd = to + length;
    // Blanks, so that what is left of the last word is nothing to look at.
    for (let i = 0; i < WORD_BYTES; i++) own[to + length + i] = BLANK;
    const view = this.#view;
    for (let at = to; at < to + length; at += WORD_BYTES) {
      if (!isPrintable(view.getInt32(at, true))) return checkLine(own, to, to + length);
    }
  }
}

/** Whether each of four bytes is from 0x20 to 0x7f. */
function isPrintable(word: number): boolean {
  return (((word - EACH_BLANK) | word) & HIGH_BITS) === 0;
}

function checkLine(bytes: Uint8Array, start: number, end: number): void {
  const line = bytes.subarray(start, end);
  if (line.includes(TAB) || line.includes(LF)) throw new Error("drainEncoded gave a value with TAB or LF");
  if (!isUtf8(line)) throw new Error("drainEncoded gave a value that is not UTF-8");
}

function isRange(bytes: Uint8Array, start: number, end: number): boolean {
  const areWhole = Number.isInteger(start) && Number.isInteger(end);
  return bytes instanceof Uint8Array && areWhole && start >= 0 && start <= end && end <= bytes.length;
}
