/**
 * `.zst` (RFC 8878): frames one after the other, some of them skippable. `node:zlib` decodes frames, but stops after one
 * without an error, so the frames are found here: a frame is a header and blocks, each with its size in front.
 *
 *     frame = magic, header(2 to 14), (block header(3), block)*, [checksum(4)]      skippable = magic 0x184d2a5?, size(4), bytes
 *
 * A frame that says how much it contains is decoded in one go, into memory of that size: a stream takes twice the time, since
 * each piece is a hop to a thread and back. Small ones even without a thread: files of many small frames are usual (log
 * shippers, Spotfold's own segments). What is larger, or does not say (`zstd` does not where it reads a pipe), is streamed.
 */
import { promisify } from "node:util";
import { constants, createZstdDecompress, zstdDecompress, zstdDecompressSync } from "node:zlib";
import type { ZstdOptions } from "node:zlib";
import { type Beginning, checkBeginning, CodecFault, truncated } from "./fault.ts";
import type { Feed } from "./feed.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { NativeStream, nativePieceBytes, zlibFault } from "./native-stream.ts";
import { wholeBytesMax } from "./whole.ts";

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAGIC_BYTES = 4;
const beginning: Beginning = {
  file: "zstd",
  part: "frame",
  magics: [FRAME_MAGIC, ...Array.from({ length: 16 }, (_, i) => SKIPPABLE_MAGIC + i)].map(littleEndian),
};
const BLOCK_HEAD_BYTES = 3;
const CHECKSUM_BYTES = 4;
const BLOCK_RLE = 1;
const BLOCK_RESERVED = 3;

/** `zstd --ultra -22` needs 128 MiB; frames of a larger window (`--long=28` and up) are refused, by `zstd -d` too. */
const WINDOW_LOG_MAX = 27;

/** Frames that declare at most this much content are decoded in one go, on this thread: 2 ms. */
const SMALL_CONTENT_BYTES = 1024 * 1024;

/** The same on another thread. Up to two of them are in memory: one is handed on while the next is decoded. */
const WHOLE_CONTENT_BYTES = 16 * 1024 * 1024;

/** The content of a frame is handed on in parts of this size, as all that is decoded. */
const PART_BYTES = 256 * 1024;

/** Compressed bytes of a frame are passed on in steps of at least this size and less than twice as much. */
const STEP_BYTES = 256 * 1024;

/** Below, `node:zlib` takes no size of an output buffer. */
const CHUNK_BYTES_MIN = 64;

const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX };

const decompress: (bytes: Uint8Array, options: ZstdOptions) => Promise<Buffer> = promisify(zstdDecompress);

interface Frame {
  readonly header: Buffer;
  readonly contentBytes: number | undefined;
  readonly checksum: boolean;
}

export async function* decodeZstd(feed: Feed): AsyncGenerator<Uint8Array> {
  const { input } = feed;
  do {
    const frame = yield* feed.run(frameHeader(input));
    if (frame === undefined) continue;
    const { contentBytes = Infinity } = frame;
    if (contentBytes <= SMALL_CONTENT_BYTES) {
      yield* feed.run(decodeAtOnce(input, frame, wholeBytesMax));
      continue;
    }
    if (contentBytes <= WHOLE_CONTENT_BYTES) {
      yield* inParts(await decodeAside(yield* feed.run(wholeFrame(input, frame)), contentBytes));
      continue;
    }
    const native = new NativeStream(createZstdDecompress({ chunkSize: nativePieceBytes, params }));
    try {
      // What the frame's reader yields is compressed, and mostly small: a hop to the decoder's thread is worth more than a copy.
      const step = new Uint8Array(2 * STEP_BYTES);
      let filled = 0;
      for await (const part of feed.run(frameBody(input, frame))) {
        step.set(part, filled);
        filled += part.length;
        if (filled < STEP_BYTES) continue;
        yield* native.write(step.subarray(0, filled));
        filled = 0;
      }
      yield* native.write(step.subarray(0, filled));
      yield* native.end();
    } finally {
      native.destroy();
    }
  } while (!(yield* feed.run(input.atEnd())));
}

export function* decodeZstdWhole(input: BlockInput, rawBytesMax: number): Decoding {
  do {
    const frame = yield* frameHeader(input);
    if (frame !== undefined) yield* decodeAtOnce(input, frame, rawBytesMax);
  } while (!(yield* input.atEnd()));
}

function* decodeAtOnce(input: BlockInput, frame: Frame, rawBytesMax: number): Decoding {
  const bytes = yield* wholeFrame(input, frame);
  try {
    yield zstdDecompressSync(bytes, atOnce(frame.contentBytes, rawBytesMax));
  } catch (error) {
    throw zlibFault(error);
  }
}

async function decodeAside(bytes: Buffer, contentBytes: number): Promise<Buffer> {
  try {
    return await decompress(bytes, atOnce(contentBytes, Infinity));
  } catch (error) {
    throw zlibFault(error);
  }
}

function* inParts(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PART_BYTES) yield content.subarray(at, at + PART_BYTES);
}

/**
 * One output buffer has room for all, and for a byte more: without that, another would be made to see whether something
 * follows. A frame that does not say its size gets one as large as what is handed on.
 */
function atOnce(contentBytes: number | undefined, rawBytesMax: number): ZstdOptions {
  const maxOutputLength = Math.min(rawBytesMax, (contentBytes ?? Infinity) + 1);
  const room = Math.min(maxOutputLength, contentBytes === undefined ? PART_BYTES : WHOLE_CONTENT_BYTES + 1);
  return { params, chunkSize: Math.max(CHUNK_BYTES_MIN, room), maxOutputLength };
}

