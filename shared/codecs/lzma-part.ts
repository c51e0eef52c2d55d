/** Reads one `.lzma` file or one stream of an `.xz` file with liblzma, and says what is wrong in the words of all codecs. */
import { CodecFault, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { lzmaInputBytesMax, lzmaResult, LzmaStream } from "./liblzma.ts";

/** Of `xz -9`, the largest that anybody writes without asking for it. A header must not make us allocate more. */
export const dictionaryBytesMax = 64 * 1024 * 1024;

/** liblzma counts what it needs itself to the dictionary. The next larger dictionary that a header can name has 96 MiB. */
const memoryBytesMax = dictionaryBytesMax + 1024 * 1024;

/** Decodes the part that begins with `first`, which was read before, up to its end; what follows is left in `input`. */
export function* decodePart(first: Uint8Array, input: BlockInput): Decoding {
  const stream = new LzmaStream(memoryBytesMax);
  try {
    stream.give(first);
    for (let all = false; ;) {
      const result = stream.code(all);
      if (stream.isFull || result === lzmaResult.end) yield stream.take();
      if (result === lzmaResult.end) break;
      if (result !== lzmaResult.ok && result !== lzmaResult.stuck) throw fault(result, input.offset - stream.left);
      if (result === lzmaResult.stuck && all) throw truncated("the data");
      if (stream.left > 0 || all) continue;
      const bytes = yield* input.some(lzmaInputBytesMax);
      if (bytes === undefined) all = true;
      else stream.give(bytes);
    }
    input.unread(stream.left);
  } finally {
    stream.close();
  }
}

function fault(result: number, at: number): Error {
  switch (result) {
    case lzmaResult.noMemory:
      return new Error("liblzma has no memory left");
    case lzmaResult.memoryLimit:
      return new CodecFault(`declares a dictionary of more than ${dictionaryBytesMax} bytes, which is not read`, at);
    case lzmaResult.unsupportedCheck:
      return new CodecFault("has a check of unknown kind", at);
    case lzmaResult.options:
      return new CodecFault("uses filters or options that are not read, or its header is damaged", at);
    default:
      return new CodecFault("is damaged", at);
  }
}
