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
import { crc32 } from "node:zlib";
import { SpotfoldError } from "../errors.ts";
import { keyEndOf } from "./entry.ts";
import type { EntryPlace } from "./entry.ts";
import {
  COLUMNS_MAX,
  encodeFooter,
  encodeHeader,
  encodeIndexFrame,
  FRAME_BYTES_DEFAULT,
  FRAME_BYTES_MAX,
  KIND_PATTERN,
  SEGMENT_FORMAT,
  VALUE_BYTES_MAX,
} from "./format.ts";
import { IndexBuilder } from "./index.ts";
import type { FramePosition } from "./index.ts";
import { KEY_BYTES_MAX } from "./key.ts";
import { compareRanges } from "./order.ts";
import { brokenValue, refused, tooLarge } from "./refusal.ts";
import type { WholeFrame } from "./segment-cursor.ts";
import type { SegmentSummary } from "./types.ts";
import { compressFrame } from "./zstd.ts";

/** Level 1 is three times as fast as zstd's default and gives about the same size on lines of counts. */
export const LEVEL_DEFAULT = 1;

export interface SegmentWriterOptions {
  /** Of a key, the partition included: 1 to 64. */
  readonly columns: number;
  /** What the lines mean, in lower-case words. Default `data`. */
  readonly kind?: string;
  /** Of zstd. Default 1. */
  readonly level?: number;
  /** Raw bytes after which a frame ends. Default 256 KiB, at most 1 MiB. */
  readonly frameBytes?: number;
}

/**
 * Frames of merged segments from this size on are taken over as they are, compressed; the lines of smaller ones are gathered
 * into new frames, or segments of many small outputs would have small frames for ever, and an index of as many rows.
 */
const FRAME_KEPT_BYTES_MIN = 64 * 1024;

/** A line up to this length is copied faster by a loop than by a call. */
const LOOPED_BYTES = 48;

const TAB = 0x09;
const LF = 0x0a;
const DELETE = 0x7f;
const FIRST_PRINTABLE = 0x20;

/** UTF-8 takes at most this many bytes for one UTF-16 unit. */
const UTF8_BYTES_PER_UNIT_MAX = 3;

const NO_KEY = new Uint8Array(0);

