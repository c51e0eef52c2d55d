/**
 * Holds the first decoded bytes of a block back: damage that shows before they are let go costs nothing, since the executor
 * never hears of the block. Damage that shows later costs what the executor did since its last checkpoint, and a new start of
 * both children.
 */
import { setImmediate as turn } from "node:timers/promises";

/**
 * Of one block. gzip and zstd tell damage by a checksum at the end, so up to this size a damaged block of theirs is cheap.
 * More would cost memory, and time at the beginning of a job, when the executor has nothing else to do.
 */
export const heldBytesMax = 1024 * 1024;

/**
 * The same pieces. None comes before `bytesMax` bytes or the source's end were reached; what the source throws before that is
 * thrown, and what is held is forgotten. Pieces must not be touched again by the source.
 */
export async function* heldBack(
  source: AsyncIterable<Uint8Array>,
  bytesMax: number = heldBytesMax,
): AsyncGenerator<Uint8Array> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of source) {
    held.push(piece);
    bytes += piece.length;
    if (bytes >= bytesMax) yield* held.splice(0);
    // Decoding goes from piece to piece without waiting; what is ready to be written is written in a turn of the event loop.
    await turn();
  }
  yield* held;
}
