/**
 * Zstandard frames (RFC 8878) as segments use them: whole, with checksum and content size, at most one value long; and the
 * skippable frames that hold what `zstd -dc` must not print.
 *
 * A decoder accepts more than that (no checksum, trailing bytes, any size), so a frame's structure is checked here before it
 * is decoded. What may go wrong: every way in which bytes can be damaged; all give `corrupt`.
 */
import { Buffer } from "node:buffer";
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { messageOf, SpotfoldError } from "../errors.ts";

/** Magic number and size, ahead of a skippable frame's content. */
export const SKIPPABLE_HEAD_BYTES = 8;

/** Skippable frames have 16 magic numbers, of which the last half byte is free; it tells ours apart. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const FRAME_MAGIC = 0xfd2fb528;

/** Zstd's own checksum: the low half of XXH64. */
const CHECKSUM_BYTES = 4;

/** So that the decoder's first piece of output holds all of it, and it need not ask for another. */
const OUTPUT_SPARE_BYTES = 64;

export function corrupt(
  message: string,
  context: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): SpotfoldError {
  return new SpotfoldError("corrupt", message, { context, ...(cause === undefined ? {} : { cause }) });
}

export function skippableFrame(type: number, content: Uint8Array): Buffer {
  const head = Buffer.alloc(SKIPPABLE_HEAD_BYTES);
  head.writeUInt32LE(SKIPPABLE_MAGIC + type, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}

/** The content of a skippable frame of this type that fills `bytes` exactly. */
export function skippableContent(type: number, bytes: Uint8Array, what: string): Uint8Array {
  const view = asBuffer(bytes);
  if (view.length < SKIPPABLE_HEAD_BYTES || view.readUInt32LE(0) !== SKIPPABLE_MAGIC + type) {
    throw corrupt(`the ${what} of a segment does not begin as it must`);
  }
  if (view.readUInt32LE(4) !== view.length - SKIPPABLE_HEAD_BYTES)
    throw corrupt(`the ${what} of a segment has another size`);
  return bytes.subarray(SKIPPABLE_HEAD_BYTES);
}

/** One frame. The bytes may be part of a larger piece of memory: copy what is kept for long. */
export function compressFrame(raw: Uint8Array, level: number): Uint8Array {
  return zstdCompressSync(raw, {
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
    pledgedSrcSize: raw.length,
  });
}

/** Decodes one frame that fills `bytes` exactly and gives `rawBytes` bytes. The memory is new, and the caller's. */
export function decompressFrame(bytes: Uint8Array, rawBytes: number, what: string): Uint8Array {
  const stated = frameContentBytes(bytes, what);
  if (stated !== rawBytes) throw corrupt(`${what} states ${stated} bytes, its index ${rawBytes}`);
  let raw: Uint8Array;
  try {
    raw = zstdDecompressSync(bytes, { maxOutputLength: rawBytes, chunkSize: rawBytes + OUTPUT_SPARE_BYTES });
  } catch (error) {
    throw corrupt(`${what} cannot be decoded: ${messageOf(error)}`, {}, error);
  }
  if (raw.length !== rawBytes) throw corrupt(`${what} has ${raw.length} bytes instead of ${rawBytes}`);
  return raw;
}

/**
 * The content size that a frame states, after its structure is checked: one frame, with checksum and without dictionary, whose
 * blocks end where `bytes` ends.
 */
export function frameContentBytes(bytes: Uint8Array, what: string): number {
  const view = asBuffer(bytes);
  const truncated = (): SpotfoldError => corrupt(`${what} is cut off`);
  if (view.length < 5) throw truncated();
  if (view.readUInt32LE(0) !== FRAME_MAGIC) throw corrupt(`${what} is not a zstd frame`);
  const descriptor = view.readUInt8(4);
  const sizeFlag = descriptor >> 6;
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x1f) !== 0x04 || (sizeFlag === 0 && !single)) {
    throw corrupt(`${what} lacks checksum or size, or has a dictionary`, { descriptor });
  }
  const sizeBytes = 1 << sizeFlag;
  let position = 5 + (single ? 0 : 1);
  if (view.length < position + sizeBytes) throw truncated();
  const content = readContentSize(view, position, sizeFlag);
  position += sizeBytes;
  for (let last = false; !last;) {
    if (view.length < position + 3) throw truncated();
    const block = view.readUIntLE(position, 3);
    last = (block & 1) === 1;
    const runLength = ((block >> 1) & 3) === 1;
    position += 3 + (runLength ? 1 : block >> 3);
  }
  if (position + CHECKSUM_BYTES > view.length) throw truncated();
  if (position + CHECKSUM_BYTES < view.length) throw corrupt(`${what} is followed by other bytes`);
  return content;
}

function readContentSize(view: Buffer, position: number, flag: number): number {
  if (flag === 0) return view.readUInt8(position);
  if (flag === 1) return view.readUInt16LE(position) + 256;
  if (flag === 2) return view.readUInt32LE(position);
  return Number(view.readBigUInt64LE(position));
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
