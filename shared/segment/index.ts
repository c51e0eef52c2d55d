/**
 * The index of a segment: one row for each data frame, held in memory by readers. Frames follow each other without gaps, so
 * rows hold lengths and offsets follow. First keys are written as what they share with the one before, and the rest.
 *
 *   body = varints columns, kind length; kind; varints header length, frames, entries, raw bytes, length of the last key;
 *          last key; then for each frame: varints shared, length of the rest; the rest of its first key; varints length,
 *          raw bytes, entries; CRC-32 of the compressed frame (4 bytes; not in format 1)
 */
import { Buffer } from "node:buffer";
import { SpotfoldError } from "../errors.ts";
import {
  COLUMNS_MAX,
  FORMAT_WITHOUT_CHECKSUMS,
  FRAME_BYTES_MAX,
  INDEX_BYTES_MAX,
  KIND_PATTERN,
  VALUE_BYTES_MAX,
} from "./format.ts";
import type { HeaderFields } from "./format.ts";
import { KEY_BYTES_MAX } from "./key.ts";
import type { KeyRange } from "./key.ts";
import { compareBytes } from "./order.ts";
import { BytesBuilder, BytesReader } from "./varint.ts";
import { corrupt } from "./zstd.ts";

/** A frame holds several lines of together at most `FRAME_BYTES_MAX`, or one of any size; a line adds TAB and LF. */
export const FRAME_RAW_BYTES_MAX = Math.max(FRAME_BYTES_MAX, KEY_BYTES_MAX + VALUE_BYTES_MAX + 2);

const WHAT = "the index of a segment";
const NO_KEY = new Uint8Array(0);

/** Where a data frame is, and what is in it. */
export interface FramePosition {
  /** From the beginning of the file. */
  readonly offset: number;
  /** Compressed bytes. */
  readonly length: number;
  readonly rawBytes: number;
  readonly entries: number;
  readonly firstKey: Uint8Array;
  /** CRC-32 of the compressed bytes; null in segments of format 1. */
  readonly checksum: number | null;
}

export interface SegmentIndex extends HeaderFields {
  readonly entries: number;
  /** Of all lines. */
  readonly rawBytes: number;
  /** Empty when there are no entries. */
  readonly lastKey: Uint8Array;
  /** Of the header, and so the offset of the first data frame. */
  readonly headerBytes: number;
  /** In key order, and in the order of the file. */
  readonly frames: readonly FramePosition[];
}

/** A frame to read, and what of it is asked for: the frames in the middle of a range are whole. */
export interface FramePart {
  readonly position: FramePosition;
  readonly range: KeyRange;
}

/** The frames that hold the keys of a range, in key order. */
export function framesOf(index: SegmentIndex, { from, to }: KeyRange): FramePart[] {
  const first = from === undefined ? 0 : Math.max(0, countFrames(index, (key) => compareBytes(key, from) <= 0) - 1);
  const end = to === undefined ? index.frames.length : countFrames(index, (key) => compareBytes(key, to) < 0);
  // Bounds that cut nothing off are left out: looking for them in a frame costs something.
  const isAbove = to === undefined || compareBytes(index.lastKey, to) < 0;
  return index.frames.slice(first, end).map((position, i) => {
    const cutsFirst = i === 0 && from !== undefined && compareBytes(position.firstKey, from) < 0;
    const cutsLast = first + i === end - 1 && !(isAbove && end === index.frames.length);
    return { position, range: { from: cutsFirst ? from : undefined, to: cutsLast ? to : undefined } };
  });
}

/** How many frames come first whose first key satisfies `holds`, which must hold for a beginning of the frames only. */
function countFrames({ frames }: SegmentIndex, holds: (firstKey: Uint8Array) => boolean): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(frames[middle]?.firstKey ?? NO_KEY)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Gathers the rows while a segment is written. */
export class IndexBuilder {
  readonly #rows = new BytesBuilder();
  #previousKey: Uint8Array = NO_KEY;
  #frames = 0;

