/**
 * Writes a segment, front to back, without looking back: whatever takes bytes can be the sink (a file, memory, an upload).
 *
 *   lines are gathered -> a frame is full: compressed, given to the sink, its row noted -> finish: last frame, index, footer
 *
 * A frame ends before the line that would make it larger than its size, so the same entries, level and zstd give the same
 * bytes. An entry that is refused leaves the writer as it was. Nothing but `finish` makes the bytes a segment: a file that
 * ends early is `corrupt` to every reader.
 */
import { Buffer } from "node:buffer";
import { SpotfoldError } from "../errors.ts";
import { keyEndOf } from "./entry.ts";
import type { EntryPlace } from "./entry.ts";
import { VALUE_BYTES_MAX } from "./format.ts";
import { FrameSink } from "./frame-sink.ts";
import type { FramePosition } from "./index.ts";
import { KEY_BYTES_MAX } from "./key.ts";
import { copyBytes, LF, lineFlaw, TAB } from "./line.ts";
import { compareRanges } from "./order.ts";
import { refused, tooLarge } from "./refusal.ts";
import type { WholeFrame } from "./segment-cursor.ts";
import type { SegmentSummary } from "./types.ts";
import { wholeOptions } from "./writer-options.ts";
import type { SegmentWriterOptions } from "./writer-options.ts";

/**
 * Frames of merged segments from this size on are taken over as they are, compressed; the lines of smaller ones are gathered
 * into new frames, or segments of many small outputs would have small frames for ever, and an index of as many rows.
 */
const FRAME_KEPT_BYTES_MIN = 64 * 1024;

/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

const NO_KEY = new Uint8Array(0);

export class SegmentWriter {
  readonly #sink: FrameSink;
  readonly #columns: number;
  readonly #frameBytes: number;
  #finished = false;
  #entries = 0;
  #rawBytes = 0;
  #firstKey: Uint8Array = NO_KEY;
  /** Lines of the frame in hand, `#length` bytes of them. */
  #buffer: Buffer;
  /** Of `#buffer`: compares four bytes at a time. */
  #view: DataView;
  #length = 0;
  #frameEntries = 0;
  #frameKeyEnd = 0;
  /** The key of the line before is here: in `#buffer`, or a copy when its frame is gone. */
  #last: Uint8Array = NO_KEY;
  #lastStart = 0;
  #lastEnd = 0;
  /** The last key is below this one, which the next may be. */
  #isLastBelow = false;

  /** The sink is called in order; what it throws passes through. It may keep the bytes: they are not used again. */
  constructor(sink: (bytes: Uint8Array) => void, options: SegmentWriterOptions) {
    const { columns, kind, level, frameBytes } = wholeOptions(options);
    this.#columns = columns;
    this.#frameBytes = frameBytes;
    this.#buffer = Buffer.allocUnsafe(frameBytes);
    this.#view = viewOf(this.#buffer);
    this.#sink = new FrameSink(sink, { columns, kind, level });
  }

  /** Throws `internal` for a key out of order or shape, `analysis-failed` for a value with TAB or LF, `limit` for too many bytes. */
  add(key: Uint8Array, value: Uint8Array): void {
    const start = this.#begin(key.length + value.length);
    const keyEnd = start + key.length;
    this.#buffer.set(key, start);
    this.#buffer[keyEnd] = TAB;
    this.#buffer.set(value, keyEnd + 1);
    const end = keyEnd + 1 + value.length;
    this.#check(start, keyEnd, end);
    this.#commit(start, keyEnd, end);
  }

  /** As `add`, from strings: the key as `encodeKey` gives it. */
  addText(key: string, value: string): void {
    const start = this.#begin((key.length + value.length) * UTF8_BYTES_PER_UNIT_MAX);
    const keyEnd = start + this.#buffer.write(key, start);
    this.#buffer[keyEnd] = TAB;
    const end = keyEnd + 1 + this.#buffer.write(value, keyEnd + 1);
    this.#check(start, keyEnd, end);
    this.#commit(start, keyEnd, end);
  }