/** A frame's bytes, compressed as they are. */
function* wholeFrame(input: BlockInput, frame: Frame): Decoding<Buffer> {
  const length = bodyLength(input.inHand(), frame);
  const body = length > 0 ? yield* input.some(length) : undefined;
  if (body !== undefined) return Buffer.concat([frame.header, body]);
  let whole: Buffer | undefined;
  let bytes = 0;
  for (const part of frameBody(input, frame)) {
    if (part === null) {
      yield null;
      continue;
    }
    // Parts are views of chunks that may be reused once more input is asked for. There may be millions, of a few bytes each.
    if (whole === undefined) whole = Buffer.from(part);
    else {
      if (bytes + part.length > whole.length) {
        const grown = Buffer.allocUnsafe(Math.max(2 * whole.length, bytes + part.length));
        whole.copy(grown, 0, 0, bytes);
        whole = grown;
      }
      whole.set(part, bytes);
    }
    bytes += part.length;
    if (frame.contentBytes !== undefined && bytes > compressedBytesMax(frame.contentBytes)) {
      throw new CodecFault("has a frame that is larger than its content can need");
    }
  }
  return whole?.subarray(0, bytes) ?? Buffer.alloc(0);
}

/** Of the body that begins these bytes; 0 when they do not hold all of it, or something is wrong with it, which `frameBody` tells. */
function bodyLength(bytes: Uint8Array, { header, contentBytes = Infinity, checksum }: Frame): number {
  let at = 0;
  for (let last = false; !last;) {
    if (at + BLOCK_HEAD_BYTES > bytes.length) return 0;
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const length = blockLength(word);
    if (length < 0) return 0;
    last = (word & 1) === 1;
    at += BLOCK_HEAD_BYTES + length;
  }
  if (checksum) at += CHECKSUM_BYTES;
  return at <= bytes.length && header.length + at <= compressedBytesMax(contentBytes) ? at : 0;
}

/** What a frame of so much content may take: a block for each byte, with its header of three, and some empty ones. */
function compressedBytesMax(contentBytes: number): number {
  return 4 * contentBytes + 64 * 1024;
}

/** Reads a frame's header; undefined when it was a skippable frame, which was skipped. */
function* frameHeader(input: BlockInput): Decoding<Frame | undefined> {
  const at = input.offset;
  const magic = yield* input.upTo(MAGIC_BYTES);
  if (magic.length < MAGIC_BYTES) {
    checkBeginning(magic, at, beginning);
    throw truncated("a frame's header");
  }
  const kind = magic.readUInt32LE(0);
  if ((kind & ~0xf) === SKIPPABLE_MAGIC) {
    const size = yield* input.take(4, "a skippable frame");
    for (let left = size.readUInt32LE(0); left > 0;) {
      const skipped = yield* input.some(left);
      if (skipped === undefined) throw truncated("a skippable frame");
      left -= skipped.length;
    }
    return undefined;
  }
  if (kind !== FRAME_MAGIC) checkBeginning(magic, at, beginning);
  const descriptor = yield* input.take(1, "a frame's header");
  const flags = descriptor[0] ?? 0;
  const singleSegment = (flags & 0x20) !== 0;
  const contentSizeCode = flags >> 6;
  const contentSizeBytes = contentSizeCode === 0 ? (singleSegment ? 1 : 0) : 1 << contentSizeCode;
  const dictionaryBytes = [0, 1, 2, 4][flags & 3] ?? 0;
  const windowBytes = singleSegment ? 0 : 1;
  const rest = yield* input.take(windowBytes + dictionaryBytes + contentSizeBytes, "a frame's header");
  if ((flags & 0x08) !== 0) throw new CodecFault("has a frame of an unknown kind");
  if (dictionaryBytes > 0 && rest.subarray(windowBytes, windowBytes + dictionaryBytes).some((byte) => byte !== 0)) {
    throw new CodecFault("needs a dictionary, which is not read");
  }
  return {
    header: Buffer.concat([magic, descriptor, rest]),
    contentBytes: contentSize(rest.subarray(windowBytes + dictionaryBytes)),
    checksum: (flags & 0x04) !== 0,
  };
}

function littleEndian(magic: number): Buffer {
  const bytes = Buffer.alloc(MAGIC_BYTES);
  bytes.writeUInt32LE(magic);
  return bytes;
}

function contentSize(bytes: Buffer): number | undefined {
  switch (bytes.length) {
    case 0:
      return undefined;
    case 2:
      return bytes.readUInt16LE(0) + 256;
    case 8:
      return Number(bytes.readBigUInt64LE(0));
    default:
      return bytes.readUIntLE(0, bytes.length);
  }
}

/** Yields the bytes of a frame, compressed as they are, from its header to its last. */
function* frameBody(input: BlockInput, frame: Frame): Decoding {
  yield frame.header;
  for (let last = false; !last;) {
    const head = yield* input.take(BLOCK_HEAD_BYTES, "a frame");
    const word = head.readUIntLE(0, BLOCK_HEAD_BYTES);
    const length = blockLength(word);
    if (length < 0) throw new CodecFault("has a block of an unknown kind");
    last = (word & 1) === 1;
    yield head;
    yield* bytesOf(input, length);
  }
  if (frame.checksum) yield* bytesOf(input, CHECKSUM_BYTES);
}

/** Of the block behind this head; -1 when it is of an unknown kind. */
function blockLength(word: number): number {
  const kind = (word >> 1) & 3;
  if (kind === BLOCK_RESERVED) return -1;
  return kind === BLOCK_RLE ? 1 : word >> 3;
}

function* bytesOf(input: BlockInput, count: number): Decoding {
  for (let left = count; left > 0;) {
    const part = yield* input.some(Math.min(left, STEP_BYTES));
    if (part === undefined) throw truncated("a frame");
    left -= part.length;
    yield part;
  }
}
