/** A file of this machine as the body of a blob, as executors leave them. */
import { createReadStream, writeFileSync } from "node:fs";
import type { FinishedFile } from "../../shared/ports/blob-store.ts";

/** Writes the bytes to the path, anew. */
export function finishedFile(path: string, bytes: Uint8Array): FinishedFile {
  writeFileSync(path, bytes);
  return finishedAt(path);
}

/** What is there. */
export function finishedAt(path: string): FinishedFile {
  return { finishedFile: path, [Symbol.asyncIterator]: () => createReadStream(path)[Symbol.asyncIterator]() };
}
