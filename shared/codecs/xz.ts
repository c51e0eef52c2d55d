/**
 * `.xz`: streams one after the other, with zero padding between and behind them; each is a header, blocks, an index that lists
 * the blocks' sizes, a footer. Everything that can be checked is: CRC32 of the headers and the index, sizes declared and
 * found, the blocks' checks, the index against the blocks. Written from "The .xz File Format", version 1.2.0.
 *
 *     stream = header(12) block* index footer(12)      file = stream (padding | stream)*
 *     block  = header, LZMA2 data, padding to 4, check
 *
 * Memory does not grow with the number of blocks: of their sizes only a digest is kept, to be compared with the index's.
 * Filters other than LZMA2 alone (delta, branch converters) are for executables; no log is written so, they are not read.
 */
import { createHash, type Hash } from "node:crypto";
import { crc32 } from "node:zlib";
import { type Beginning, checkBeginning, CodecFault, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { dictionaryBytesMax, LzmaCore } from "./lzma-core.ts";
import { decodeLzma2 } from "./lzma2.ts";
import { type BlockCheck, xzCheck } from "./xz-check.ts";

const HEADER_MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const beginning: Beginning = { file: "xz", part: "stream", magics: [HEADER_MAGIC] };
const FOOTER_MAGIC = Buffer.from("YZ", "latin1");
const STREAM_HEADER_BYTES = 12;
const FILTER_LZMA2 = 0x21n;

export function* decodeXz(input: BlockInput): Decoding {
  const cores = new Cores();
  do {
    yield* stream(input, cores);
  } while (yield* anotherStream(input));
}

function* stream(input: BlockInput, cores: Cores): Decoding {
  const at = input.offset;
  const header = yield* input.upTo(STREAM_HEADER_BYTES);
  checkBeginning(header, at, beginning);
  if (header.length < STREAM_HEADER_BYTES) throw truncated("a stream header");
  const flags = header.subarray(6, 8);
  if (crc32(flags) !== header.readUInt32LE(8)) throw new CodecFault("has a damaged stream header");
  if (flags[0] !== 0 || (flags[1] ?? 0) > 15) throw new CodecFault("has unknown stream flags");
  const blocks = new BlockSizes();
  for (;;) {
    const first = (yield* input.take(1, "a stream"))[0] ?? 0;
    if (first === 0) break;
    const check = xzCheck(flags[1] ?? 0);
    if (check === undefined) throw new CodecFault(`has a check of unknown kind ${flags[1]}`);
    yield* block(input, first, check, blocks, cores);
  }
  const indexBytes = yield* index(input, blocks);
  const footer = yield* input.take(STREAM_HEADER_BYTES, "a stream footer");
  if (!footer.subarray(10).equals(FOOTER_MAGIC) || crc32(footer.subarray(4, 10)) !== footer.readUInt32LE(0)) {
    throw new CodecFault("has a damaged stream footer");
  }
  if ((footer.readUInt32LE(4) + 1) * 4 !== indexBytes || !footer.subarray(8, 10).equals(flags)) {
    throw new CodecFault("has a stream footer that does not fit its header and index");
  }
}

/** Blocks of one file mostly have dictionaries of one size: the last decoder is used again. */
class Cores {
  #last: { readonly dictionaryBytes: number; readonly core: LzmaCore } | undefined;

  of(dictionaryBytes: number): LzmaCore {
    if (this.#last?.dictionaryBytes !== dictionaryBytes) {
      this.#last = { dictionaryBytes, core: new LzmaCore(dictionaryBytes) };
    }
    return this.#last.core;
  }
}

/** Skips padding. True when another stream follows. */
function* anotherStream(input: BlockInput): Decoding<boolean> {
  for (let padding = 0; ; padding++) {
    const byte = yield* input.byte();
    if (byte === 0) continue;
    if (padding % 4 !== 0) throw new CodecFault("has padding that is not a multiple of 4 bytes");
    if (byte === undefined) return false;
    if (byte !== HEADER_MAGIC[0])
      throw new CodecFault("goes on after its end with something that is no stream", input.offset - 1);
    input.unread(1);
    return true;
  }
}

interface BlockHeader {
  readonly compressedBytes: number | undefined;
  readonly decodedBytes: number | undefined;
  readonly dictionaryBytes: number;
}

function* block(input: BlockInput, first: number, check: BlockCheck, blocks: BlockSizes, cores: Cores): Decoding {
  const headerBytes = (first + 1) * 4;
  const rest = yield* input.take(headerBytes - 1, "a block header");
  const header = Buffer.concat([Buffer.from([first]), rest]);
  const declared = blockHeader(header);
  const begin = input.offset;

  let decodedBytes = 0;
  const data = decodeLzma2(input, cores.of(declared.dictionaryBytes));
  for (const piece of data) {
    if (piece !== null) {
      decodedBytes += piece.length;
      check.add(piece);
    }
    yield piece;
  }
  const compressedBytes = input.offset - begin;
  if ((declared.compressedBytes ?? compressedBytes) !== compressedBytes) {
    throw new CodecFault("has a block of another size than its header says");
  }
  if ((declared.decodedBytes ?? decodedBytes) !== decodedBytes) {
    throw new CodecFault("has a block that decodes to another size than its header says");
  }
  yield* padding(input, compressedBytes);
  const stored = yield* input.take(check.size, "a block");
  if (!check.digest().equals(stored)) throw new CodecFault("has a block whose check fails");
  blocks.add(headerBytes + compressedBytes + check.size, decodedBytes);
}

function blockHeader(header: Buffer): BlockHeader {
  const end = header.length - 4;
  if (crc32(header.subarray(0, end)) !== header.readUInt32LE(end)) throw new CodecFault("has a damaged block header");
  const flags = header[1] ?? 0;
  if ((flags & 0x3c) !== 0) throw new CodecFault("has unknown block flags");
  const numbers = new Numbers(header.subarray(0, end), 2);
  const compressedBytes = (flags & 0x40) === 0 ? undefined : Number(numbers.next());
  const decodedBytes = (flags & 0x80) === 0 ? undefined : Number(numbers.next());
  const filter = numbers.next();
  if ((flags & 3) !== 0 || filter !== FILTER_LZMA2)
    throw new CodecFault("uses filters other than LZMA2, which are not read");
  const size = numbers.next() === 1n ? (header[numbers.at++] ?? 255) : 255;
  if (size > 40) throw new CodecFault("has unknown filter properties");
  const dictionaryBytes = size === 40 ? 2 ** 32 - 1 : (2 | (size & 1)) * 2 ** ((size >> 1) + 11);
  if (dictionaryBytes > dictionaryBytesMax) {
    throw new CodecFault(
      `declares a dictionary of ${dictionaryBytes} bytes, more than ${dictionaryBytesMax} are not read`,
    );
  }
  if (header.subarray(numbers.at, end).some((byte) => byte !== 0))
    throw new CodecFault("has a block header that is too long");
  return { compressedBytes, decodedBytes, dictionaryBytes };
}

/** The index, whose first byte was read. Returns its size. */
function* index(input: BlockInput, blocks: BlockSizes): Decoding<number> {
  const begin = input.offset - 1;
  const reader = new IndexReader(input);
  const listed = new BlockSizes();
  const count = yield* reader.next();
  if (count !== BigInt(blocks.count)) throw new CodecFault("has an index that does not list its blocks");
  for (let n = 0; n < blocks.count; n++) {
    listed.add(Number(yield* reader.next()), Number(yield* reader.next()));
  }
  if (!listed.equals(blocks)) throw new CodecFault("has an index that does not list its blocks");
  const bytes = yield* padding(input, input.offset - begin);
  const crc = crc32(bytes, reader.crc);
  if ((yield* input.take(4, "the index")).readUInt32LE(0) !== crc) throw new CodecFault("has a damaged index");
  return input.offset - begin;
}

/** Zero bytes up to a multiple of 4. */
function* padding(input: BlockInput, written: number): Decoding<Buffer> {
  const bytes = yield* input.take((4 - (written % 4)) % 4, "padding");
  if (bytes.some((byte) => byte !== 0)) throw new CodecFault("has padding that is not zero");
  return bytes;
}

/** The sizes of blocks, in order, as a count and a digest. */
class BlockSizes {
  count = 0;
  readonly #hash: Hash = createHash("sha256");

  add(unpaddedBytes: number, decodedBytes: number): void {
    this.count += 1;
    this.#hash.update(`${unpaddedBytes} ${decodedBytes}\n`);
  }

  equals(other: BlockSizes): boolean {
    return this.#hash.digest().equals(other.#hash.digest());
  }
}

/** Adds one byte to a number of up to 9 bytes, low 7 bits first. Undefined when the number goes on. */
function variableLength(byte: number, position: number, value: bigint): bigint {
  if (position > 8 || (byte === 0 && position > 0))
    throw new CodecFault("has a number that is not written as it must be");
  return value | (BigInt(byte & 0x7f) << BigInt(7 * position));
}

/** Numbers of a block header. */
class Numbers {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): bigint {
    let value = 0n;
    for (let position = 0; ; position++) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) throw new CodecFault("has a block header that is too short");
      value = variableLength(byte, position, value);
      if (byte < 0x80) return value;
    }
  }
}

/** Numbers of the index, and the checksum over all that was read; the index begins with a zero byte. */
class IndexReader {
  crc = crc32(Buffer.from([0]));
  readonly #input: BlockInput;

  constructor(input: BlockInput) {
    this.#input = input;
  }

  *next(): Decoding<bigint> {
    let value = 0n;
    for (let position = 0; ; position++) {
      const byte = yield* this.#input.byte();
      if (byte === undefined) throw truncated("the index");
      this.crc = crc32(Buffer.from([byte]), this.crc);
      value = variableLength(byte, position, value);
      if (byte < 0x80) return value;
    }
  }
}
