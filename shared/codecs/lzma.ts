/**
 * `.lzma` ("LZMA alone"): 13 bytes of header (properties, dictionary size, size of the data or all ones), then one stream that
 * ends with a marker, or at that size, or both. There is no checksum: damage may decode to other bytes. What can be checked is,
 * so most damage shows: the range decoder must end on zero, at the last byte of the input.
 */
import { CodecFault, emptyFile, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { dictionaryBytesMax, LzmaCore, symbolBytesMax } from "./lzma-core.ts";
import { type RangeDecoder, rangeStartBytes } from "./range-decoder.ts";

const HEADER_BYTES = 13;
/** (4 * 5 + 4) * 9 + 8 is the greatest. */
const PROPERTIES_END = 225;
const UNKNOWN_SIZE = 0xffff_ffff_ffff_ffffn;

/** Input is copied here in steps, so that a symbol cut by the end of a chunk needs no code of its own. */
const STAGE_BYTES = 64 * 1024;

/** What a decoding works in. Fresh megabytes for each of many small blocks cost more than decoding them. */
interface Kept {
  readonly core: LzmaCore;
  readonly bytes: Uint8Array;
}

/** Of the decoding that ended last, for the next one: most blocks are written with one dictionary. */
let lastKept: Kept | null = null;

function takeKept(dictionaryBytes: number): Kept {
  const kept = lastKept;
  lastKept = null;
  if (kept?.core.dictionaryBytes !== Math.max(dictionaryBytes, 1)) {
    return { core: new LzmaCore(dictionaryBytes), bytes: new Uint8Array(STAGE_BYTES + symbolBytesMax) };
  }
  kept.core.restart();
  return kept;
}

export function* decodeLzma(input: BlockInput): Decoding {
  const header = yield* input.upTo(HEADER_BYTES);
  if (header.length === 0) throw emptyFile();
  const isUsual = isUsualHeader(header);
  if (header.length < HEADER_BYTES) throw isUsual ? truncated("the header") : noLzma();
  const declared = header.readBigUInt64LE(5);
  const size = declared === UNKNOWN_SIZE ? Infinity : Number(declared);
  const dictionaryBytes = Math.min(header.readUInt32LE(1), size);
  if (dictionaryBytes > dictionaryBytesMax) {
    throw new CodecFault(
      `${isUsual ? "" : "is no lzma file, or "}declares a dictionary of ${dictionaryBytes} bytes, more than ${dictionaryBytesMax} are not read`,
    );
  }
  const kept = takeKept(dictionaryBytes);
  try {
    yield* decodeData(input, header, size, kept);
  } finally {
    lastKept = kept;
  }
}

function* decodeData(input: BlockInput, header: Buffer, size: number, { core, bytes }: Kept): Decoding {
  if (!core.setProperties(header[0] ?? 0)) throw noLzma();
  const { coder } = core;
  if (!coder.start(yield* input.take(rangeStartBytes, "the header"), 0)) throw noLzma();
  const stage = new Stage(input, coder, bytes);

  let remaining = size;
  while (remaining > 0 && !core.ended) {
    const more = yield* stage.refill();
    const room = Math.min(core.room, remaining);
    const got = core.decode(more ? stage.end - symbolBytesMax + 1 : stage.end + 1, room);
    remaining -= got;
    if (coder.at > stage.end) throw truncated("the data");
    // Pieces are handed on when they are full; what is left at the end of the data follows below.
    if (got === room && remaining > 0) yield core.take();
    else if (!more && got === 0 && !core.ended) throw truncated("the data");
  }
  if (core.ended && remaining > 0 && size !== Infinity) {
    throw new CodecFault(`ends ${remaining} bytes before the size in its header`);
  }
  if (core.pending > 0) throw new CodecFault("goes on beyond the size in its header");
  yield core.take();

  // The end: nothing left in the range decoder, or (size known) an end marker still to come.
  yield* stage.refill();
  if (!coder.finish()) {
    const got = core.ended ? 1 : core.decode(stage.end + 1, 1);
    if (coder.at > stage.end) throw truncated("the data");
    if (got > 0) throw new CodecFault("goes on beyond the size in its header, or is damaged");
    if (!coder.finish()) throw new CodecFault("does not end as an encoder ends it");
  }
  if (coder.at > stage.end) throw truncated("the data");
  if (coder.at < stage.end || !(yield* input.atEnd())) throw new CodecFault("goes on after its end");
}

function noLzma(): CodecFault {
  return new CodecFault("is no lzma file, or its header is damaged", 0);
}

/**
 * The format has no magic number. Encoders write a properties byte below 225 and a dictionary of 2^n or 2^n + 2^(n-1) bytes;
 * other dictionaries are read all the same, so this decides about words alone. The header may have been cut.
 */
function isUsualHeader(header: Buffer): boolean {
  if ((header[0] ?? 0) >= PROPERTIES_END) return false;
  if (header.length < 5) return true;
  const dictionaryBytes = header.readUInt32LE(1);
  const bits = dictionaryBytes.toString(2);
  return /^1[01]?0*$/.test(bits) || dictionaryBytes === 2 ** 32 - 1;
}

/** The coder's input: always holds a whole symbol, until the block ends. Bytes behind `end` are zero then. */
class Stage {
  end = 0;
  readonly #bytes: Uint8Array;
  readonly #input: BlockInput;
  readonly #coder: RangeDecoder;

  constructor(input: BlockInput, coder: RangeDecoder, bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#input = input;
    this.#coder = coder;
    coder.input = this.#bytes;
    coder.at = 0;
  }

  /** Moves what was not read to the front and adds input until a whole symbol is there. False: the input ended before. */
  *refill(): Decoding<boolean> {
    if (this.end - this.#coder.at >= symbolBytesMax) return true;
    this.#bytes.copyWithin(0, this.#coder.at, this.end);
    this.end -= this.#coder.at;
    this.#coder.at = 0;
    while (this.end < symbolBytesMax) {
      const part = yield* this.#input.some(STAGE_BYTES - this.end);
      if (part === undefined) {
        this.#bytes.fill(0, this.end, this.end + symbolBytesMax);
        return false;
      }
      this.#bytes.set(part, this.end);
      this.end += part.length;
    }
    return true;
  }
}