export class SegmentWriter {
  readonly #sink: (bytes: Uint8Array) => void;
  readonly #columns: number;
  readonly #kind: string;
  readonly #level: number;
  readonly #frameBytes: number;
  readonly #headerBytes: number;
  readonly #index = new IndexBuilder();
  #finished = false;
  #isBroken = false;
  #entries = 0;
  #rawBytes = 0;
  #written = 0;
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
    const { columns, kind = "data", level = LEVEL_DEFAULT, frameBytes = FRAME_BYTES_DEFAULT } = options;
    const columnsFit = Number.isInteger(columns) && columns >= 1 && columns <= COLUMNS_MAX;
    if (!columnsFit || !KIND_PATTERN.test(kind) || !(frameBytes >= 1 && frameBytes <= FRAME_BYTES_MAX)) {
      throw new SpotfoldError("internal", "no segment can be written like this", {
        context: { columns, kind, frameBytes },
      });
    }
    this.#sink = sink;
    this.#columns = columns;
    this.#kind = kind;
    this.#level = level;
    this.#frameBytes = frameBytes;
    this.#buffer = Buffer.allocUnsafe(frameBytes);
    this.#view = viewOf(this.#buffer);
    const header = encodeHeader({ format: SEGMENT_FORMAT, columns, kind });
    this.#headerBytes = header.length;
    this.#write(header);
  }

  /** Throws `internal` for a key out of order or shape, `analysis-failed` for a value with TAB or LF, `limit` for too many bytes. */
  add(key: Uint8Array, value: Uint8Array): void {
    const start = this.#begin(key.length + value.length);
    const keyEnd = start + key.length;
    this.#buffer.set(key, start);
    this.#buffer[keyEnd] = TAB;
    this.#buffer.set(value, keyEnd + 1);
    this.#checkLine(start, keyEnd, keyEnd + 1 + value.length);
    this.#commit(start, keyEnd, keyEnd + 1 + value.length);
  }

  /** As `add`, from strings: the key as `encodeKey` gives it. */
  addText(key: string, value: string): void {
    const start = this.#begin((key.length + value.length) * UTF8_BYTES_PER_UNIT_MAX);
    const keyEnd = start + this.#buffer.write(key, start);
    this.#buffer[keyEnd] = TAB;
    const end = keyEnd + 1 + this.#buffer.write(value, keyEnd + 1);
    this.#checkLine(start, keyEnd, end);
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
      this.#copy(keyBytes, keyStart, valueEnd, start);
    } else {
      this.#copy(keyBytes, keyStart, entry.keyEnd, start);
      this.#buffer[keyEnd] = TAB;
      this.#copy(valueBytes, valueStart, valueEnd, keyEnd + 1);
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
    // One that came with the frame stays: nothing that happens to the bytes on their way is missed.
    this.#index.add({ ...position, checksum: position.checksum ?? crc32(compressed) });
    this.#write(compressed);
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
    const last = Buffer.from(this.#buffer.subarray(this.#lastStart, this.#lastEnd));
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
    const [entries, rawBytes, indexOffset] = [this.#entries, this.#rawBytes, this.#written];
    const lastKey = Buffer.from(this.#last.subarray(this.#lastStart, this.#lastEnd));
    const head = { format: SEGMENT_FORMAT, columns: this.#columns, kind: this.#kind, headerBytes: this.#headerBytes };
    const body = this.#index.finish({ ...head, entries, rawBytes, lastKey });
    const frame = encodeIndexFrame(compressFrame(body, this.#level));
    this.#write(frame);
    this.#write(
      encodeFooter({ format: SEGMENT_FORMAT, indexOffset, indexBytes: frame.length, indexRawBytes: body.length }),
    );
    return { entries, bytes: this.#written, rawBytes, firstKey: this.#firstKey, lastKey };
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

  #copy(bytes: Uint8Array, start: number, end: number, to: number): void {
    const buffer = this.#buffer;
    if (end - start > LOOPED_BYTES) buffer.set(bytes.subarray(start, end), to);
    else for (let from = start, at = to; from < end; from++, at++) buffer[at] = bytes[from] as number;
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

  /** That key and value can be told apart again. */
  #checkLine(start: number, keyEnd: number, end: number): void {
    let columns = 1;
    for (let i = start; i < keyEnd; i++) {
      const byte = this.#buffer[i] as number;
      if (byte === TAB) columns += 1;
      else if (byte < FIRST_PRINTABLE || byte === DELETE)
        throw this.#refuse("a key holds a control byte", start, keyEnd);
    }
    if (columns !== this.#columns) {
      throw this.#refuse(`a key has ${columns} columns in a segment of ${this.#columns}`, start, keyEnd);
    }
    const value = this.#buffer.subarray(keyEnd + 1, end);
    if (value.includes(LF) || value.includes(TAB)) throw brokenValue(this.#buffer.subarray(start, keyEnd));
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
    const frame = compressFrame(raw, this.#level);
    const position = {
      offset: this.#written,
      length: frame.length,
      rawBytes: length,
      entries: this.#frameEntries,
      firstKey: Buffer.from(raw.subarray(0, this.#frameKeyEnd)),
      checksum: crc32(frame),
    };
    this.#index.add(position);
    this.#write(frame);
    this.#length = 0;
    this.#frameEntries = 0;
    return position;
  }

  #write(bytes: Uint8Array): void {
    // Whoever catches what the sink throws has a segment with a hole: it is never finished.
    const isWhole = !this.#isBroken;
    this.#isBroken = true;
    if (!isWhole) throw new SpotfoldError("internal", "a segment goes on whose bytes could not be written");
    this.#sink(bytes);
    this.#isBroken = false;
    this.#written += bytes.length;
  }

  #refuse(what: string, start: number, keyEnd: number): SpotfoldError {
    return refused(what, this.#buffer.subarray(start, keyEnd), this.#last.subarray(this.#lastStart, this.#lastEnd));
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