  /** Throws `limit` when the index is full. Keeps `firstKey`. */
  add({ firstKey, length, rawBytes, entries, checksum }: Omit<FramePosition, "offset"> & { checksum: number }): void {
    const shared = sharedBytes(this.#previousKey, firstKey);
    this.#rows.varint(shared);
    this.#rows.varint(firstKey.length - shared);
    this.#rows.bytes(firstKey.subarray(shared));
    this.#rows.varint(length);
    this.#rows.varint(rawBytes);
    this.#rows.varint(entries);
    this.#rows.uint32(checksum);
    this.#previousKey = firstKey;
    this.#frames += 1;
    if (this.#rows.length + 2 * KEY_BYTES_MAX > INDEX_BYTES_MAX) {
      throw new SpotfoldError("limit", `the index of a segment may have ${INDEX_BYTES_MAX} bytes; it is full`, {
        hint: "Use shorter keys, or let fewer blocks share a partition.",
        context: { frames: this.#frames },
      });
    }
  }

  finish(index: Omit<SegmentIndex, "frames">): Buffer {
    const head = new BytesBuilder();
    head.varint(index.columns);
    head.varint(index.kind.length);
    head.bytes(Buffer.from(index.kind));
    for (const number of [index.headerBytes, this.#frames, index.entries, index.rawBytes, index.lastKey.length]) {
      head.varint(number);
    }
    head.bytes(index.lastKey);
    return Buffer.concat([head.view(), this.#rows.view()]);
  }
}

function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}

/** `indexOffset` is where the data frames must end. Throws `corrupt` unless every number fits every other. */
export function decodeIndex(body: Uint8Array, indexOffset: number, format: number): SegmentIndex {
  const reader = new BytesReader(body, WHAT);
  const columns = reader.varint();
  const kind = Buffer.from(reader.bytes(reader.varint())).toString("latin1");
  if (columns < 1 || columns > COLUMNS_MAX || !KIND_PATTERN.test(kind))
    throw corrupt(`${WHAT} names no kind and columns`);
  const headerBytes = reader.varint();
  const count = reader.varint();
  const entries = reader.varint();
  const rawBytes = reader.varint();
  const lastKey = reader.bytes(reader.varint());
  const frames: FramePosition[] = [];
  const sum = { offset: headerBytes, entries: 0, rawBytes: 0 };
  let previousKey: Uint8Array | undefined;
  // A row takes bytes, so a wrong count ends at the end of the body, not in memory.
  for (let i = 0; i < count; i++) {
    const frame = decodeRow(reader, previousKey ?? NO_KEY, sum.offset, format);
    if (previousKey !== undefined && compareBytes(previousKey, frame.firstKey) >= 0) {
      throw corrupt(`${WHAT} is not in the order of keys`, { frame: i });
    }
    sum.offset += frame.length;
    sum.entries += frame.entries;
    sum.rawBytes += frame.rawBytes;
    frames.push(frame);
    previousKey = frame.firstKey;
  }
  const lastFits = previousKey === undefined ? lastKey.length === 0 : compareBytes(previousKey, lastKey) <= 0;
  const sumsFit = sum.offset === indexOffset && sum.entries === entries && sum.rawBytes === rawBytes;
  if (reader.left !== 0 || !lastFits || !sumsFit) throw corrupt(`${WHAT} contradicts itself`, { indexOffset, ...sum });
  return { format, columns, kind, entries, rawBytes, lastKey, headerBytes, frames };
}

function decodeRow(reader: BytesReader, previousKey: Uint8Array, offset: number, format: number): FramePosition {
  const shared = reader.varint();
  const rest = reader.bytes(reader.varint());
  if (shared > previousKey.length || shared + rest.length > KEY_BYTES_MAX) throw corrupt(`${WHAT} holds a wrong key`);
  const firstKey = shared === 0 ? rest : Buffer.concat([previousKey.subarray(0, shared), rest]);
  const length = reader.varint();
  const rawBytes = reader.varint();
  const entries = reader.varint();
  const checksum = format === FORMAT_WITHOUT_CHECKSUMS ? null : reader.uint32();
  // The shortest line is an empty key of one column, TAB, LF.
  if (length === 0 || entries === 0 || rawBytes < 2 * entries || rawBytes > FRAME_RAW_BYTES_MAX) {
    throw corrupt(`${WHAT} holds a wrong length`, { offset, length, rawBytes, entries });
  }
  return { offset, length, rawBytes, entries, firstKey, checksum };
}
