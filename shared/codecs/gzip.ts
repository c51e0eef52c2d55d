/**
 * `.gz` (RFC 1952): members one after the other, each a header, deflated data, CRC32 and size. Only the deflating is
 * `node:zlib`'s: its own reader of this format ignores what follows the last member, and what it says of a header it repaired.
 */
import { createInflateRaw, crc32, inflateRawSync, type InflateRaw } from "node:zlib";
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
const STEP_BYTES = 64 * 1024;

export async function* decodeGzip(feed: Feed): AsyncGenerator<Uint8Array> {
  const { input } = feed;
  do {
    yield* feed.run(memberHeader(input));
    const sums = new Sums();
    const native = new NativeStream(createInflateRaw({ chunkSize: nativePieceBytes }));
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
    yield* feed.run(memberTrailer(input, sums));
  } while (!(yield* feed.run(input.atEnd())));
}

export function* decodeGzipWhole(input: BlockInput, rawBytesMax: number): Decoding {
  do {
    yield* memberHeader(input);
    const bytes = yield* input.some(Infinity);
    if (bytes === undefined) throw truncated("a member");
    const { buffer, engine } = inflated(bytes, rawBytesMax);
    const sums = new Sums();
    sums.add(buffer);
    yield buffer;
    input.unread(bytes.length - engine.bytesWritten);
    yield* memberTrailer(input, sums);
  } while (!(yield* input.atEnd()));
}

function inflated(bytes: Uint8Array, rawBytesMax: number): { buffer: Buffer; engine: InflateRaw } {
  try {
    // With `info`, which the type declarations do not know: the output, and the decoder that made it.
    const result: unknown = inflateRawSync(bytes, { info: true, maxOutputLength: rawBytesMax });
    return result as { buffer: Buffer; engine: InflateRaw };
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
