/** Files that children made, as bodies of blobs. Publishing reads thousands of small ones: a stream for each costs more than they do. */
import { createReadStream, readFileSync, statSync } from "node:fs";

/** Read at once up to this; larger files are streamed. */
const wholeBytesMax = 256 * 1024;

export async function* readLocalFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  if (statSync(path).size <= wholeBytesMax) yield readFileSync(path);
  else yield* createReadStream(path) as AsyncIterable<Uint8Array>;
}
