/**
 * `.lzma` ("LZMA alone"): 13 bytes of header (properties, dictionary size, size of the data or all ones), then one stream that
 * ends with a marker, or at that size, or both. There is no checksum: damage may decode to other bytes. What can be checked is,
 * so most damage shows: the range decoder must end on zero, at the last byte of the input.
 */
import { CodecFault, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { dictionaryBytesMax, LzmaCore, symbolBytesMax } from "./lzma-core.ts";

const HEADER_BYTES = 13;
const RANGE_START_BYTES = 5;
const UNKNOWN_SIZE = 0xffff_ffff_ffff_ffffn;

/** Input is copied here in steps, so that a symbol cut by the end of a chunk needs no code of its own. */
const STAGE_BYTES = 64 * 1024;

export function* decodeLzma(input: BlockInput): Decoding {
  const header = yield* input.take(HEADER_BYTES, "the header");
  const declared = header.readBigUInt64LE(5);
  const size = declared === UNKNOWN_SIZE ? Infinity : Number(declared);
  const dictionaryBytes = Math.min(header.readUInt32LE(1), size);
  if (dictionaryBytes > dictionaryBytesMax) {
    throw new CodecFault(
      `declares a dictionary of ${dictionaryBytes} bytes, more than ${dictionaryBytesMax} are not read`,
    );
  }
  const core = new LzmaCore(dictionaryBytes);
  if (!core.setProperties(header[0] ?? 0)) throw new CodecFault(`has no such properties byte: ${header[0]}`);
  if (!core.startRange(yield* input.take(RANGE_START_BYTES, "the header"), 0)) {
    throw new CodecFault("does not begin with a zero byte");
  }
  const stage = new Stage(input);
  core.inputPosition = 0;

  let remaining = size;
  while (remaining > 0 && !core.ended) {
    const more = yield* stage.refill(core);
    const room = Math.min(core.room, remaining);
    const got = core.decode(stage.bytes, more ? stage.end - symbolBytesMax + 1 : stage.end + 1, room);
    remaining -= got;
    if (core.inputPosition > stage.end) throw truncated("the data");
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
  yield* stage.refill(core);
  if (!core.finishRange(stage.bytes)) {
    const got = core.ended ? 1 : core.decode(stage.bytes, stage.end + 1, 1);
    if (core.inputPosition > stage.end) throw truncated("the data");
    if (got > 0) throw new CodecFault("goes on beyond the size in its header, or is damaged");
    if (!core.finishRange(stage.bytes)) throw new CodecFault("does not end as an encoder ends it");
  }
  if (core.inputPosition > stage.end) throw truncated("the data");
  if (core.inputPosition < stage.end || !(yield* input.atEnd())) throw new CodecFault("goes on after its end");
}

/** A window on the input that always holds a whole symbol, until the input ends. Bytes behind `end` are zero. */
class Stage {
  readonly bytes = new Uint8Array(STAGE_BYTES + symbolBytesMax);
  end = 0;
  readonly #input: BlockInput;

  constructor(input: BlockInput) {
    this.#input = input;
  }

  /** Moves what `core` has not read to the front and adds input until a whole symbol is there. False: the input ended before. */
  *refill(core: LzmaCore): Decoding<boolean> {
    if (this.end - core.inputPosition >= symbolBytesMax) return true;
    this.bytes.copyWithin(0, core.inputPosition, this.end);
    this.end -= core.inputPosition;
    core.inputPosition = 0;
    while (this.end < symbolBytesMax) {
      const part = yield* this.#input.some(STAGE_BYTES - this.end);
      if (part === undefined) {
        this.bytes.fill(0, this.end, this.end + symbolBytesMax);
        return false;
      }
      this.bytes.set(part, this.end);
      this.end += part.length;
    }
    return true;
  }
}
