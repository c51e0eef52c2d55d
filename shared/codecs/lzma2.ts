/**
 * LZMA2, what `.xz` blocks hold: chunks of at most 64 KiB compressed and 2 MiB decoded, each with its sizes in front, ended by
 * a zero byte. A control byte says whether a chunk is stored or compressed, and what is forgotten before it:
 *
 *     0x00 end | 0x01 stored, new dictionary | 0x02 stored
 *     0x80 compressed | 0xa0 + new state | 0xc0 + new properties | 0xe0 + new dictionary   (low 5 bits: size)
 *
 * The first chunk must bring a new dictionary, the first compressed one after that new properties.
 */
import { CodecFault } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { LzmaCore, symbolBytesMax } from "./lzma-core.ts";
import { rangeStartBytes } from "./range-decoder.ts";

const COMPRESSED_BYTES_MAX = 64 * 1024;

/** Decodes until the end byte. `core` has room for the dictionary that the block's header declares. */
export function* decodeLzma2(input: BlockInput, core: LzmaCore): Decoding {
  const chunk = new Uint8Array(COMPRESSED_BYTES_MAX + symbolBytesMax);
  let needsDictionary = true;
  let needsProperties = true;
  for (;;) {
    const control = (yield* input.take(1, "a block"))[0] ?? 0;
    if (control === 0) break;
    if (control === 1 || control >= 0xe0) {
      if (core.waiting > 0) yield core.take();
      core.resetDictionary();
      needsDictionary = false;
      needsProperties = true;
    } else if (needsDictionary) {
      throw new CodecFault("begins without a new dictionary");
    }
    if (control < 0x80) {
      if (control > 2) throw new CodecFault(`has no such control byte: ${control}`);
      yield* storedChunk(input, core);
      continue;
    }
    const sizes = yield* input.take(4, "a block");
    let decodedBytes = ((control & 0x1f) << 16) + sizes.readUInt16BE(0) + 1;
    const compressedBytes = sizes.readUInt16BE(2) + 1;
    if (control >= 0xc0) {
      const properties = (yield* input.take(1, "a block"))[0] ?? 0;
      if (!core.setLzma2Properties(properties)) throw new CodecFault(`has no such properties byte: ${properties}`);
      needsProperties = false;
    } else if (needsProperties) {
      throw new CodecFault("begins without properties");
    } else if (control >= 0xa0) {
      core.resetState();
    }

    for (let filled = 0; filled < compressedBytes;) {
      const part = yield* input.some(compressedBytes - filled);
      if (part === undefined) throw new CodecFault("ends in the middle of a block");
      chunk.set(part, filled);
      filled += part.length;
    }
    chunk.fill(0, compressedBytes, compressedBytes + symbolBytesMax);
    if (compressedBytes < rangeStartBytes || !core.coder.start(chunk, 0))
      throw new CodecFault("does not begin with a zero byte");
    while (decodedBytes > 0) {
      const room = Math.min(core.room, decodedBytes);
      const got = core.decode(compressedBytes + 1, room);
      decodedBytes -= got;
      if (got < room) throw new CodecFault("has a chunk that is shorter than it says");
      if (core.room === 0) yield core.take();
    }
    if (core.pending > 0 || core.ended || !core.coder.finish() || core.coder.at !== compressedBytes) {
      throw new CodecFault("has a chunk that does not end where it should");
    }
  }
  if (core.waiting > 0) yield core.take();
}

function* storedChunk(input: BlockInput, core: LzmaCore): Decoding {
  const size = yield* input.take(2, "a block");
  for (let left = size.readUInt16BE(0) + 1; left > 0;) {
    const part = yield* input.some(Math.min(left, core.room));
    if (part === undefined) throw new CodecFault("ends in the middle of a block");
    core.store(part);
    left -= part.length;
    if (core.room === 0) yield core.take();
  }
}
