/**
 * Opening a segment and decoding its frames, without a word on how bytes are fetched: `openSegment` is a generator that
 * yields the spans that it needs and is sent their bytes, so that one text serves readers that wait and readers that do not.
 */
import { crc32 } from "node:zlib";
import type { Entry } from "./entry.ts";
import { clipLines, keyOf, LineCursor, valueOf } from "./entry.ts";
import { decodeFooter, encodeHeader, FOOTER_BYTES, indexContent } from "./format.ts";
import { decodeIndex, FRAME_RAW_BYTES_MAX } from "./index.ts";
import type { FramePart, FramePosition, SegmentIndex } from "./index.ts";
import { compareBytes } from "./order.ts";
import { corrupt, decompressFrame, frameContentBytes } from "./zstd.ts";

const TAB = 0x09;

/** Read first, from the end: footer, the index of segments up to about 1 GB raw, and small segments whole. */
export const SUFFIX_BYTES = 64 * 1024;

export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export interface OpenedSegment {
  readonly index: SegmentIndex;
  /** The whole segment, when the first read held it. */
  readonly whole: Uint8Array | undefined;
}

/** Throws `corrupt` for what is no segment, `invalid-format` for a later version's. */
export function* openSegment(size: number): Generator<Span, OpenedSegment, Uint8Array> {
  if (size < FOOTER_BYTES) throw corrupt("a segment is shorter than its footer", { size });
  const start = Math.max(0, size - SUFFIX_BYTES);
  const suffix = yield { start, end: size };
  const footer = decodeFooter(suffix.subarray(suffix.length - FOOTER_BYTES), size);
  const indexEnd = footer.indexOffset + footer.indexBytes;
  const indexFrame =
    footer.indexOffset >= start
      ? suffix.subarray(footer.indexOffset - start, indexEnd - start)
      : yield { start: footer.indexOffset, end: indexEnd };
  const body = decompressFrame(indexContent(indexFrame), footer.indexRawBytes, "the index of a segment");
  const index = decodeIndex(body, footer.indexOffset, footer.format);
  const whole = start === 0 ? suffix : undefined;
  if (whole !== undefined) checkHeader(index, whole);
  return { index, whole };
}

/** Readers that begin at the end do not need the header; where it is at hand, it must agree. */
function checkHeader(index: SegmentIndex, whole: Uint8Array): void {
  const header = whole.subarray(0, index.headerBytes);
  if (compareBytes(header, encodeHeader(index)) !== 0) throw corrupt("a segment's header and index differ");
}

/** A data frame's lines. Those in the range that was asked for lie in `bytes` from `start` to `end`. */
export interface DecodedFrame {
  readonly position: FramePosition;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Throws `corrupt` unless the frame is whole and what the index says of it is so. */
export function decodeFrame(compressed: Uint8Array, { position, range }: FramePart, columns: number): DecodedFrame {
  checkCompressed(compressed, position);
  const bytes = decompressFrame(compressed, position.rawBytes, `the frame at ${position.offset}`);
  const { firstKey } = position;
  if (bytes[firstKey.length] !== TAB || compareBytes(bytes.subarray(0, firstKey.length), firstKey) !== 0) {
    throw corrupt(`the frame at ${position.offset} begins with another key than its index says`);
  }
  return { position, bytes, ...clipLines(bytes, columns, range) };
}

/** Throws `corrupt` unless these are the bytes that were written. What has no checksum of its compressed bytes must be decoded. */
export function checkCompressed(compressed: Uint8Array, { checksum, offset }: FramePosition): void {
  if (checksum !== null && crc32(compressed) !== checksum)
    throw corrupt(`the checksum of the frame at ${offset} is wrong`);
}

/**
 * The entries of one data frame that was read by itself, by offset and length: a worker reads its job's part of a plan so.
 * The segment's columns must be known; the frame's own checksum is all that holds it to what was written.
 */
export function decodeLoneFrame(compressed: Uint8Array, columns: number): Entry[] {
  const what = "a frame of a segment";
  const rawBytes = frameContentBytes(compressed, what);
  if (rawBytes > FRAME_RAW_BYTES_MAX) throw corrupt(`${what} states ${rawBytes} bytes`);
  return linesOf(decompressFrame(compressed, rawBytes, what), columns);
}

/** All entries of the frame that lie in the range, as views. */
export function entriesOf(frame: DecodedFrame, columns: number): Entry[] {
  const entries = linesOf(frame.bytes, columns, frame.start, frame.end);
  checkCount(frame, entries.length);
  return entries;
}

function linesOf(bytes: Uint8Array, columns: number, start = 0, end = bytes.length): Entry[] {
  const lines = new LineCursor(columns);
  lines.reset(bytes, start, end);
  const entries: Entry[] = [];
  while (lines.next()) entries.push({ key: keyOf(lines), value: valueOf(lines) });
  return entries;
}

/** Throws `corrupt` unless so many entries are what the index says; parts of frames are not counted. */
export function checkCount({ bytes, position, start, end }: DecodedFrame, entries: number): void {
  if (start > 0 || end < bytes.length || entries === position.entries) return;
  throw corrupt(`the frame at ${position.offset} has ${entries} entries, its index says ${position.entries}`);
}
