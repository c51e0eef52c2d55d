/**
 * Splits the decoded bytes of one block into records, and calls back for each: pieces of any size in, records out that are
 * always contiguous in memory.
 *
 *     piece      | ...tail of a record LF | record LF | record LF | begin of a ...|
 *     carry      | begin of a record |          (only records that span pieces are copied here)
 *
 * States: within a line that is kept (in the carry, or still in the piece), or within one that is too long and is thrown away
 * up to its LF. Memory: the carry, as large as the longest record that spanned pieces, given back after a large one.
 *
 * A byte order mark at the block's very begin belongs to no record; offsets count its bytes all the same.
 *
 * What may go wrong is counted, not thrown: `rejected` is told the reason. A throw of a callback passes through; the splitter
 * must not be used after it.
 */
import type { Line, RecordFormat } from "./format.ts";
import { View, type ViewedBlock } from "./view.ts";

/** The longest line (id included, line end not) that is a record: memory must have a bound, and real records stay far below. */
export const recordBytesMax = 32 * 1024 * 1024;

/** A carry of up to this size is kept from record to record; a larger one is given back after its record. */
const CARRY_KEPT_BYTES = 1024 * 1024;

const CARRY_FIRST_BYTES = 64 * 1024;
const LF = 10;
const EMPTY = Buffer.alloc(0);
/** UTF-8's byte order mark. Editors and exports put it before the first record of a file, where it is no part of one. */
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** What the bytes of a record become after its callback in check mode: visible, and no JSON. */
const OVERWRITTEN = 0xdb;

/** A line that is not a record. */
export interface RejectedLine {
  /** A short constant: `no-tab`, `line-too-long`. */
  readonly reason: string;
  /** 0-based number within the block, among records and rejected lines. */
  readonly ordinal: number;
  /** Where the line begins in the decoded block. */
  readonly offset: number;
  /** A sentence for people. */
  readonly message: string;
}

export interface SplitterOptions {
  readonly format: RecordFormat;
  readonly block: ViewedBlock;
  /** Called for each record, in order. The view is one object; nothing of it may be kept. */
  readonly record: (view: View) => void;
  readonly rejected: (line: RejectedLine) => void;
  /** Check mode: a record's bytes are a copy that is overwritten after the callback, so that keeping them shows. */
  readonly overwrite?: boolean;
}

export class RecordSplitter {
  readonly #options: SplitterOptions;
  readonly #line: Line = { bytes: EMPTY, start: 0, end: 0, idStart: 0, idEnd: 0 };
  readonly #view: View;
  #carry: Buffer = EMPTY;
  #carried = 0;
  #skipping = false;
  #ordinal = 0;
  #lineOffset = 0;
  #offset = 0;

  constructor(options: SplitterOptions) {
    this.#options = options;
    this.#view = new View(options.block, options.format, this.#line);
  }

  /** Records and rejected lines so far. */
  get records(): number {
    return this.#ordinal;
  }

  /** Decoded bytes so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** Takes the next piece. It is read only during the call, and not changed. */
  push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const pieceOffset = this.#offset;
    this.#offset += bytes.length;
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(LF, at);
      if (end === -1) break;
      if (this.#lineOffset < pieceOffset) {
        this.#keep(bytes, at, end);
        this.#endCarried(pieceOffset + end);
      } else {
        this.#endLine(bytes, at, end);
      }
      at = end + 1;
      this.#lineOffset = pieceOffset + at;
    }
    if (at < bytes.length) this.#keep(bytes, at, bytes.length);
  }

  /** The block is over: a last line without LF is a line. */
  end(): void {
    const markAlone = this.#offset === MARK.length && startsWithMark(this.#carry, 0, this.#carried);
    if (this.#lineOffset < this.#offset && !markAlone) this.#endCarried(this.#offset);
    this.#lineOffset = this.#offset;
    this.#carry = EMPTY;
  }

  /** Appends a part of the line in hand to the carry, unless the line has become too long. */
  #keep(bytes: Buffer, start: number, end: number): void {
    if (this.#skipping) return;
    const needed = this.#carried + end - start;
    if (needed > recordBytesMax) {
      this.#skipping = true;
      this.#carried = 0;
      this.#carry = EMPTY;
      return;
    }
    if (needed > this.#carry.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.min(Math.max(needed, 2 * this.#carry.length, CARRY_FIRST_BYTES), recordBytesMax),
      );
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = needed;
  }

  /** The line in the carry ends at `end` of the block. */
  #endCarried(end: number): void {
    if (this.#skipping) {
      this.#skipping = false;
      this.#rejectLong(end - this.#lineOffset);
      return;
    }
    const carry = this.#carry;
    const carried = this.#carried;
    this.#carried = 0;
    this.#endLine(carry, 0, carried);
    if (carry.length <= CARRY_KEPT_BYTES) return;
    // Line and view point into the carry until the next record: they would keep it alive.
    this.#carry = this.#line.bytes = EMPTY;
    this.#line.start = this.#line.end = this.#line.idStart = this.#line.idEnd = 0;
    this.#view.move(this.#view.ordinal, this.#view.offset);
  }

  #endLine(bytes: Buffer, start: number, end: number): void {
    if (end - start > recordBytesMax) {
      this.#rejectLong(end - start);
      return;
    }
    const line = this.#line;
    if (this.#lineOffset === 0 && startsWithMark(bytes, start, end)) start += MARK.length;
    line.bytes = bytes;
    line.start = start;
    line.end = end;
    line.idStart = line.idEnd = start;
    const located = this.#options.format.locate(line);
    if (located === "nothing") return;
    const ordinal = this.#ordinal++;
    if (located !== "record") {
      const { reason, message } = located;
      this.#options.rejected({ reason, ordinal, offset: this.#lineOffset, message });
      return;
    }
    this.#view.move(ordinal, this.#lineOffset);
    if (this.#options.overwrite === true) this.#checked(start, end);
    else this.#options.record(this.#view);
  }

  #checked(start: number, end: number): void {
    const line = this.#line;
    const copy = Buffer.from(line.bytes.subarray(start, end));
    line.bytes = copy;
    line.start -= start;
    line.end -= start;
    line.idStart -= start;
    line.idEnd -= start;
    this.#options.record(this.#view);
    copy.fill(OVERWRITTEN);
  }

  #rejectLong(bytes: number): void {
    this.#options.rejected({
      reason: "line-too-long",
      ordinal: this.#ordinal++,
      offset: this.#lineOffset,
      message: `the line has ${bytes} bytes, a record at most ${recordBytesMax}`,
    });
  }
}

function startsWithMark(bytes: Buffer, start: number, end: number): boolean {
  return end - start >= MARK.length && bytes.compare(MARK, 0, MARK.length, start, start + MARK.length) === 0;
}
