/** Bodies of blobs that are held in memory: given out in chunks, and collected from chunks. */
import { SpotfoldError } from "../errors.ts";
import type { Blob } from "../ports/blob-store.ts";

/** What a read of a file or a socket gives at once, so that consumers meet chunk borders here too. Bytes. */
const chunkBytesMax = 64 * 1024;

/** The body of a `Blob` and its `cancel`. Chunks are copies: the consumer may keep or overwrite them. */
export function memoryBody(bytes: Uint8Array, signal: AbortSignal | undefined): Pick<Blob, "body" | "cancel"> {
  let cancelled = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let offset = 0; offset < bytes.length; offset += chunkBytesMax) {
      signal?.throwIfAborted();
      // An end that looks like any other would be taken for the whole body.
      if (cancelled) throw new SpotfoldError("internal", "A body was read after it was cancelled.");
      yield bytes.slice(offset, offset + chunkBytesMax);
    }
  }
  return {
    body: chunks(),
    cancel: () => {
      cancelled = true;
    },
  };
}

/** All chunks of a body, as one. */
export async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  // Copied at once: a producer may reuse its buffer for the next chunk.
  for await (const chunk of body) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}
