/**
 * What surrounds the data frames of a segment: header, index and footer, as bytes and back (docs/formats/segment.md).
 *
 *   header  skippable frame 0: JSON, for people and for readers that stream
 *   index   skippable frame 1: a zstd frame of varints and keys (index.ts)
 *   footer  skippable frame 2, always 40 bytes: where the index is
 */
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import { SpotfoldError } from "../errors.ts";
import { asBuffer, corrupt, SKIPPABLE_HEAD_BYTES, skippableContent, skippableFrame } from "./zstd.ts";

/** Of what is written. */
export const SEGMENT_FORMAT = 2;

/** The first: its index has no checksums of compressed frames. It is read as before. */
export const FORMAT_WITHOUT_CHECKSUMS = 1;

/** Raw bytes after which a frame ends: small enough that 256 open frames are 64 MiB, large enough to compress well. */
export const FRAME_BYTES_DEFAULT = 256 * 1024;

/** Larger frames would multiply what a merge holds in memory. */
export const FRAME_BYTES_MAX = 1024 * 1024;

/** A value is decoded whole, 256 of them side by side in the worst merge; this is what a child's limit still bears. */
export const VALUE_BYTES_MAX = 16 * 1024 * 1024;

/** Of the uncompressed index, which readers hold in memory: some 900,000 frames (230 GB raw) with keys of usual size. */
export const INDEX_BYTES_MAX = 64 * 1024 * 1024;

/** Names what the lines mean, e.g. `plan`. Lower-case words. */
export const KIND_PATTERN = /^[a-z][a-z0-9-]{0,31}$/;

/** A key has at most this many columns. */
export const COLUMNS_MAX = 64;

const HEADER_TYPE = 0;
const INDEX_TYPE = 1;
const FOOTER_TYPE = 2;
const FOOTER_MAGIC = Buffer.from("SPOTFOLD");
const FOOTER_CONTENT_BYTES = 32;
export const FOOTER_BYTES = SKIPPABLE_HEAD_BYTES + FOOTER_CONTENT_BYTES;

export interface Footer {
  /** Of the segment. */
  readonly format: number;
  /** Of the index's skippable frame, from the beginning of the file. */
  readonly indexOffset: number;
  /** Of the index's skippable frame, its head included. */
  readonly indexBytes: number;
  /** Of the index, decompressed. */
  readonly indexRawBytes: number;
}

export interface HeaderFields {
  /** Of the segment. */
  readonly format: number;
  /** Of a key. */
  readonly columns: number;
  readonly kind: string;
}

export function encodeHeader({ format, columns, kind }: HeaderFields): Buffer {
  const text = JSON.stringify({ type: "spotfold-segment", format, kind, columns });
  return skippableFrame(HEADER_TYPE, Buffer.from(text));
}

export function encodeIndexFrame(compressed: Uint8Array): Buffer {
  return skippableFrame(INDEX_TYPE, compressed);
}

export function indexContent(bytes: Uint8Array): Uint8Array {
  return skippableContent(INDEX_TYPE, bytes, "index");
}

export function encodeFooter(footer: Footer): Buffer {
  const content = Buffer.alloc(FOOTER_CONTENT_BYTES);
  content.writeUInt32LE(footer.format, 0);
  content.writeBigUInt64LE(BigInt(footer.indexOffset), 4);
  content.writeUInt32LE(footer.indexBytes, 12);
  content.writeUInt32LE(footer.indexRawBytes, 16);
  content.writeUInt32LE(crc32(content.subarray(0, 20)), 20);
  FOOTER_MAGIC.copy(content, 24);
  return skippableFrame(FOOTER_TYPE, content);
}

/** `bytes` are the last 40 of a segment of `size` bytes. */
export function decodeFooter(bytes: Uint8Array, size: number): Footer {
  const content = asBuffer(skippableContent(FOOTER_TYPE, bytes, "footer"));
  if (!content.subarray(24).equals(FOOTER_MAGIC)) throw corrupt("the file does not end as a segment does", { size });
  if (content.readUInt32LE(20) !== crc32(content.subarray(0, 20)))
    throw corrupt("the footer's checksum is wrong", { size });
  const format = content.readUInt32LE(0);
  if (format !== SEGMENT_FORMAT && format !== FORMAT_WITHOUT_CHECKSUMS) {
    throw new SpotfoldError(
      "invalid-format",
      `the segment has format ${format}; this version reads ${FORMAT_WITHOUT_CHECKSUMS} and ${SEGMENT_FORMAT}`,
      {
        hint: "Use the version of Spotfold that wrote it, or a later one.",
      },
    );
  }
  const footer = {
    format,
    indexOffset: Number(content.readBigUInt64LE(4)),
    indexBytes: content.readUInt32LE(12),
    indexRawBytes: content.readUInt32LE(16),
  };
  if (footer.indexOffset + footer.indexBytes + FOOTER_BYTES !== size || footer.indexRawBytes > INDEX_BYTES_MAX) {
    throw corrupt("the footer names an index that does not fit the file", { size, ...footer });
  }
  return footer;
}
