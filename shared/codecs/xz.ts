/**
 * `.xz`: streams one after the other, with zero padding between and behind them. A stream is liblzma's: it verifies the checksums
 * of headers, index and blocks, and the index against the blocks. Padding, and what may follow, is told apart here, so that a
 * message says which of the two is wrong.
 *
 *     file = stream (padding | stream)*
 */
import { type Beginning, checkBeginning, CodecFault, truncated } from "./fault.ts";
import type { BlockInput, Decoding } from "./input.ts";
import { decodePart } from "./lzma-part.ts";

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]);
const beginning: Beginning = { file: "xz", part: "stream", magics: [MAGIC] };
const PADDING_UNIT_BYTES = 4;

export function* decodeXz(input: BlockInput): Decoding {
  do {
    const at = input.offset;
    const magic = yield* input.upTo(MAGIC.length);
    checkBeginning(magic, at, beginning);
    if (magic.length < MAGIC.length) throw truncated("a stream header");
    yield* decodePart(magic, input);
  } while (yield* anotherStream(input));
}

/** Skips padding. True when something follows. */
function* anotherStream(input: BlockInput): Decoding<boolean> {
  for (let padding = 0; ; padding++) {
    const byte = yield* input.byte();
    if (byte === 0) continue;
    if (padding % PADDING_UNIT_BYTES !== 0)
      throw new CodecFault(`has padding that is not a multiple of ${PADDING_UNIT_BYTES} bytes`);
    if (byte === undefined) return false;
    input.unread(1);
    return true;
  }
}
