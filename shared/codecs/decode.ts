/**
 * Decodes a block: from chunks as they arrive (`decodeBlock`), or all at once and synchronously (`decodeWhole`: small blocks,
 * tests, the simulator). Both give the same bytes and refuse the same blocks.
 *
 * Whatever the codec, all of the input must have been used: a block that ends too early, goes on after its end, or is empty
 * where its suffix promises a format, is `corrupt`. What came out before that was seen must not be counted (a block's
 * records count only after its last byte was decoded).
 */
import { SpotfoldError } from "../errors.ts";
import { codecOf, type Codec } from "./codec.ts";
import { CodecFault } from "./fault.ts";
import { Feed } from "./feed.ts";
import { BlockInput } from "./input.ts";
import { wholeBytesMax } from "./whole.ts";

/**
 * Yields the decoded bytes of the block `key`, in pieces of at most 1 MiB (plain: as they came, at most 256 KiB), none of them
 * touched again. Asks `source` for a chunk only when the one before is used up. Throws `corrupt`; errors of `source` pass through.
 */
export async function* decodeBlock(key: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const codec = codecOf(key);
  const feed = new Feed(source);
  try {
    for await (const piece of codec.decode(feed)) if (piece.length > 0) yield piece;
  } catch (error) {
    throw inContext(error, key, codec, feed.input.offset);
  } finally {
    await feed.close();
  }
}

/** The same for a small block that is at hand whole. Throws `corrupt`, or `limit` when a gzip member or zstd frame is larger than `rawBytesMax`. */
export function* decodeWhole(
  key: string,
  bytes: Uint8Array,
  rawBytesMax: number = wholeBytesMax,
): Generator<Uint8Array, void, undefined> {
  const codec = codecOf(key);
  const input = new BlockInput();
  input.give(bytes);
  input.close();
  try {
    for (const piece of codec.decodeWhole(input, rawBytesMax)) if (piece !== null && piece.length > 0) yield piece;
  } catch (error) {
    throw inContext(error, key, codec, input.offset);
  }
}

function inContext(error: unknown, key: string, codec: Codec, at: number): unknown {
  if (error instanceof CodecFault) {
    const where = error.at ?? at;
    return new SpotfoldError("corrupt", `the ${codec.name} block ${error.message} (at byte ${where})`, {
      context: { key, at: where },
      hint: "Compare it with its source; a copy that was cut or changed must be replaced.",
    });
  }
  if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
    return new SpotfoldError("limit", `the ${codec.name} block is too large to be decoded at once`, {
      context: { key },
      cause: error,
    });
  }
  return error;
}
