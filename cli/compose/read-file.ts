/** Files that children made, as bodies of blobs. A stream for each of thousands of small ones costs more than they do. */
import { createReadStream, readFileSync, statSync } from "node:fs";
import type { FinishedFile } from "../../shared/ports/blob-store.ts";

/** Read at once up to this; larger files are streamed. */
const wholeBytesMax = 256 * 1024;

/** The child has ended, so nobody writes to it any more. */
export function readLocalFile(path: string): FinishedFile {
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    if (statSync(path).size <= wholeBytesMax) yield readFileSync(path);
    else yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  }
  return { finishedFile: path, [Symbol.asyncIterator]: chunks };
}
