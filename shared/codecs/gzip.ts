/**
 * `.gz` (RFC 1952): members one after the other, each a header, deflated data, CRC32 and size. Only the deflating is
 * `node:zlib`'s: its own reader of this format ignores what follows the last member, and what it says of a header it repaired.
 */
import { createInflateRaw, crc32, inflateRawSync, type InflateRaw } from "node:zlib";
import { codeOf } from "../errors.ts";
import { type Beginning, checkBeginning, CodecFault, truncated } from "./fault.ts";
import type { Feed } from "./feed.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { NativeStream, nativePieceBytes, zlibFault } from "./native-stream.ts";

const HEADER_BYTES = 10;
const beginning: Beginning = { file: "gzip", part: "member", magics: [Buffer.from([0x1f, 0x8b])] };
const HEADER_CRC = 0x02;
const EXTRA = 0x04;
const NAME = 0x08;
const COMMENT = 0x10;
const RESERVED = 0xe0;

/** Input is written in steps of this size: what follows a member's end must be small, it is read again. */
const STEP_BYTES = 256 * 1024;

/**
 * Where a member had at most so much content, the next one is first taken for as small, and decoded at once from the input in
 * hand: a stream costs 0.1 ms, as much as decoding 50 KB. For one that is not, this much is decoded twice.
 */
const SMALL_CONTENT_BYTES = 128 * 1024;

export async function* decodeGzip(feed: Feed): AsyncGenerator<Uint8Array> {
  const { input } = feed;
  let small = false;
  do {
    yield* feed.run(memberHeader(input));
    const sums = new Sums();
    if (!small || !(yield* feed.run(smallMember(input, sums)))) {
      // Many such streams come one after the other: their buffers would be most of what they cost.
      yield* streamedMember(feed, sums, small ? SMALL_CONTENT_BYTES : nativePieceBytes);
    }
    small = sums.size <= SMALL_CONTENT_BYTES;
    yield* feed.run(memberTrailer(input, sums));
  } while (!(yield* feed.run(input.atEnd())));
}

async function* streamedMember(feed: Feed, sums: Sums, chunkSize: number): AsyncGenerator<Uint8Array> {
  const { input } = feed;
  const native = new NativeStream(createInflateRaw({ chunkSize }));
  try {
    for (let left = 0; left === 0;) {
      const bytes = yield* feed.run(input.some(STEP_BYTES));
      if (bytes === undefined) throw truncated("a member");
      const before = native.consumed;
      for await (const piece of native.write(bytes)) {
        sums.add(piece);
        yield piece;
      }
      left = before + bytes.length - native.consumed;
      input.unread(left);
    }
  } finally {
    native.destroy();
  }
}

/** Reads a member's data where all of it is in hand and small. False: it is not, and nothing was read. */
function* smallMember(input: BlockInput, sums: Sums): Decoding<boolean> {
  const bytes = yield* input.some(STEP_BYTES);
  if (bytes === undefined) throw truncated("a member");
  let content: Inflated;
  try {
    content = inflated(bytes, SMALL_CONTENT_BYTES);
  } catch (error) {
    if (!isLarger(error)) throw zlibFault(error);
    input.unread(bytes.length);
    return false;
  }
  sums.add(content.buffer);
  yield content.buffer;
  input.unread(bytes.length - content.engine.bytesWritten);
  return true;
}

/** It needs more input than there was, or more memory than it was given. */
function isLarger(error: unknown): boolean {
  const code = codeOf(error);
  return code === "Z_BUF_ERROR" || code === "ERR_BUFFER_TOO_LARGE";
}

export function* decodeGzipWhole(input: BlockInput, rawBytesMax: number): Decoding {
  do {
    yield* memberHeader(input);
    const bytes = yield* input.some(Infinity);
    if (bytes === undefined) throw truncated("a member");
    const { buffer, engine } = inflatedOrFault(bytes, rawBytesMax);
    const sums = new Sums();
    sums.add(buffer);
    yield buffer;
    input.unread(bytes.length - engine.bytesWritten);
    yield* memberTrailer(input, sums);
  } while (!(yield* input.atEnd()));
}

interface Inflated {
  readonly buffer: Buffer;
  /** Tells how much of the input it used. */
  readonly engine: InflateRaw;
}

/** Throws what `node:zlib` throws. */
function inflated(bytes: Uint8Array, rawBytesMax: number): Inflated {
  // With `info`, which the type declarations do not know: the output, and the decoder that made it.
  const result: unknown = inflateRawSync(bytes, { info: true, maxOutputLength: rawBytesMax });
  return result as Inflated;
}

function inflatedOrFault(bytes: Uint8Array, rawBytesMax: number): Inflated {
  try {
    return inflated(bytes, rawBytesMax);
  } catch (error) {
    throw zlibFault(error);
  }
}

class Sums {
  crc = 0;
  size = 0;

  add(bytes: Uint8Array): void {
    this.crc = crc32(bytes, this.crc);
    this.size = (this.size + bytes.length) % 2 ** 32;
  }
}

function* memberHeader(input: BlockInput): Decoding {
  const at = input.offset;
  const fixed = yield* input.upTo(HEADER_BYTES);
  checkBeginning(fixed, at, beginning);
  if (fixed.length < HEADER_BYTES) throw truncated("a member's header");
  const flags = fixed[3] ?? 0;
  if (fixed[2] !== 8 || (flags & RESERVED) !== 0) throw new CodecFault("has a member of an unknown kind");
  let crc = crc32(fixed);
  if ((flags & EXTRA) !== 0) {
    const size = yield* input.take(2, "a member's header");
    const extra = yield* input.take(size.readUInt16LE(0), "a member's header");
    crc = crc32(extra, crc32(size, crc));
  }
  for (const text of [NAME, COMMENT]) {
    if ((flags & text) === 0) continue;
    for (let byte: number | undefined = 1; byte !== 0;) {
      byte = yield* input.byte();
      if (byte === undefined) throw truncated("a member's header");
      crc = crc32(Buffer.from([byte]), crc);
    }
  }
  if ((flags & HEADER_CRC) !== 0) {
    const stored = (yield* input.take(2, "a member's header")).readUInt16LE(0);
    if (stored !== (crc & 0xffff)) throw new CodecFault("has a damaged member header");
  }
}

function* memberTrailer(input: BlockInput, sums: Sums): Decoding {
  const trailer = yield* input.take(8, "a member");
  if (trailer.readUInt32LE(0) !== sums.crc) throw new CodecFault("has a member whose CRC32 fails");
  if (trailer.readUInt32LE(4) !== sums.size) throw new CodecFault("has a member of another size than it says");
}