  /** As `add`, for an entry whose key and value can be told apart: of a segment, where its line was checked before, or of `DrainedPairs`. */
  addFrom(entry: EntryPlace): void {
    const { keyBytes, keyStart, valueBytes, valueStart, valueEnd } = entry;
    const keyLength = entry.keyEnd - keyStart;
    const start = this.#begin(keyLength + valueEnd - valueStart);
    const keyEnd = start + keyLength;
    const end = keyEnd + 1 + valueEnd - valueStart;
    if (keyBytes === valueBytes && entry.keyEnd + 1 === valueStart) {
      copyBytes(keyBytes, keyStart, valueEnd, this.#buffer, start);
    } else {
      copyBytes(keyBytes, keyStart, entry.keyEnd, this.#buffer, start);
      this.#buffer[keyEnd] = TAB;
      copyBytes(valueBytes, valueStart, valueEnd, this.#buffer, keyEnd + 1);
    }
    this.#commit(start, keyEnd, end);
  }

  /** All lines of another segment's frame, whose keys are above the last one: compressed as it is, unless it is small. */
  addFrame(frame: WholeFrame): void {
    const { firstKey, entries, rawBytes } = frame.position;
    if (frame.columns !== this.#columns) throw refused("a frame has other columns", firstKey, NO_KEY);
    if (this.#entries > 0 && !this.#isAboveLast(firstKey, 0, firstKey.length))
      throw refused("a frame does not begin above the key before", firstKey, NO_KEY);
    const isKept = rawBytes >= Math.min(FRAME_KEPT_BYTES_MIN, this.#frameBytes);
    const bytes = isKept ? frame.compressed() : frame.lines();
    if (isKept || this.#length + rawBytes > this.#frameBytes) this.endFrame();
    const start = this.#begin(isKept ? 0 : rawBytes);
    if (this.#entries === 0) this.#firstKey = firstKey;
    if (isKept) this.#keepFrame(frame, bytes);
    else {
      this.#buffer.set(bytes, start);
      if (start === 0) this.#frameKeyEnd = firstKey.length;
      this.#length = start + rawBytes;
      this.#frameEntries += entries;
      const lastStart = bytes.lastIndexOf(LF, rawBytes - 2) + 1;
      this.#setLast(this.#buffer, start + lastStart, start + keyEndOf(bytes, lastStart, this.#columns));
    }
    this.#entries += entries;
    this.#rawBytes += rawBytes;
  }

  #keepFrame({ position, endKey, isBelowEnd }: WholeFrame, compressed: Uint8Array): void {
    this.#sink.keptFrame(position, compressed);
    this.#setLast(endKey, 0, endKey.length);
    this.#isLastBelow = isBelowEnd;
  }

  #setLast(bytes: Uint8Array, start: number, end: number): void {
    this.#last = bytes;
    this.#lastStart = start;
    this.#lastEnd = end;
    this.#isLastBelow = false;
  }

  /**
   * Ends the frame in hand and says where it is, so that it can be read without the index; undefined when it has no lines.
   * Plans make each job a frame of its own.
   */
  endFrame(): FramePosition | undefined {
    if (this.#length === 0) return undefined;
    const last = Buffer.from(this.#lastKey());
    this.#setLast(last, 0, last.length);
    return this.#flush(this.#length);
  }

  /** Writes what is left, index and footer. The writer is done after that. */
  finish(): SegmentSummary {
    if (this.#finished) throw new SpotfoldError("internal", "a segment was finished twice");
    if (this.#isLastBelow)
      throw new SpotfoldError("internal", "a segment ends with a frame whose last key is not known");
    this.endFrame();
    this.#finished = true;
    const [entries, rawBytes] = [this.#entries, this.#rawBytes];
    const lastKey = Buffer.from(this.#lastKey());
    const bytes = this.#sink.finish({ entries, rawBytes, lastKey });
    return { entries, bytes, rawBytes, firstKey: this.#firstKey, lastKey };
  }

  /** Makes room for a line of so many bytes of key and value, and says where it goes. */
  #begin(bytes: number): number {
    if (this.#finished) throw new SpotfoldError("internal", "an entry was added to a finished segment");
    const needed = this.#length + bytes + 2;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, this.#length);
      if (this.#last === this.#buffer) this.#last = grown;
      this.#buffer = grown;
      this.#view = viewOf(grown);
    }
    return this.#length;
  }

  /** Whether the key at this place of the buffer comes after the last one. */
  #isAbove(start: number, end: number): boolean {
    let same = 0;
    if (this.#last === this.#buffer) {
      const lastStart = this.#lastStart;
      const view = this.#view;
      const words = Math.min(this.#lastEnd - lastStart, end - start) - 4;
      while (same <= words && view.getInt32(lastStart + same) === view.getInt32(start + same)) same += 4;
    }
    return this.#isAboveLast(this.#buffer, start, end, same);
  }

  /** The same for a key anywhere, of which so many bytes are those of the last one. */
  #isAboveLast(bytes: Uint8Array, start: number, end: number, same = 0): boolean {
    const order = compareRanges(this.#last, this.#lastStart + same, this.#lastEnd, bytes, start + same, end);
    return order < 0 || (order === 0 && this.#isLastBelow);
  }

  #check(start: number, keyEnd: number, end: number): void {
    const flaw = lineFlaw(this.#buffer, start, keyEnd, end, this.#columns);
    if (flaw !== null) throw this.#refuse(flaw, start, keyEnd);
  }

  /** Takes the line at the buffer's end into the frame, or ends the frame and begins the next one with it. */
  #commit(start: number, keyEnd: number, end: number): void {
    if (keyEnd - start > KEY_BYTES_MAX)
      throw tooLarge("key", keyEnd - start, KEY_BYTES_MAX, this.#buffer.subarray(start, keyEnd));
    const valueBytes = end - keyEnd - 1;
    if (valueBytes > VALUE_BYTES_MAX)
      throw tooLarge("value", valueBytes, VALUE_BYTES_MAX, this.#buffer.subarray(start, keyEnd));
    if (this.#entries > 0 && !this.#isAbove(start, keyEnd))
      throw this.#refuse("a key is not above the one before", start, keyEnd);
    this.#buffer[end] = LF;
    if (this.#entries === 0) this.#firstKey = Buffer.from(this.#buffer.subarray(start, keyEnd));
    let shift = 0;
    if (start > 0 && end + 1 > this.#frameBytes) {
      this.#flush(start);
      this.#buffer.copyWithin(0, start, end + 1);
      shift = start;
    }
    if (shift === start) this.#frameKeyEnd = keyEnd - shift;
    this.#setLast(this.#buffer, start - shift, keyEnd - shift);
    this.#length = end + 1 - shift;
    this.#frameEntries += 1;
    this.#entries += 1;
    this.#rawBytes += end + 1 - start;
  }

  #flush(length: number): FramePosition {
    const raw = this.#buffer.subarray(0, length);
    const position = this.#sink.frame(raw, this.#frameEntries, Buffer.from(raw.subarray(0, this.#frameKeyEnd)));
    this.#length = 0;
    this.#frameEntries = 0;
    return position;
  }

  #lastKey(): Uint8Array {
    return this.#last.subarray(this.#lastStart, this.#lastEnd);
  }

  #refuse(what: string, start: number, keyEnd: number): SpotfoldError {
    return refused(what, this.#buffer.subarray(start, keyEnd), this.#lastKey());
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
