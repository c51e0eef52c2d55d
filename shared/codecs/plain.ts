/** Blocks that are not compressed: bytes pass as they are. There is nothing to check; an empty block is one of no records. */
import type { BlockInput, Decoding } from "./input.ts";
import { pieceBytesMax } from "./piece.ts";

export function* decodePlain(input: BlockInput): Decoding {
  for (;;) {
    const bytes = yield* input.some(pieceBytesMax);
    if (bytes === undefined) return;
    yield bytes;
  }
}
